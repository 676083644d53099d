"""What the machine, or the container on it, leaves this process: processors, memory, open files.

Control groups are read as Linux shows them, version 2 and version 1 alike: the group of this
process and those above it, of which the narrowest counts.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
MEMORY_FILE = Path("/proc/meminfo")

SERVER_BYTES = 210 * 2**20
WORKER_BYTES = 100 * 2**20
"""Of the reference server, measured with portraits: 210, and 40 for each worker; the rest is for
large photos."""

MOST_WORKERS = 256


def processors() -> float:
    """How many processors' worth of time may be used: those of the machine, or a quota of them."""
    return min([len(os.sched_getaffinity(0)), *_quotas()])


def memory() -> int:
    """The bytes that all processes together may use."""
    return min([_machine_memory("MemTotal:"), *(most for _, most in _memory_limits())])


def workers() -> int:
    """How many workers of the reference server have a processor and memory here."""
    room = (memory() - SERVER_BYTES) // WORKER_BYTES
    return max(1, min(int(processors()), room, MOST_WORKERS))


def memory_left() -> int:
    """The bytes that can still be had; files that are only cached count as free."""
    left = (most - _memory_used(group) for group, most in _memory_limits())
    return max(0, min([_machine_memory("MemAvailable:"), *left]))


def open_files() -> int:
    """How many files and connections a process may hold open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else soft


def _quotas() -> Iterator[float]:
    for group in _groups("cpu"):
        quota = _words(group / "cpu.max") or [
            *_words(group / "cpu.cfs_quota_us"),
            *_words(group / "cpu.cfs_period_us"),
        ]
        if len(quota) == 2 and quota[0].isdigit() and int(quota[1]):
            yield int(quota[0]) / int(quota[1])


def _memory_limits() -> Iterator[tuple[Path, int]]:
    for group in _groups("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            for most in _words(group / name):
                if most.isdigit():
                    yield group, int(most)


def _memory_used(group: Path) -> int:
    used = sum(
        int(word)
        for name in ("memory.current", "memory.usage_in_bytes")
        for word in _words(group / name)
    )
    counts = _words(group / "memory.stat")
    cached = {"inactive_file", "total_inactive_file"}  # version 2, version 1
    freed = [int(n) for name, n in zip(counts[::2], counts[1::2], strict=True) if name in cached]
    return used - max(freed, default=0)


def _groups(controller: str) -> Iterator[Path]:
    """The folders of the groups that bound this process, from its own up to the topmost.

    In a container the path may be the host's: then only the topmost is there, and is its own.
    """
    for line in _lines(OWN_GROUPS):
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = CONTROL_GROUPS / controller if controllers else CONTROL_GROUPS
        own = top / path.lstrip("/")
        yield from (own, *(folder for folder in own.parents if folder.is_relative_to(top)))


def _machine_memory(name: str) -> int:
    lines = (line.split() for line in _lines(MEMORY_FILE))
    return next(int(line[1]) * 1024 for line in lines if line[0] == name)


def _words(file: Path) -> list[str]:
    return [word for line in _lines(file) for word in line.split()]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
