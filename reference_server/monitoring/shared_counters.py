"""Counters shared by forked processes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from mmap import mmap
from threading import Lock
from typing import Generic, TypeVar

import numpy as np

from verikit.machine import MOST_WORKERS

Key = TypeVar("Key", bound=Hashable)

ROWS = 3 * MOST_WORKERS
"""While workers are replaced there are twice as many; memory that no process uses costs nothing."""


class SharedCounters(Generic[Key]):
    """A row for each process, a column for each key, in memory that is no file.

    A process adds to its own row only, so that no lock is shared: one who is killed keeps none.
    """

    def __init__(self, keys: Iterable[Key]) -> None:
        self._column = {key: column for column, key in enumerate(keys)}
        memory = mmap(-1, ROWS * len(self._column) * 8)
        self._rows = np.frombuffer(memory).reshape(ROWS, -1)
        self._lock = Lock()
        self.use_row(0)

    def use_row(self, row: int) -> None:
        """Add to this row from now on."""
        self._own = self._rows[row]

    def add(self, amounts: Iterable[tuple[Key, float]]) -> None:
        """Add to counters of this process's row."""
        with self._lock:
            for key, amount in amounts:
                self._own[self._column[key]] += amount

    def clear(self, row: int, key: Key) -> None:
        """Set a counter to zero."""
        self._rows[row, self._column[key]] = 0

    def totals(self) -> dict[Key, float]:
        """The sums over all processes, those that are gone among them."""
        return dict(zip(self._column, self._rows.sum(axis=0).tolist(), strict=True))

    def by_row(self, key: Key) -> dict[int, float]:
        """The counters of a column that are not zero, by the number of their row."""
        column = self._rows[:, self._column[key]]
        return {int(row): float(column[row]) for row in np.flatnonzero(column)}
