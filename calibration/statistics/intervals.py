"""Exact binomial bounds and tails; k and n may be fractional, for effective counts.

Source: Clopper & Pearson (1934), by the beta distribution. The tails are the inverse:
``upper_bound(k, n, a) <= p`` exactly when ``chance_of_at_most(k, n, p) <= a``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import betainc, betaincc, betaincinv

from calibration.statistics import CONFIDENCE

ALPHA = 1 - CONFIDENCE


@dataclass(frozen=True)
class Interval:
    """A lower and an upper bound of a rate, or of a ratio of rates."""

    lower: float
    upper: float


def lower_bound(k: float, n: float, alpha: float = ALPHA) -> float:
    """The one-sided lower bound of a rate at 1 - alpha, after k events in n trials."""
    return float(betaincinv(k, n - k + 1, alpha)) if k > 0 else 0.0


def upper_bound(k: float, n: float, alpha: float = ALPHA) -> float:
    """The one-sided upper bound at 1 - alpha; with no event 1 - alpha ** (1 / n), about 3 / n."""
    return float(betaincinv(k + 1, n - k, 1 - alpha)) if k < n else 1.0


def interval(k: float, n: float, alpha: float = ALPHA) -> Interval:
    """The two-sided interval at 1 - alpha; if k is 0 or n, one side gets all of alpha."""
    lower = lower_bound(k, n, alpha if k == n else alpha / 2)
    upper = upper_bound(k, n, alpha if k == 0 else alpha / 2)
    return Interval(lower, upper)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A rate with its interval."""

    rate: float
    interval: Interval

    @property
    def complement(self) -> Rate:
        """One minus the rate."""
        bounds = self.interval
        return Rate(rate=1 - self.rate, interval=Interval(1 - bounds.upper, 1 - bounds.lower))


def measured(events: float, n: int, effect: float = 1.0, alpha: float = ALPHA) -> Rate:
    """The rate of events in n comparisons with this design effect; NaN if n is 0."""
    if not n:
        return Rate(rate=math.nan, interval=Interval(0.0, 1.0))
    return Rate(rate=events / n, interval=interval(events / effect, n / effect, alpha))


def chance_of_at_least(k: float, n: float, p: float) -> float:
    """P(X >= k) where X counts events of rate p in n trials."""
    return float(betainc(k, n - k + 1, p)) if k > 0 else 1.0


def chance_of_at_most(k: float, n: float, p: float) -> float:
    """P(X <= k) where X counts events of rate p in n trials."""
    return float(betaincc(k + 1, n - k, p)) if k < n else 1.0
