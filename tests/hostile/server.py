"""The real reference server, started for one run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

STOP_SECONDS = 60.0
READY = re.compile(r"(?:Ready: \w+ )?http://\S+?:(\d+)")
WORKERS = 2
SERVE = ("-m", "verikit", "serve", "--port", "0", "--workers", str(WORKERS))
ORDINARY_LEVELS = ("debug", "info")


class CannotStart(Exception):  # noqa: N818 - a state, told to the user in one sentence
    """The server did not come up; the message is what it said."""


@dataclass(frozen=True)
class Server:
    """A running server: its master process, its port and its log."""

    process: psutil.Process
    port: int
    log: Path

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return self.process.children()

    def log_complaints(self) -> list[str]:
        """Lines of the log that are none, or that tell of trouble."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if not _ordinary(line)]


def _ordinary(line: str) -> bool:
    try:
        return json.loads(line)["level"] in ORDINARY_LEVELS
    except (ValueError, TypeError, KeyError):
        return False


@contextmanager
def serving(arguments: Sequence[str] = SERVE) -> Iterator[Server]:
    """A server that Python starts with these arguments on a free port, stopped at the end.

    It leads a session of its own, so that Ctrl-C reaches the runner alone.

    Raises:
        CannotStart: it ended before it was ready.
    """
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        try:
            yield Server(psutil.Process(process.pid), _port(process, log), log)
        finally:
            process.terminate()
            process.communicate(timeout=STOP_SECONDS)


def _port(process: subprocess.Popen[str], log: Path) -> int:
    for line in process.stdout or ():
        if ready := READY.match(line):
            return int(ready[1])
    raise CannotStart(f"The server did not start: {log.read_text()[-500:]}")
