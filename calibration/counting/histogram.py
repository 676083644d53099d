"""Counts of a stream of scores: at thresholds, on a fine grid, over time, and by decimals.

A comparison is a match if score >= threshold; only this module decides that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from calibration.statistics.arrays import Counts, Floats

BLOCK = 1 << 17
BINS = 100_000
_NUDGE = 1e-6


@dataclass(kw_only=True)
class Histogram:
    """Counts of scores at each threshold, in constant memory.

    ``matches`` and ``above`` have shape (rows,): scores >= t and scores > t. ``bins`` has shape
    (BINS,) and divides [low, high] evenly. Scores outside [low, high] raise ValueError, unless the
    axis is ``open_ended``: then they go to the outermost bins.
    """

    thresholds: tuple[float, ...]
    low: float = 0.0
    high: float = 1.0
    open_ended: bool = False
    bins: Counts = field(default_factory=lambda: np.zeros(BINS, np.int64))
    matches: Counts = field(init=False)
    above: Counts = field(init=False)
    n: int = field(init=False)
    """The number of scores."""

    def __post_init__(self) -> None:
        self.matches = np.zeros(len(self.thresholds), np.int64)
        self.above = np.zeros(len(self.thresholds), np.int64)
        self.n = int(self.bins.sum())

    @property
    def edges(self) -> Floats:
        """The edges of the bins, shape (BINS + 1,)."""
        return np.linspace(self.low, self.high, self.bins.size + 1)

    def add(self, scores: Floats) -> None:
        """Count scores of shape (n,), block by block."""
        size = min(scores.size, BLOCK)
        # Buffers that stay: fresh ones for each block cost more in page faults than the counting.
        scaled, places = np.empty(size, scores.dtype), np.empty(size, np.intp)
        for start in range(0, scores.size, BLOCK):
            block = scores[start : start + BLOCK]
            inside = self._within(block)
            self._add_to_bins(inside, scaled[: block.size], places[: block.size])
            for row, threshold in enumerate(self.thresholds):
                self.matches[row] += np.count_nonzero(block >= threshold)
                self.above[row] += np.count_nonzero(block > threshold)

    def merge(self, other: Histogram) -> None:
        """Add the counts of another histogram with the same axis."""
        self.n += other.n
        self.bins += other.bins
        self.matches += other.matches
        self.above += other.above

    def take_back(self, other: Histogram) -> None:
        """Undo ``merge``."""
        self.n -= other.n
        self.bins -= other.bins
        self.matches -= other.matches
        self.above -= other.above

    def _add_to_bins(self, block: Floats, scaled: Floats, places: Counts) -> None:
        """The nudge puts a score of a few decimals onto the edge that it is written as."""
        scale = self.bins.size / (self.high - self.low)
        np.multiply(block, scale, out=scaled)
        np.add(scaled, _NUDGE - self.low * scale, out=scaled)
        np.copyto(places, scaled, casting="unsafe")
        np.minimum(places, self.bins.size - 1, out=places)
        self.n += block.size
        self.bins += np.bincount(places, minlength=self.bins.size)

    def _within(self, block: Floats) -> Floats:
        if block.min() >= self.low and block.max() <= self.high:
            return block
        if self.open_ended:
            return np.clip(block, self.low, self.high)
        raise ValueError(f"a score is outside {self.low:g} to {self.high:g}")


A_DECADE = 20


class Trace:
    """Keeps k at each threshold after a geometrically growing number of comparisons."""

    def __init__(self, thresholds: tuple[float, ...]) -> None:
        self._thresholds = thresholds
        self._n = 0
        self._matches = np.zeros(len(thresholds), np.int64)
        self.moments: list[tuple[int, Counts]] = []

    def add(self, scores: Floats) -> None:
        """Add scores of shape (n,), in the order in which they were drawn."""
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


FULL = 9
_SAMPLE = 2_000


class Rounding:
    """Finds the fewest decimals that write every score seen; ``FULL`` stands for "not rounded"."""

    def __init__(self) -> None:
        self.decimals = 0

    def merge(self, other: Rounding) -> None:
        """Merge the findings of another counter."""
        self.decimals = max(self.decimals, other.decimals)

    def add(self, scores: Floats) -> None:
        """Look at the first scores of a block of shape (n,)."""
        sample = scores[:_SAMPLE].astype(float)
        near = 1e-9
        if scores.dtype == np.float32:
            near = float(np.finfo(np.float32).eps * max(1.0, np.abs(sample).max(initial=0.0)))
        while self.decimals < FULL and not np.allclose(
            sample, np.round(sample, self.decimals), rtol=0, atol=near
        ):
            self.decimals += 1
