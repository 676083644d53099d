"""Differentials between groups, with bounds for any dependence within a group.

Groups share no people. Each rate gets an interval at 1 - alpha / groups, so that all intervals hold
together with 1 - alpha (Bonferroni), and with them the least and the greatest ratio within them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from calibration.statistics.intervals import Interval, Rate
from calibration.statistics.verdicts import Evidence, Rule


class Ratio(StrEnum):
    """What the highest rate is compared with."""

    OF_LEAST = "highest / lowest"
    OF_MEAN = "highest / geometric mean"
    SAME_GROUP = "same group / across groups"


@dataclass(frozen=True, kw_only=True)
class Differential:
    """A ratio of two rates and its bounds; infinite if the divisor has no error."""

    ratio: Ratio
    value: float
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class DifferentialEvidence(Evidence):
    """Evidence for "the highest rate of a group is at most ``claimed`` times the lowest".

    ``rates_at`` gives, for an alpha, a rate for each group with intervals that all hold together;
    ``k`` and ``n`` are the counts of all groups.
    """

    rates_at: Callable[[float], Sequence[Rate]]

    @property
    def rate(self) -> float:
        """The highest rate divided by the lowest; infinite where a group showed no error."""
        return self._at(0.5).value if self.n else math.nan

    def without(self, few: int) -> Self:
        """The same evidence: wrong labels may be in any group, so none loses events."""
        del few
        return self

    def chance_of_so_few(self, rule: Rule) -> float:
        """The least alpha at which the ratio is shown to be at most the limit."""
        del rule
        return self._least_alpha(lambda alpha: self._at(alpha).interval.upper <= self.claimed)

    def chance_of_so_many(self, rule: Rule) -> float:
        """The least alpha at which the ratio is shown to be above the limit."""
        del rule
        return self._least_alpha(lambda alpha: self._at(alpha).interval.lower > self.claimed)

    def interval(self, rule: Rule) -> Interval:
        """The bounds of the ratio, for all groups together."""
        return self._at(rule.alpha).interval if self.n else Interval(1.0, math.inf)

    def still_needed(self, rule: Rule) -> int:
        """Always 0: the number depends on the true ratio, which is unknown."""
        del rule
        return 0

    def _at(self, alpha: float) -> Differential:
        return differentials(self.rates_at(alpha))[0]

    def _least_alpha(self, shown: Callable[[float], bool]) -> float:
        least, most = _LEAST_ALPHA, _MOST_ALPHA
        if not self.n or not shown(most):
            return 1.0
        for _ in range(_STEPS):
            middle = math.sqrt(least * most)
            least, most = (least, middle) if shown(middle) else (middle, most)
        return most


_LEAST_ALPHA, _MOST_ALPHA, _STEPS = 1e-6, 0.5, 16


def differentials(rates: Sequence[Rate]) -> list[Differential]:
    """The highest rate divided by the lowest, and by the mean.

    ``rates`` are those of two or more groups, with intervals that hold together.
    """
    logs = [(_log(r.interval.lower), _log(r.rate), _log(r.interval.upper)) for r in rates]
    lows, middles, highs = zip(*logs, strict=True)
    nearest = _nearest(lows, highs)
    return [
        Differential(
            ratio=ratio,
            value=_ratio(apart(middles)),
            interval=Interval(_ratio(apart(nearest)), _ratio(most(lows, highs))),
        )
        for ratio, apart, most in (
            (Ratio.OF_LEAST, _of_least, _most_of_least),
            (Ratio.OF_MEAN, _of_mean, _most_of_mean),
        )
    ]


def same_group(within: Rate, across: Rate) -> Differential:
    """The FMR of people of one group divided by the FMR of people of two groups.

    Both rates come from the same people; each interval holds at 1 - alpha / 2, so both do together.
    """
    low, value, high = (
        _ratio(_log(a) - _log(b), least=-math.inf)
        for a, b in (
            (within.interval.lower, across.interval.upper),
            (within.rate, across.rate),
            (within.interval.upper, across.interval.lower),
        )
    )
    return Differential(ratio=Ratio.SAME_GROUP, value=value, interval=Interval(low, high))


def against_random(of_across: float, share: float) -> float:
    """Convert FMR within groups / FMR across groups to FMR within groups / FMR of random pairs.

    ``share`` is the proportion of random pairs within a group; the result is at most 1 / share.
    """
    if math.isinf(of_across):
        return 1 / share
    return of_across / (share * of_across + 1 - share)


def _nearest(lows: Sequence[float], highs: Sequence[float]) -> list[float]:
    """The rates in the box that are nearest to each other: none lies below the highest lower bound
    unless its own upper bound does."""
    level = max(lows)
    if math.isinf(level):  # none is shown to be above 0: they may be one
        return [0.0] * len(highs)
    return [min(level, high) for high in highs]


def _of_least(logs: Sequence[float]) -> float:
    return max(logs) - min(logs)


def _of_mean(logs: Sequence[float]) -> float:
    top = max(logs)
    return sum(top - log for log in logs) / len(logs)  # never below 0, and 0 for equal rates


def _most_of_least(lows: Sequence[float], highs: Sequence[float]) -> float:
    return max(
        high - low
        for place, high in enumerate(highs)
        for other, low in enumerate(lows)
        if other != place
    )


def _most_of_mean(lows: Sequence[float], highs: Sequence[float]) -> float:
    """One group at its upper bound, all others at their lower ones."""
    return max(
        high - (sum(lows[:place]) + high + sum(lows[place + 1 :])) / len(highs)
        for place, high in enumerate(highs)
    )


def _log(rate: float) -> float:
    return math.log(rate) if rate > 0 else -math.inf


def _ratio(log: float, least: float = 0.0) -> float:
    return math.exp(max(log, least)) if not math.isnan(log) else math.nan
