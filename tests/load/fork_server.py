"""Runs commands without the seconds that their imports take: it has imported all, and forks.

Each line of stdin is a JSON list: a module, its arguments, a file for the output, and variables of
the environment. Lines of stdout are the process ids, and later each id with its exit status and
the most memory that it had, in kB.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from contextlib import suppress

import gevent
import locust.main  # noqa: F401 - imported for those that are forked
from gevent import monkey

import loadtests.command
import loadtests.report.html  # noqa: F401 - imported for those that are forked

_fork = monkey.get_original("os", "fork")
_select = monkey.get_original("select", "select")


def run(module: str, arguments: list[str], output: str, variables: dict[str, str]) -> int:
    """Be ``python -m module``; the exit status."""
    gevent.reinit()
    os.environ.update(variables)
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


def reap() -> None:
    """Tell which processes have ended."""
    with suppress(ChildProcessError):
        while (found := os.wait4(-1, os.WNOHANG))[0]:
            process, status, used = found
            print(process, os.waitstatus_to_exitcode(status), used.ru_maxrss, flush=True)


def serve() -> None:
    """Until stdin ends."""
    while True:
        if _select([0], [], [], 0.02)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            if not (process := _fork()):
                status = 70
                try:
                    status = run(*json.loads(line))
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(status)
            print(process, flush=True)
        reap()


if __name__ == "__main__":
    serve()
