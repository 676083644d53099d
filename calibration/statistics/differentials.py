"""Differentials between groups, with bounds for any dependence within a group.

Groups share no people. Each rate gets an interval at 1 - alpha / groups, so that all intervals hold
together with 1 - alpha (Bonferroni), and with them the least and the greatest ratio within them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from calibration.statistics.intervals import Interval, Rate


class Ratio(StrEnum):
    """What the highest rate is compared with."""

    OF_LEAST = "highest / lowest"
    OF_MEAN = "highest / geometric mean"
    SAME_GROUP = "same group / across groups"


@dataclass(frozen=True, kw_only=True)
class Differential:
    """A ratio of 1 or more; infinite where a group showed no error."""

    ratio: Ratio
    value: float
    interval: Interval


def differentials(rates: Sequence[Rate]) -> list[Differential]:
    """Of the rates of two groups or more, whose intervals hold together."""
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
    """How much likelier people of one group are to be confused than people of two.

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
    """Turns FMR within groups / across groups into FMR within groups / of random pairs.

    ``share`` is how many random pairs are within a group; the factor is at most 1 / share.
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
    return max(logs) - sum(logs) / len(logs)


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
