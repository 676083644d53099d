"""How long processes were kept from the processor by others."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil


def queued_seconds(processes: Iterable[psutil.Process]) -> float:
    """What all threads of the processes have stood in line for a processor until now.

    From the second number of schedstat (Linux, Documentation/scheduler/sched-stats.rst); nothing
    where the kernel does not tell.
    """
    return sum(_queued_ns(thread) for one in processes for thread in _threads(one)) / 1e9


def _threads(process: psutil.Process) -> Iterable[Path]:
    return Path(f"/proc/{process.pid}/task").glob("*/schedstat")


def _queued_ns(thread: Path) -> int:
    with suppress(OSError):  # the thread has ended
        return int(thread.read_text().split()[1])
    return 0
