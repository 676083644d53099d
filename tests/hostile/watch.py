"""Watches the workers of a server: who died, and how much memory they had when."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

import psutil

from tests.hostile.server import Server

EVERY_SECONDS = 0.05
RESET_PEAK = "5"
"""For /proc/PID/clear_refs: the peak begins anew from what the process has now (Linux 4.0)."""

MEGABYTE = 2**20


class Watch:
    """A thread that samples; memory in bytes above each worker's level."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._stop, self._lock = Event(), Lock()
        self._thread = Thread(target=self._run, daemon=True)
        self._level: dict[int, int] = {}
        self._times: list[float] = []
        self._peaks: list[int] = []
        self._workers = server.workers()
        self.deaths: list[tuple[float, int]] = []
        self.set_level()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def set_level(self) -> None:
        """What the workers have now is what they should come back to."""
        with self._lock:
            self._level = {worker.pid: _resident(worker) for worker in self._workers}

    @property
    def level(self) -> int:
        """Of the worker that has most, in bytes."""
        return max(self._level.values(), default=0)

    def above_level(self) -> int:
        """What the worker that grew most has now above its level."""
        return max((self._above(w, _resident(w)) for w in self._workers), default=0)

    def peak(self, start: float, end: float) -> int:
        """The most above the level that any worker had between two times of the clock."""
        with self._lock:
            first, last = bisect_left(self._times, start), bisect_left(self._times, end)
            return max(self._peaks[first : last + 1], default=0)

    def sample(self) -> None:
        """Note who is there, and the highest that each had since the last time."""
        with self._lock:
            self._times.append(monotonic())
            dead = [worker for worker in self._workers if not worker.is_running()]
            self.deaths += [(self._times[-1], worker.pid) for worker in dead]
            self._workers = self._server.workers() if dead else self._workers
            peaks = [self._above(worker, _peak(worker)) for worker in self._workers]
            self._peaks.append(max(peaks, default=0))

    def _above(self, worker: psutil.Process, size: int) -> int:
        return size - self._level.setdefault(worker.pid, size)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self.sample()


def _resident(worker: psutil.Process) -> int:
    try:
        return int(worker.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _peak(worker: psutil.Process) -> int:
    """The highest resident size since the last call; that of now where the kernel tells none."""
    folder = Path(f"/proc/{worker.pid}")
    try:
        status = (folder / "status").read_text()
        (folder / "clear_refs").write_text(RESET_PEAK)
    except OSError:
        return _resident(worker)
    _, _, peak = status.partition("VmHWM:")
    return int(peak.split()[0]) * 1024 if peak else 0  # a process that has ended has none
