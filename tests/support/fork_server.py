"""Starts Python programs without the seconds that their imports take: it has imported, and forks.

    fork_server.py MODULE...

imports these modules. Each line of stdin is a JSON list: a module to run, its arguments, a file for
the output, and the environment. Lines of stdout are the process ids, and later each id with its
exit status, the most memory that it had in kB, and how long it ran in seconds.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import time
import traceback
from contextlib import suppress
from select import select

_fork, _select = os.fork, select  # before gevent puts its own into their place


def run(module: str, arguments: list[str], output: str, environment: dict[str, str]) -> int:
    """Be ``python -m module``; the exit status."""
    if "gevent" in sys.modules:
        sys.modules["gevent"].reinit()
    os.environ.clear()
    os.environ.update(environment)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def start(line: str) -> int:
    """The process id of a program that this line asks for."""
    if process := _fork():
        return process
    status = 70
    try:
        status = run(*json.loads(line))
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(status)


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
    started: dict[int, float] = {}
    while True:
        if _select([0], [], [], 0.02)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            begun = time.monotonic()
            process = start(line)
            started[process] = begun
            print(process, flush=True)
        reap(started)


if __name__ == "__main__":
    main()
