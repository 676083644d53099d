"""The slope of a series over time, with an interval: does the server's memory grow?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BLOCKS = 20
CONFIDENCE = 0.95
_ALIKE = 1 / 4


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
    """The mean growth from one of :data:`BLOCKS` equal stretches of time to the next; seconds in.

    Memory is what was taken less what was given back, summed up: a random walk with, perhaps, a
    drift. A line fitted to its levels would take one step that lasts for a slope. The growths
    between stretches are closer to independent; their mean has the interval of Student's t. Means
    over stretches of a random walk make neighboring growths alike (correlation 1/4, Working
    1960), which widens it by sqrt(1 + 2/4). None for fewer than four stretches with samples.
    """
    if len(times) < 4 or times[0] == times[-1]:
        return None
    moments, levels = _block_means(np.asarray(times), np.asarray(values))
    if len(moments) < 4:
        return None
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import, seldom needed

    growths = np.diff(levels) / np.diff(moments)
    slope = float(growths.mean())
    error = growths.std(ddof=1) * np.sqrt((1 + 2 * _ALIKE) / len(growths))
    margin = float(stdtrit(len(growths) - 1, (1 + CONFIDENCE) / 2) * error)
    return Trend(slope=slope, low=slope - margin, high=slope + margin)


def _block_means(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.linspace(times[0], times[-1], BLOCKS + 1)
    block = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, BLOCKS - 1)
    sizes = np.bincount(block, minlength=BLOCKS)
    filled = sizes > 0
    means = [
        np.bincount(block, series, BLOCKS)[filled] / sizes[filled] for series in (times, values)
    ]
    return means[0], means[1]
