"""The reference server in processes of its own, for tests that talk to it over HTTP."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import psutil
import requests

from tests.support.forks import Forks
from tests.support.waiting import eventually
from verikit.contract import load_contract

CONTRACT = load_contract()
FAKE_SERVER = Path(__file__).with_name("fake_server.py")
READY = re.compile(r"^(?:Ready: POST )?(http://[\d.]+:(\d+))")


class Process(Protocol):
    """What is asked of a server's process here."""

    @property
    def pid(self) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class Live:
    """A server of ours on a free port."""

    def __init__(self, log: Path, process: Process, ready: str) -> None:
        """``ready``: what it says when it is, with its URL; else, nothing."""
        self.log, self.process = log, process
        found = READY.search(ready)
        if not found:
            self.stop()
            raise AssertionError(f"the server did not start: {self.log.read_text()}")
        self.url, self.port = found[1], int(found[2])

    @classmethod
    def started(cls, folder: Path, command: list[str], **how: Any) -> Live:
        """As users start it; the last line that it writes names its URL."""
        log = folder / "log"
        with log.open("ab") as file:  # only added to, so a test may read it meanwhile
            how = {"stdout": subprocess.PIPE, "stderr": file, "text": True} | how
            process = subprocess.Popen([sys.executable, *command], **how)  # noqa: S603 - our own
        assert process.stdout is not None
        with process.stdout as lines:
            return cls(log, process, next(filter(READY.search, lines), ""))

    @classmethod
    def forked(cls, forks: Forks, folder: Path, arguments: list[str]) -> Live:
        """The fake server, as a fork of a process that has imported it."""
        address, log = folder / "address", folder / "log"
        address.write_text("")
        program = forks.start("tests.support.fake_server", [*arguments, str(address)], log)
        eventually(lambda: "\n" in address.read_text() or not program.running, 120)
        return cls(log, program, address.read_text())

    def post(self, content: bytes) -> requests.Response:
        """The answer to a form."""
        kind = {"Content-Type": CONTRACT.media_types[0]}
        return requests.post(self.url + CONTRACT.path, content, headers=kind, timeout=120)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=120)

    def figure(self, name: str) -> float:
        """A figure of the page of metrics, over all its labels that begin like this."""
        lines = [line for line in self.get("/metrics").text.splitlines() if line.startswith(name)]
        return sum(float(line.split()[-1]) for line in lines)

    def arrived(self) -> float:
        """How many comparisons have been asked for: answered, or still held."""
        return self.figure("verikit_requests_total") + self.figure("verikit_requests_held")

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def fake(workers: int = 1, threads: int = 8, **limits: float | None) -> list[str]:
    """The arguments of the server with an engine that answers at once."""
    return [json.dumps(value) for value in (workers, threads, limits)]


def real(*options: str) -> list[str]:
    """The command for the server as users start it."""
    return ["-m", "verikit", "serve", "--port", "0", *options]
