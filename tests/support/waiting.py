"""Waiting for what another process does in its own time."""

import time
from collections.abc import Callable


def eventually(true: Callable[[], bool], seconds: float = 120) -> bool:
    """Whether it becomes true before the time is over."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
