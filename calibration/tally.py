"""Counts scores in blocks: exactly at the thresholds, and on a fine grid between them.

A comparison is a match when score >= threshold. This is the one place that says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from calibration.arrays import Counts, Floats

BLOCK = 1 << 17
BINS = 100_000
_NUDGE = 1e-6


@dataclass(kw_only=True)
class Tally:
    """How many scores reach each threshold; takes any number of scores in constant memory.

    ``matches`` and ``above`` have shape (rows,): scores >= t and scores > t. ``bins`` has shape
    (BINS,) and divides [low, high] evenly. Scores outside [low, high] raise ValueError.
    """

    thresholds: tuple[float, ...]
    low: float = 0.0
    high: float = 1.0
    bins: Counts = field(default_factory=lambda: np.zeros(BINS, np.int64))
    matches: Counts = field(init=False)
    above: Counts = field(init=False)

    def __post_init__(self) -> None:
        self.matches = np.zeros(len(self.thresholds), np.int64)
        self.above = np.zeros(len(self.thresholds), np.int64)

    @property
    def n(self) -> int:
        """How many scores were counted."""
        return int(self.bins.sum())

    @property
    def edges(self) -> Floats:
        """The edges of the bins, shape (BINS + 1,)."""
        return np.linspace(self.low, self.high, self.bins.size + 1)

    def add(self, scores: Floats) -> None:
        """Count an array of scores of any size, block by block."""
        size = min(scores.size, BLOCK)
        # Buffers that stay: fresh ones for each block cost more in page faults than the counting.
        scaled, places = np.empty(size, scores.dtype), np.empty(size, np.intp)
        for start in range(0, scores.size, BLOCK):
            block = scores[start : start + BLOCK]
            self._refuse_outsiders(block)
            self._add_to_bins(block, scaled[: block.size], places[: block.size])
            for row, threshold in enumerate(self.thresholds):
                self.matches[row] += np.count_nonzero(block >= threshold)
                self.above[row] += np.count_nonzero(block > threshold)

    def merge(self, other: Tally) -> None:
        """Add what was counted elsewhere on the same axis."""
        self.bins += other.bins
        self.matches += other.matches
        self.above += other.above

    def _add_to_bins(self, block: Floats, scaled: Floats, places: Counts) -> None:
        """The nudge puts a score of a few decimals onto the edge that it is written as."""
        scale = self.bins.size / (self.high - self.low)
        np.multiply(block, scale, out=scaled)
        np.add(scaled, _NUDGE - self.low * scale, out=scaled)
        np.copyto(places, scaled, casting="unsafe")
        np.minimum(places, self.bins.size - 1, out=places)
        self.bins += np.bincount(places, minlength=self.bins.size)

    def _refuse_outsiders(self, block: Floats) -> None:
        if not (block.min() >= self.low and block.max() <= self.high):
            raise ValueError(f"a score lies outside {self.low:g} to {self.high:g}")
