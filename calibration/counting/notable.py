"""The comparisons to review: the highest non-mated and the lowest mated scores."""

from __future__ import annotations

import numpy as np

from calibration.statistics.arrays import Counts, Floats


class Extremes:
    """Keeps the ``size`` most extreme of any number of comparisons."""

    def __init__(self, size: int, *, highest: bool) -> None:
        self._size = size
        self._sign = -1.0 if highest else 1.0
        self._scores: Floats = np.zeros(0)
        self._pairs: Counts = np.zeros((0, 2), np.int64)

    def add(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Offer comparisons: numbers of photos and scores, each of shape (n,)."""
        keys = self._sign * scores
        if self._scores.size == self._size:
            near = keys < self._scores[-1]
            first, second, keys = first[near], second[near], keys[near]
        elif keys.size > self._size:
            near = np.argpartition(keys, self._size)[: self._size]
            first, second, keys = first[near], second[near], keys[near]
        if keys.size:
            self._merge(np.column_stack([first, second]), keys)

    def merge(self, other: Extremes) -> None:
        """Offer what was kept elsewhere of the same photos."""
        self._merge(other._pairs, other._scores)

    def drop(self, first: Counts, second: Counts) -> None:
        """Remove comparisons, each once: numbers of photos, each of shape (n,)."""
        for pair in zip(first.tolist(), second.tolist(), strict=True):
            places = np.flatnonzero((self._pairs == pair).all(axis=1))[:1]
            self._scores = np.delete(self._scores, places)
            self._pairs = np.delete(self._pairs, places, axis=0)

    def listed(self) -> list[tuple[int, int, float]]:
        """Numbers of both photos and score, the most extreme first."""
        return [
            (first, second, score)
            for (first, second), score in zip(
                self._pairs.tolist(), (self._sign * self._scores).tolist(), strict=True
            )
        ]

    def _merge(self, pairs: Counts, keys: Floats) -> None:
        keys = np.concatenate([self._scores, keys])
        pairs = np.concatenate([self._pairs, pairs])
        order = np.lexsort((pairs[:, 1], pairs[:, 0], keys))[: self._size]
        self._scores, self._pairs = keys[order], pairs[order]
