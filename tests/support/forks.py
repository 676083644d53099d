"""Programs that start at once, each in a process of its own: forks of one that has all imported."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TICK = 0.02


@dataclass(frozen=True)
class Ended:
    """A program that ended: exit status, output, the most memory it had in kB, and seconds."""

    status: int
    output: str
    memory: int
    seconds: float


class Forks:
    """A process that has imported these modules, and starts programs."""

    def __init__(self, *modules: str) -> None:
        self._server = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(ROOT / "tests/support/fork_server.py"), *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        )
        self._started: queue.Queue[tuple[int, list[str]]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def start(
        self,
        module: str,
        words: Iterable[str],
        output: Path,
        environment: Mapping[str, str] = os.environ,
    ) -> Program:
        """``python -m module words``, begun; what it prints is added to a file."""
        assert self._server.stdin is not None
        line = json.dumps([module, list(words), str(output), dict(environment)])
        print(line, file=self._server.stdin, flush=True)
        return Program(*self._started.get(timeout=300), output)

    def rehearse(self, module: str, words: Iterable[str]) -> None:
        """``python -m module words`` in the process that forks: what it makes once, all have."""
        assert self._server.stdin is not None
        print(json.dumps([module, list(words)]), file=self._server.stdin, flush=True)
        self._started.get(timeout=300)

    def close(self) -> None:
        """Start nothing more."""
        self._server.communicate()
        self._reader.join()

    def _read(self) -> None:
        running: dict[int, list[str]] = {}  # process ids come again once their process has ended
        for line in self._server.stdout or ():
            number, *figures = line.split()
            if figures:
                running.pop(int(number)).extend(figures)
            else:
                running[int(number)] = []
                self._started.put((int(number), running[int(number)]))


class Program:
    """A program in a process of its own."""

    def __init__(self, process: int, ended: list[str], output: Path) -> None:
        """``ended`` is filled when it has."""
        self.process = process
        self._output, self._ended = output, ended

    @property
    def running(self) -> bool:
        return not self._ended

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text("utf-8", "surrogateescape") if self._output.exists() else ""

    def signal(self, number: int) -> None:
        """Send it a signal; nothing where it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.process, number)

    def kill(self) -> None:
        """End it, where it still runs."""
        if self.running:
            self.signal(signal.SIGKILL)

    def wait_for(self, text: str) -> None:
        """Wait until it has printed a text."""
        while text not in self.output:
            assert self.running, self.output
            time.sleep(TICK)

    def end(self, seconds: float = 300) -> Ended:
        """Wait for the end."""
        deadline = time.monotonic() + seconds
        while self.running:
            assert time.monotonic() < deadline, f"it still runs after {seconds} s: {self.output}"
            time.sleep(TICK)
        status, memory, lasted = self._ended
        return Ended(int(status), self.output, int(memory), float(lasted))
