"""What a process uses, as the kernel tells it: proc(5), /proc/PID/stat."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """CPU seconds of a process, those of its children that have ended, and its resident bytes."""

    cpu_seconds: float
    ended_children_cpu_seconds: float
    resident_bytes: int


def usage_of(pid: int) -> Usage | None:
    """What the process uses; None if it is gone, or on a system without /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name, in brackets, may hold blanks; the state, field 3, is the first one behind it.
    fields = text.rpartition(")")[2].split()
    own, children = (sum(map(int, fields[i : i + 2])) / TICKS_PER_SECOND for i in (11, 13))
    return Usage(
        cpu_seconds=own,
        ended_children_cpu_seconds=children,
        resident_bytes=int(fields[21]) * PAGE_BYTES,
    )
