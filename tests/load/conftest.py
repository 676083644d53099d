from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TICK = 0.02


@dataclass(frozen=True)
class Ended:
    """A load test that ended: its exit status, output, and JSON report where it wrote one.

    ``memory`` is the most that it had, in kB.
    """

    status: int
    output: str
    report: dict[str, Any]
    memory: int


class Forks:
    """The fork server: commands that start at once, each in a process of its own."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(HERE / "fork_server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._started: queue.Queue[int] = queue.Queue()
        self.statuses: dict[int, int] = {}
        self.memory: dict[int, int] = {}
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def start(
        self, module: str, arguments: tuple[str, ...], output: Path, variables: dict[str, str]
    ) -> int:
        """The process id of ``python -m module arguments``."""
        assert self._server.stdin is not None
        line = json.dumps([module, arguments, str(output), variables])
        print(line, file=self._server.stdin, flush=True)
        return self._started.get(timeout=120)

    def close(self) -> None:
        """Start nothing more."""
        self._server.communicate()
        self._reader.join()

    def _read(self) -> None:
        for line in self._server.stdout or ():
            number, *ended = map(int, line.split())
            if ended:
                self.memory[number], self.statuses[number] = ended[1], ended[0]
            else:
                self._started.put(number)


class Started:
    """A load test, or a part of one, that goes on in a process of its own."""

    def __init__(self, forks: Forks, process: int, output: Path, report: Path) -> None:
        self._forks, self.process = forks, process
        self._output, self._report = output, report

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self._forks.statuses.get(self.process)

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text() if self._output.exists() else ""

    def signal(self, number: int) -> None:
        """Send it a signal; nothing where it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.process, number)

    def wait_for(self, text: str) -> None:
        """Wait until it has printed a text."""
        while text not in self.output:
            assert self.status is None, self.output
            time.sleep(TICK)

    def end(self, seconds: float = 240) -> Ended:
        """Wait for the end."""
        deadline = time.monotonic() + seconds
        while self.status is None:
            assert time.monotonic() < deadline, self.output
            time.sleep(TICK)
        report = json.loads(self._report.read_text()) if self._report.exists() else {}
        return Ended(self.status, self.output, report, self._forks.memory[self.process])


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    found = Forks()
    yield found
    found.close()


@pytest.fixture(scope="session")
def ports() -> Iterator[dict[str, int]]:
    """All servers of servers.py, in one process of their own, by their names."""
    command = [sys.executable, str(HERE / "servers.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


@pytest.fixture
def serve(ports: dict[str, int]) -> Callable[[str], str]:
    """The URL of a server of servers.py."""
    return lambda name: f"http://127.0.0.1:{ports[name]}"


@pytest.fixture
def start(forks: Forks, tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Starts ``python -m MODULE`` with options; ended with the test at the latest."""
    begun: list[Started] = []

    def run(module: str, *options: str, **variables: str) -> Started:
        output = tmp_path / f"output-{len(begun)}"
        process = forks.start(module, options, output, variables)
        begun.append(Started(forks, process, output, tmp_path / "report.json"))
        return begun[-1]

    yield run
    for each in begun:
        if each.status is None:
            each.signal(signal.SIGKILL)


@pytest.fixture
def load(start: Callable[..., Started], tmp_path: Path) -> Callable[..., Ended]:
    """Runs ``verikit load`` with options and hands back what it came to."""

    def run(*options: str, **variables: str) -> Ended:
        report = str(tmp_path / "report.json")
        return start("verikit", "load", *options, "--json", report, **variables).end()

    return run
