"""The slope of a series over time, with an interval: does the server's memory grow?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

BLOCKS = 20
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Trend:
    """A slope a second with its 95 % interval, in the unit of the values."""

    slope: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the values change at all: the interval leaves 0 out."""
        return not self.low <= 0 <= self.high


def fit_trend(times: Sequence[float], values: Sequence[float]) -> Trend | None:
    """Fit a line through the means of :data:`BLOCKS` equal stretches of time; seconds in.

    Neighbouring samples of memory are nearly the same number, so an interval from all of them
    would be far too narrow; means of long blocks are closer to independent. The interval is the
    one of least squares, by Student's t. None for fewer than three blocks with samples.
    """
    if len(times) < 3 or times[0] == times[-1]:
        return None
    moments, levels = _block_means(np.asarray(times), np.asarray(values))
    if len(moments) < 3:
        return None
    if np.ptp(levels) == 0:
        return Trend(slope=0.0, low=0.0, high=0.0)
    line = stats.linregress(moments, levels)
    margin = stats.t.ppf((1 + CONFIDENCE) / 2, len(moments) - 2) * line.stderr
    return Trend(
        slope=float(line.slope), low=float(line.slope - margin), high=float(line.slope + margin)
    )


def _block_means(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.linspace(times[0], times[-1], BLOCKS + 1)
    block = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, BLOCKS - 1)
    sizes = np.bincount(block, minlength=BLOCKS)
    filled = sizes > 0
    means = [
        np.bincount(block, series, BLOCKS)[filled] / sizes[filled] for series in (times, values)
    ]
    return means[0], means[1]
