"""Starts Python programs without the seconds that their imports take: it has imported, and forks.

    fork_server.py FOLDER MODULE...

goes into the background and imports these modules. Each line written to the FIFO ``FOLDER/asked``
is a JSON list: the FIFO for the answers, a module to run, its arguments, a file for the output, and
the environment. Answers are the process ids, and later each id with its exit status, the most
memory that it had in kB, and how long it ran in seconds.

A line of only three, up to the arguments, is run here as a rehearsal, once for each module and
first argument, so that what a program makes at its first use, such as compiled templates, is there
in every fork. Its answer is 0.

Ends when nobody has ``FOLDER/asked`` open any more.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import json
import os
import runpy
import signal
import sys
import time
import traceback
from contextlib import suppress
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path
from select import POLLIN, poll
from typing import Any

_fork, _poll = os.fork, poll  # before gevent puts its own into their place
TICK = 20
"""Milliseconds."""


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


@cache
def opened(answers: str) -> int:
    """The FIFO of somebody who asks."""
    return os.open(answers, os.O_WRONLY)


def answer(answers: str, *words: object) -> None:
    """Tell somebody, if still there."""
    with suppress(OSError):
        os.write(opened(answers), " ".join(map(str, words)).encode() + b"\n")


class Server:
    """What it was asked for, and what of that is running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._asked = os.open(folder / "asked", os.O_RDONLY | os.O_NONBLOCK)
        self._poll = _poll()
        self._poll.register(self._asked, POLLIN)
        self._started: dict[int, tuple[str, float]] = {}
        self._rehearsed: set[tuple[str, str]] = set()

    def serve(self) -> None:
        """Until nobody can ask any more."""
        buffer = b""
        while True:
            for _, event in self._poll.poll(TICK if self._started else None):
                if event & POLLIN:
                    *lines, buffer = (buffer + os.read(self._asked, 1 << 20)).split(b"\n")
                    for line in lines:
                        self._handle(*json.loads(line))
                elif self._is_over():
                    return self._end()
            self._reap()

    def _handle(self, answers: str, *asked: Any) -> None:
        if len(asked) > 2:
            begun = time.monotonic()
            process = start(list(asked))
            self._started[process] = answers, begun
            answer(answers, process)
            return
        module, arguments = asked
        if (module, arguments[0]) not in self._rehearsed:
            self._rehearsed.add((module, arguments[0]))
            rehearse(module, arguments)
            gc.freeze()  # forks share what nobody touches
        answer(answers, 0)

    def _reap(self) -> None:
        """Tell which programs have ended."""
        with suppress(ChildProcessError):
            while (found := os.wait4(-1, os.WNOHANG))[0]:
                process, status, used = found
                answers, begun = self._started.pop(process)
                seconds = time.monotonic() - begun
                code = os.waitstatus_to_exitcode(status)
                answer(answers, process, code, used.ru_maxrss, seconds)

    def _end(self) -> None:
        """End what is left of a run that was interrupted."""
        for process in self._started:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)

    def _is_over(self) -> bool:
        """Whether nobody came while the last one left; the next one starts another server."""
        with (self._folder / "lock").open("w") as lock:
            flock(lock, LOCK_EX)
            if over := any(not event & POLLIN for _, event in self._poll.poll(0)):
                (self._folder / "asked").unlink()
            return over


def main() -> None:
    """Serve in the background."""
    server = Server(Path(sys.argv[1]))
    if _fork():
        return
    os.setsid()
    for module in sys.argv[2:]:
        importlib.import_module(module)
    inspect.stack()  # fills the caches of what Locust does at each start
    gc.freeze()
    server.serve()


if __name__ == "__main__":
    main()
