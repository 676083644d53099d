"""The difference of the error rates of two systems on the same pairs, with an interval.

Only pairs on which exactly one of them errs are informative (McNemar, 1947). The difference of the
rates is (2 w - 1) d: d the share of such pairs, w the part of them on which the new one errs. Each
gets an interval at 1 - alpha / 2 on counts divided by its own design effect; both hold together
with 1 - alpha, and so does what is true of every w and d within them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from calibration.statistics.arrays import Counts
from calibration.statistics.dependence import Shares
from calibration.statistics.evidence import evidence_of
from calibration.statistics.intervals import Interval
from calibration.statistics.verdicts import Rule


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The rate of the new system minus that of the old one; above 0 the new one is worse."""

    value: float
    interval: Interval


def difference(
    tried: Counts, only_new: Counts, only_old: Counts, per_comparison: int, rule: Rule
) -> Difference:
    """The difference of the error rates, bounded at the confidence of a rule.

    Args:
        tried: comparisons of each person, shape (people,).
        only_new: comparisons on which only the new system errs, shape (people,).
        only_old: comparisons on which only the old system errs, shape (people,).
        per_comparison: people in a comparison: 2 (non-mated) or 1 (mated).
        rule: the confidence, and whether the evidence decided when to stop.
    """
    apart, half = only_new + only_old, replace(rule, alpha=rule.alpha / 2)
    share = _measured(tried, apart, per_comparison, half)
    part = _measured(apart, only_new, per_comparison, half)
    lean = 2 * part.lower - 1, 2 * part.upper - 1
    n = tried.sum()
    return Difference(
        value=float((only_new.sum() - only_old.sum()) / n) if n else float("nan"),
        interval=Interval(
            lean[0] * (share.lower if lean[0] > 0 else share.upper),
            lean[1] * (share.upper if lean[1] > 0 else share.lower),
        ),
    )


def _measured(tried: Counts, events: Counts, per_comparison: int, rule: Rule) -> Interval:
    shares = Shares(tried=tried, events=np.array([events]), per_comparison=per_comparison)
    return evidence_of(shares)[0].interval(rule)
