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
from fcntl import LOCK_EX, LOCK_UN, flock
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
    """A process that has imported these modules, and starts programs.

    Test processes that name the same folder share it; it ends with the last of them.
    """

    def __init__(self, folder: Path, *modules: str) -> None:
        folder.mkdir(exist_ok=True)
        self._asked = joined(folder, modules)
        self._answers = folder / f"answers-{os.getpid()}"
        os.mkfifo(self._answers)
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
        self._ask(module, list(words), str(output), dict(environment))
        return Program(*self._started.get(timeout=300), output)

    def rehearse(self, module: str, words: Iterable[str]) -> None:
        """``python -m module words`` in the process that forks: what it makes once, all have.

        Only the first with this module and first word.
        """
        self._ask(module, list(words))
        self._started.get(timeout=300)

    def close(self) -> None:
        """Start nothing more."""
        os.close(self._asked)
        self._answers.write_bytes(b"\n")
        self._reader.join()

    def _ask(self, *asked: object) -> None:
        line = json.dumps([str(self._answers), *asked]).encode() + b"\n"
        flock(self._asked, LOCK_EX)  # a pipe keeps only short lines together
        while line:
            line = line[os.write(self._asked, line) :]
        flock(self._asked, LOCK_UN)

    def _read(self) -> None:
        running: dict[int, list[str]] = {}  # process ids come again once their process has ended
        with self._answers.open("r+b", buffering=0) as lines:
            while answer := lines.readline().split():
                number, *figures = answer
                if figures:
                    running.pop(int(number)).extend(map(bytes.decode, figures))
                else:
                    running[int(number)] = []
                    self._started.put((int(number), running[int(number)]))


def joined(folder: Path, modules: Iterable[str]) -> int:
    """Where to write what is asked of the process of this folder, started where none is there."""
    asked = folder / "asked"
    with (folder / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not asked.exists():
            os.mkfifo(asked)
            subprocess.run(  # noqa: S603 - our own program
                [sys.executable, str(ROOT / "tests/support/fork_server.py"), folder, *modules],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                check=True,
            )
        return os.open(asked, os.O_WRONLY)


class Program:
    """A program in a process of its own."""

    def __init__(self, pid: int, ended: list[str], output: Path) -> None:
        """``ended`` is filled when it has."""
        self.pid = pid
        self._output, self._ended = output, ended

    @property
    def running(self) -> bool:
        return not self._ended

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text("utf-8", "surrogateescape") if self._output.exists() else ""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended, as of ``subprocess.Popen``."""
        return self.end(timeout or 300).status

    def send_signal(self, number: int, /) -> None:
        """Send it a signal; nothing where it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it, where it still runs."""
        if self.running:
            self.send_signal(signal.SIGKILL)

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
