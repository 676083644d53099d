from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Ended:
    """A load test that ended: its exit status, output, and JSON report where it wrote one."""

    status: int
    output: str
    report: dict[str, Any]


class Started:
    """A load test, or a part of one, that goes on in a process of its own."""

    def __init__(self, command: list[str], report: Path) -> None:
        self._report = report
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT
        )

    def wait_for(self, text: str) -> None:
        """Read its output until a line holds a text."""
        assert self.process.stdout is not None
        while text not in self.process.stdout.readline():
            assert self.process.poll() is None

    def end(self, seconds: float = 120) -> Ended:
        """Wait for the end."""
        output, _ = self.process.communicate(timeout=seconds)
        report = json.loads(self._report.read_text()) if self._report.exists() else {}
        return Ended(self.process.returncode, output, report)


@pytest.fixture
def serve() -> Iterator[Callable[[str], str]]:
    """Starts a server of servers.py in a process of its own; the URL."""
    processes: list[subprocess.Popen[str]] = []

    def start(name: str) -> str:
        command = [sys.executable, str(HERE / "servers.py"), name]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        processes.append(process)
        assert process.stdout is not None
        return f"http://127.0.0.1:{int(process.stdout.readline())}"

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def start_command(tmp_path: Path) -> Iterator[Callable[[list[str]], Started]]:
    """Starts a program; ended with the test at the latest."""
    begun: list[Started] = []

    def run(command: list[str]) -> Started:
        begun.append(Started(command, tmp_path / "report.json"))
        return begun[-1]

    yield run
    for each in begun:
        each.process.kill()
        each.process.communicate()


@pytest.fixture
def start(start_command: Callable[[list[str]], Started]) -> Callable[..., Started]:
    """Starts ``python -m MODULE`` with options."""

    def run(module: str, *options: str) -> Started:
        return start_command([sys.executable, "-m", module, *options])

    return run


@pytest.fixture
def load(start: Callable[..., Started], tmp_path: Path) -> Callable[..., Ended]:
    """Runs ``verikit load`` with options and hands back what it came to."""

    def run(*options: str) -> Ended:
        return start("verikit", "load", *options, "--json", str(tmp_path / "report.json")).end()

    return run
