"""A confidence sequence for a rate: valid at every moment, so one may stop when it has decided.

Source: the beta-binomial mixture martingale (Robbins, 1970; Howard, Ramdas et al., 2021) with
a = 1/2 and b = 1/2 / claimed. Where the true rate is p, exp(log_martingale) reaches 1 / alpha
with a probability of at most alpha, however long one looks.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaln

from calibration.statistics.intervals import ALPHA, Interval

_A = 0.5


def log_martingale(k: float, n: float, rate: float, claimed: float) -> float:
    """The evidence against ``rate`` after k events in n trials, as a natural logarithm."""
    b = _A / claimed
    mixture = betaln(_A + k, b + n - k) - betaln(_A, b)
    return float(mixture - k * math.log(rate) - (n - k) * math.log1p(-rate))


def chance_above(k: float, n: float, rate: float, claimed: float) -> float:
    """An always-valid p-value against "the rate is at most ``rate``"."""
    return _chance(k, n, rate, claimed) if n and k / n > rate else 1.0


def chance_below(k: float, n: float, rate: float, claimed: float) -> float:
    """An always-valid p-value against "the rate is at least ``rate``"."""
    return _chance(k, n, rate, claimed) if n and k / n < rate else 1.0


def _chance(k: float, n: float, rate: float, claimed: float) -> float:
    return math.exp(-max(0.0, log_martingale(k, n, rate, claimed)))


def confidence_sequence(k: float, n: float, claimed: float, alpha: float = ALPHA) -> Interval:
    """The rates that the evidence so far has not ruled out."""
    if n == 0:
        return Interval(0.0, 1.0)

    def excess(log_rate: float) -> float:
        return log_martingale(k, n, math.exp(log_rate), claimed) + math.log(alpha)

    centre = math.log(max(k, 1e-9) / n) if k < n else -1e-12
    least, most = math.log(1e-15), math.log1p(-1e-12)
    lower = math.exp(brentq(excess, least, centre)) if k and excess(least) > 0 else 0.0
    upper = math.exp(brentq(excess, centre, most)) if centre < most and excess(most) > 0 else 1.0
    return Interval(lower, upper)


def projected(k: float, n: float, claimed: float, tolerance: float, alpha: float = ALPHA) -> float:
    """The comparisons in all at which the run decides if false matches keep coming as they did."""
    rate = k / n if n else claimed
    for total in np.geomspace(max(n, 1.0), 1e4 / claimed, 2_000):
        events = rate * total
        below = chance_below(events, total, tolerance * claimed, claimed)
        if min(below, chance_above(events, total, claimed, claimed)) <= alpha:
            return float(total)
    return math.inf
