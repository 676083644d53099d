"""Keeps, for each person, how many comparisons he took part in and how many went wrong."""

from __future__ import annotations

import numpy as np

from calibration.arrays import Counts, Floats
from calibration.dependence import Shares


class People:
    """Counts by person; non-mated comparisons charge both people, mated ones the one person."""

    def __init__(self, thresholds: tuple[float, ...], *, mated: bool) -> None:
        self._thresholds = thresholds
        self._mated = mated
        self._tried = np.zeros(0, np.int64)
        self._events = np.zeros((len(thresholds), 0), np.int64)

    def shares(self) -> Shares:
        """What each person contributes so far."""
        return Shares(
            tried=self._tried, events=self._events, per_comparison=1 if self._mated else 2
        )

    def add(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Charge comparisons: indices of people and scores, each of shape (n,)."""
        if not scores.size:
            return
        self._grow(int(max(first.max(), second.max())) + 1)
        self.add_tried(self._by_person(first, second))
        self.add_events(first, second, scores)

    def add_tried(self, tried: Counts) -> None:
        """Charge comparisons that were counted elsewhere: shape (G,)."""
        self._grow(tried.size)
        self._tried[: tried.size] += tried

    def add_events(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Charge what went wrong: each row looks only at what went wrong in the row before it."""
        rows = list(enumerate(self._thresholds))
        for row, threshold in reversed(rows) if self._mated else rows:
            wrong = scores < threshold if self._mated else scores >= threshold
            first, second, scores = first[wrong], second[wrong], scores[wrong]
            if not scores.size:
                return
            self._events[row] += self._by_person(first, second)

    def merge(self, other: People) -> None:
        """Add what was counted elsewhere of the same people."""
        people = other._tried.size
        self.add_tried(other._tried)
        self._events[:, :people] += other._events

    def _by_person(self, first: Counts, second: Counts) -> Counts:
        counts = np.bincount(first, minlength=self._tried.size)
        return counts if self._mated else counts + np.bincount(second, minlength=self._tried.size)

    def _grow(self, people: int) -> None:
        missing = people - self._tried.size
        if missing > 0:
            missing = max(missing, self._tried.size)
            self._tried = np.pad(self._tried, (0, missing))
            self._events = np.pad(self._events, ((0, 0), (0, missing)))
