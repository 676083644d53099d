"""A confidence sequence for a rate: valid at any time, so a run may stop once it has decided.

Source: the beta-binomial mixture martingale (Robbins, 1970; Howard, Ramdas et al., 2021) with
a = 1/2 and b = 1/2 / claimed. Where the true rate is p, exp(log_martingale) reaches 1 / alpha
with a probability of at most alpha, however long the run is.

A p-value is one over the mean of two e-values: that of the mixture, and the likelihood ratio of a
rate twice as high or half as high (Wald's SPRT). Each is a nonnegative supermartingale that begins
at 1 under every rate of its null hypothesis, and so is their mean (Ramdas et al., 2023). The
mixture detects any rate; the ratio decides sooner if a rate is right or off by a factor of two.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.special import betaln

from calibration.statistics.intervals import ALPHA, Interval
from calibration.statistics.roots import root

_A = 0.5
_APART = 2.0
"""The alternative rate of the likelihood ratio is the rate times, or divided by, this factor."""


def log_martingale(k: float, n: float, rate: float, claimed: float) -> float:
    """The evidence against ``rate`` after k events in n trials, as a natural logarithm."""
    return _mixture(k, n, claimed) - k * math.log(rate) - (n - k) * math.log1p(-rate)


@lru_cache(maxsize=1024)  # the same for each rate that is tried
def _mixture(k: float, n: float, claimed: float) -> float:
    b = _A / claimed
    return float(betaln(_A + k, b + n - k) - betaln(_A, b))


def chance_above(k: float, n: float, rate: float, claimed: float) -> float:
    """An always-valid p-value against "the rate is at most ``rate``"."""
    return math.exp(-max(0.0, log_evidence_above(k, n, rate, claimed)))


def chance_below(k: float, n: float, rate: float, claimed: float) -> float:
    """An always-valid p-value against "the rate is at least ``rate``"."""
    return math.exp(-max(0.0, log_evidence_below(k, n, rate, claimed)))


def log_evidence_above(k: float, n: float, rate: float, claimed: float) -> float:
    """The logarithm of the e-value against "the rate is at most ``rate``"."""
    mixture = log_martingale(k, n, rate, claimed) if n and k / n > rate else -math.inf
    return _mean(mixture, _log_ratio(k, n, rate, min(rate * _APART, 1 - rate)))


def log_evidence_below(k: float, n: float, rate: float, claimed: float) -> float:
    """The logarithm of the e-value against "the rate is at least ``rate``"."""
    mixture = log_martingale(k, n, rate, claimed) if n and k / n < rate else -math.inf
    return _mean(mixture, _log_ratio(k, n, rate, rate / _APART))


def _mean(mixture: float, ratio: float) -> float:
    """The mean of two e-values, from their logarithms and as one."""
    return float(np.logaddexp(mixture, ratio)) - math.log(2)


def _log_ratio(k: float, n: float, rate: float, other: float) -> float:
    """The likelihood of ``other`` against ``rate``: a supermartingale on this side of ``rate``."""
    return k * math.log(other / rate) + (n - k) * (math.log1p(-other) - math.log1p(-rate))


def confidence_sequence(k: float, n: float, claimed: float, alpha: float = ALPHA) -> Interval:
    """The rates that are not ruled out at 1 - alpha after k events in n trials, at any time."""
    if n == 0:
        return Interval(0.0, 1.0)

    def excess(log_rate: float) -> float:
        return log_martingale(k, n, math.exp(log_rate), claimed) + math.log(alpha)

    centre = math.log(max(k, 1e-9) / n) if k < n else -1e-12
    least, most = math.log(1e-15), math.log1p(-1e-12)
    lower = math.exp(root(excess, least, centre)) if k and excess(least) > 0 else 0.0
    upper = math.exp(root(excess, centre, most)) if centre < most and excess(most) > 0 else 1.0
    return Interval(lower, upper)


def projected(k: float, n: float, claimed: float, tolerance: float, alpha: float = ALPHA) -> float:
    """The total number of comparisons at which the run decides if the measured rate stays."""
    rate = k / n if n else claimed
    for total in np.geomspace(max(n, 1.0), 1e4 / claimed, 2_000):
        events = rate * total
        below = chance_below(events, total, tolerance * claimed, claimed)
        if min(below, chance_above(events, total, claimed, claimed)) <= alpha:
            return float(total)
    return math.inf
