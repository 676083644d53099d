"""How the count stood along the way: twenty moments a decade."""

from __future__ import annotations

import numpy as np

from calibration.arrays import Counts, Floats

A_DECADE = 20


class Trace:
    """Remembers k at each threshold for a number of comparisons that grows geometrically."""

    def __init__(self, thresholds: tuple[float, ...]) -> None:
        self._thresholds = thresholds
        self._n = 0
        self._matches = np.zeros(len(thresholds), np.int64)
        self.moments: list[tuple[int, Counts]] = []

    def add(self, scores: Floats) -> None:
        """Go on by scores of shape (n,), in the order in which they were drawn."""
        start = 0
        while scores.size - start >= (step := self._next() - self._n):
            self._advance(scores[start : start + step])
            self.moments.append((self._n, self._matches.copy()))
            start += step
        self._advance(scores[start:])

    def _advance(self, scores: Floats) -> None:
        self._n += scores.size
        self._matches += [np.count_nonzero(scores >= t) for t in self._thresholds]

    def _next(self) -> int:
        last = self.moments[-1][0] if self.moments else 0
        return max(10, last + 1, round(last * 10 ** (1 / A_DECADE)))
