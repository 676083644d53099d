"""Intervals of a share: exact for independent trials, resampled where people come again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

CONFIDENCE = 0.95
RESAMPLES = 400
Interval = tuple[float, float]


def samples_of_people(count: int, seed: int) -> NDArray[np.int64]:
    """How often each of ``count`` people is drawn, shape (RESAMPLES, count)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1 / count), RESAMPLES)


def clopper_pearson(k: int, n: int) -> Interval:
    """The exact two-sided interval of a share of k in n."""
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return low, high


def resampled(
    estimate: Callable[[NDArray[np.int64]], float], weights: NDArray[np.int64]
) -> Interval:
    """Percentiles of an estimate over samples of people drawn with replacement."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile([estimate(weight) for weight in weights], [tail, 1 - tail])
    return float(low), float(high)
