"""The false match rate by similarity: counted, and extrapolated by a generalized Pareto tail.

Pickands, "Statistical Inference Using Extreme Order Statistics", 1975: exceedances of a high
threshold follow a generalized Pareto distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

TAIL_FROM = 1e-3  # the distribution is fitted to what lies beyond this rate
COUNTED_TO = 1e-4  # and takes over from this one
LOWEST_LOG10 = -6.5
KNOTS_A_DECADE = 20


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of similarities, shape (bins,), in equal bins between two bounds."""

    bounds: tuple[float, float]
    counts: NDArray[np.int64]

    @classmethod
    def empty(cls, bounds: tuple[float, float], bins: int = 400_000) -> Histogram:
        """No counts yet."""
        return cls(bounds, np.zeros(bins, np.int64))

    def add(self, similarities: NDArray[np.floating]) -> None:
        """Count similarities of any shape; those outside the bounds count at the nearest bound."""
        low, high = self.bounds
        bins = len(self.counts)
        index = ((similarities - low) * (bins / (high - low))).astype(np.int64)
        self.counts[:] += np.bincount(np.clip(index, 0, bins - 1), minlength=bins)

    @property
    def edges(self) -> NDArray[np.float64]:
        """The lower edge of each bin, shape (bins,)."""
        low, high = self.bounds
        return low + (high - low) * np.arange(len(self.counts)) / len(self.counts)

    @property
    def rates(self) -> NDArray[np.float64]:
        """The share of counts at or above each lower edge, shape (bins,)."""
        return np.asarray(np.cumsum(self.counts[::-1])[::-1] / self.counts.sum())


@dataclass(frozen=True)
class Tail:
    """P(similarity >= x) = rate (1 + shape (x - threshold) / scale) ** (-1 / shape)."""

    threshold: float
    rate: float
    shape: float
    scale: float

    @classmethod
    def of(cls, histogram: Histogram) -> Tail:
        """Fit a tail by maximum likelihood to the counts beyond the rate ``TAIL_FROM``."""
        rates, edges = histogram.rates, histogram.edges
        start = int(np.argmax(rates <= TAIL_FROM))
        centres = edges[start:] - edges[start] + (edges[1] - edges[0]) / 2
        exceedances = np.repeat(centres, histogram.counts[start:])
        shape, _, scale = scipy.stats.genpareto.fit(exceedances, floc=0)
        return cls(float(edges[start]), float(rates[start]), float(shape), float(scale))

    def similarity_at(self, rate: float) -> float:
        """The similarity at which the false match rate is ``rate``."""
        beyond = scipy.stats.genpareto.isf(rate / self.rate, self.shape, scale=self.scale)
        return self.threshold + float(beyond)


def knots(histogram: Histogram, tail: Tail) -> list[tuple[float, float]]:
    """Points (similarity, log10 FMR) of the curve, both strictly monotone."""
    rates, edges = histogram.rates, histogram.edges
    levels = np.arange(-1, LOWEST_LOG10 * KNOTS_A_DECADE - 1, -1) / KNOTS_A_DECADE
    points: list[tuple[float, float]] = []
    for level in levels.tolist():
        rate = 10.0**level
        counted = rate >= COUNTED_TO
        at = float(edges[np.argmax(rates <= rate)]) if counted else tail.similarity_at(rate)
        if not points or at > points[-1][0]:
            points.append((at, level))
    return points
