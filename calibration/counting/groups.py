"""Counts by group: within each group, and across groups."""

from __future__ import annotations

import numpy as np

from calibration.counting.identities import Index
from calibration.statistics.arrays import Counts, Floats

ACROSS = "|"


def label_of(first: str, second: str) -> str:
    """How a comparison of two groups is called: ``A`` within a group, ``A|B`` across."""
    return first if first == second else ACROSS.join(sorted((first, second)))


class Groups:
    """Comparisons of one kind by label; ``events`` has shape (labels, rows)."""

    def __init__(self, thresholds: tuple[float, ...], labels: Index, *, mated: bool) -> None:
        self._thresholds = thresholds
        self._mated = mated
        self.labels = labels
        self.n: Counts = np.zeros(0, np.int64)
        self.events: Counts = np.zeros((0, len(thresholds)), np.int64)

    def add(self, labels: Counts, scores: Floats) -> None:
        """Count completed comparisons: numbers of labels and scores, each of shape (n,)."""
        size = len(self.labels.names)
        events = np.zeros((size, len(self._thresholds)), np.int64)
        for row, threshold in enumerate(self._thresholds):
            wrong = scores < threshold if self._mated else scores >= threshold
            events[:, row] = np.bincount(labels[wrong], minlength=size)
        self.add_counts(np.bincount(labels, minlength=size), events)

    def merge(self, other: Groups, labels: Counts) -> None:
        """Add what was counted elsewhere; ``labels`` are our numbers of its labels."""
        known = labels[: other.n.size]
        size = len(self.labels.names)
        n, events = np.zeros(size, np.int64), np.zeros((size, len(self._thresholds)), np.int64)
        n[known], events[known] = other.n, other.events
        self.add_counts(n, events)

    def add_counts(self, n: Counts, events: Counts) -> None:
        """Add what was counted elsewhere: shapes (labels,) and (labels, rows)."""
        missing = n.size - self.n.size
        self.n = np.pad(self.n, (0, missing)) + n
        self.events = np.pad(self.events, ((0, missing), (0, 0))) + events
