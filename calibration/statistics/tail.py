"""Extrapolates rates too small to count by a fit to the highest scores. It is never a PASS.

Source: the generalized Pareto distribution of exceedances (Pickands, 1975), fitted by maximum
likelihood; the interval is the delta method with the asymptotic covariance of shape and scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import ndtri

from calibration.statistics import CONFIDENCE
from calibration.statistics.arrays import Floats
from calibration.statistics.det import Binned, reached
from calibration.statistics.intervals import Interval

RATE_AT_FIT = 1e-3
LEAST_EXCEEDANCES = 100
DECADES = 3.0
LEAST_SHAPE = -0.5
"""The shape at and below which the asymptotic covariance is invalid (Smith, 1985)."""
_EXPONENTIAL = 1e-9
"""Below it a shape is 0: the limit is the exponential distribution."""
_FARTHEST, _STEPS, _ROUNDS = 10.0, 31, 5
"""The search for shape / scale: its bounds in logarithms, steps of a round, rounds."""


class Extrapolation(StrEnum):
    """The relation of a claimed rate to the tail fit."""

    CONSISTENT = "EXTRAPOLATED-CONSISTENT"
    INCONSISTENT = "EXTRAPOLATED-INCONSISTENT"
    UNSUPPORTED = "EXTRAPOLATED-UNSUPPORTED"


@dataclass(frozen=True, kw_only=True)
class Tail:
    """A generalized Pareto distribution of the scores above ``start``.

    The proportion ``rate`` of all scores exceeds ``start``; ``scale`` is in units of the score.
    """

    start: float
    rate: float
    exceedances: int
    shape: float
    scale: float
    design_effect: float = 1.0

    def rate_at(self, threshold: float) -> float:
        """The extrapolated FMR at a threshold above ``start``."""
        return self.rate * _survival(threshold - self.start, self.shape, self.scale)

    def interval_at(self, threshold: float) -> Interval:
        """The interval of the extrapolated FMR, from the spread of its logarithm."""
        rate = self.rate_at(threshold)
        if rate <= 0:
            return Interval(0.0, 1.0)
        reach = float(ndtri(0.5 + CONFIDENCE / 2)) * self._deviation(threshold)
        log = math.log(rate)
        return Interval(math.exp(log - reach), math.exp(min(log + reach, 0.0)))

    def _deviation(self, threshold: float) -> float:
        """The standard deviation of the log of the rate."""
        excess, shape, scale = threshold - self.start, self.shape, self.scale
        step = 1e-4

        def log_survival(shape: float, scale: float) -> float:
            return math.log(max(_survival(excess, shape, scale), 1e-300))

        by_shape = (log_survival(shape + step, scale) - log_survival(shape - step, scale)) / 2
        by_scale = log_survival(shape, scale * (1 + step)) - log_survival(shape, scale * (1 - step))
        gradient = np.array([by_shape / step, by_scale / 2 / step / scale])
        covariance = (1 + shape) * np.array([[1 + shape, -scale], [-scale, 2 * scale**2]])
        variance = gradient @ covariance @ gradient + 1 - self.rate
        return math.sqrt(variance * self.design_effect / self.exceedances)


def fit(scores: Binned, design_effect: float = 1.0) -> Tail | None:
    """Fit the tail above FMR = 1e-3; None if the scores are too few, or end abruptly."""
    survivors = reached(scores)
    first = int(np.argmax(survivors <= RATE_AT_FIT))
    counts = scores.bins[first:]
    exceedances = int(counts.sum())
    if exceedances < LEAST_EXCEEDANCES * design_effect:
        return None
    edges = scores.edges
    middles = (edges[first:-1] + edges[first + 1 :]) / 2 - edges[first]
    shape, scale = fit_pareto(np.repeat(middles, counts))
    if shape <= LEAST_SHAPE:
        return None
    return Tail(
        start=float(edges[first]),
        rate=float(survivors[first]),
        exceedances=exceedances,
        shape=shape,
        scale=scale,
        design_effect=design_effect,
    )


def extrapolate(tail: Tail | None, threshold: float, claimed: float) -> Extrapolation:
    """Whether the claim is consistent with the tail fit, at most three decades beyond the data."""
    if tail is None or threshold <= tail.start or claimed < tail.rate * 10**-DECADES:
        return Extrapolation.UNSUPPORTED
    if not tail.rate_at(threshold):
        return Extrapolation.UNSUPPORTED  # the fitted tail ends before: it says nothing there
    bounds = tail.interval_at(threshold)
    inside = bounds.lower <= claimed <= bounds.upper
    return Extrapolation.CONSISTENT if inside else Extrapolation.INCONSISTENT


def _survival(excess: float, shape: float, scale: float) -> float:
    if abs(shape) < _EXPONENTIAL:
        return math.exp(-excess / scale)
    return float(max(0.0, 1 + shape * excess / scale) ** (-1 / shape))


def fit_pareto(excesses: Floats) -> tuple[float, float]:
    """Shape and scale of maximum likelihood, on at most 20,000 evenly spread excesses.

    For a given ratio shape / scale the best shape is the mean of log(1 + ratio x), so only the
    ratio is searched for (Grimshaw, 1993), by its value at the largest excess, ever more finely.
    """
    sample = excesses[:: max(1, excesses.size // 20_000)]
    most = float(sample.max())
    low, high = -_FARTHEST, _FARTHEST
    best = (-math.inf, 0.0, float(sample.mean()))
    for _ in range(_ROUNDS):
        steps = np.linspace(low, high, _STEPS)
        found = [_likelihood(sample, math.expm1(step) / most) for step in steps]
        place = max(range(_STEPS), key=lambda at: found[at][0])
        best = max(best, found[place])
        low, high = steps[max(place - 1, 0)], steps[min(place + 1, _STEPS - 1)]
    return best[1], best[2]


def _likelihood(sample: Floats, ratio: float) -> tuple[float, float, float]:
    """The log likelihood for each value at the best shape, that shape, and the scale."""
    shape = float(np.log1p(ratio * sample).mean())
    scale = shape / ratio if abs(shape) > _EXPONENTIAL else float(sample.mean())
    if shape <= -1:  # beyond it the likelihood has no maximum
        return -math.inf, shape, scale
    return -math.log(scale) - shape - 1, shape, scale
