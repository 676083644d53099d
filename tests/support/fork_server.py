"""Starts Python programs without the seconds that their imports take: it has imported, and forks.

    fork_server.py MODULE...

imports these modules. Each line of stdin is a JSON list: a module to run, its arguments, a file for
the output, and the environment. Lines of stdout are the process ids, and later each id with its
exit status, the most memory that it had in kB, and how long it ran in seconds.

A line of only two, module and arguments, is run here as a rehearsal, so that what a program makes
at its first use, such as compiled templates, is there in every fork. Its answer is 0.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import sys
import time
import traceback
from contextlib import suppress
from select import select
from typing import Any

_fork, _select = os.fork, select  # before gevent puts its own into their place


def run(module: str, arguments: list[str], output: str, environment: dict[str, str]) -> int:
    """Be ``python -m module``; the exit status."""
    if "gevent" in sys.modules:
        sys.modules["gevent"].reinit()
    os.environ.clear()
    os.environ.update(environment)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, source in enumerate((nothing, file, file)):
        os.dup2(source, stream)
    os.close(file)
    os.close(nothing)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def start(asked: list[Any]) -> int:
    """The process id of a program that is asked for."""
    if process := _fork():
        return process
    status = 70
    try:
        status = run(*asked)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(status)


def rehearse(module: str, arguments: list[str]) -> None:
    """Be ``python -m module`` in this process, and then be oneself again."""
    streams = {number: os.dup(number) for number in (0, 1, 2)}
    words, variables = sys.argv, dict(os.environ)
    try:
        run(module, arguments, os.devnull, variables)
    finally:
        sys.argv = words
        os.environ.clear()
        os.environ.update(variables)
        for number, stream in streams.items():
            os.dup2(stream, number)
            os.close(stream)


def reap(started: dict[int, float]) -> None:
    """Tell which processes have ended."""
    with suppress(ChildProcessError):
        while (found := os.wait4(-1, os.WNOHANG))[0]:
            process, status, used = found
            seconds = time.monotonic() - started.pop(process)
            print(process, os.waitstatus_to_exitcode(status), used.ru_maxrss, seconds, flush=True)


def main() -> None:
    """Until stdin ends."""
    for module in sys.argv[1:]:
        importlib.import_module(module)
    gc.freeze()
    started: dict[int, float] = {}
    while True:
        if _select([0], [], [], 0.02)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            begun = time.monotonic()
            if len(asked := json.loads(line)) == 2:
                rehearse(*asked)
                gc.freeze()  # forks share what nobody touches
                process = 0
            else:
                process = start(asked)
                started[process] = begun
            print(process, flush=True)
        reap(started)


if __name__ == "__main__":
    main()
