"""A rate of two strata of comparisons that were not sampled alike, with exact tails.

The rate is share * p_top + (1 - share) * p_rest. Outcomes are ordered by the estimate of it, and
the chance of an estimate as low (or as high) as the one that was seen is the largest over all ways
to split a rate over the strata (Wendell & Schmee, 1996). Only splits are looked at whose p_top lies
in a confidence interval at a small part of alpha, which is added to the chance (Berger & Boos,
1994). Where the evidence decided when to stop, the interval is a confidence sequence, and the
chance comes from e-values of the strata and their product (Spertus, Sridhar & Stark, 2024).

The chance changes slowly with the split: it is looked for on a grid within the interval, which is
refined twice where it is largest, and a hundredth is added.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count

import numpy as np
from scipy.special import ndtri

from calibration.statistics import sequential
from calibration.statistics.arrays import Floats
from calibration.statistics.dependence import Shares, joint_effects, people_errors
from calibration.statistics.evidence import evidence_of
from calibration.statistics.intervals import Interval, interval
from calibration.statistics.split_tails import (
    Stratum,
    any_time,
    log_above,
    log_below,
    rate_above,
    so_high,
    so_low,
)
from calibration.statistics.verdicts import Evidence, Rule

_SPLITS = 25, 9, 9
_MARGIN = 1.01
_NEAREST = math.log(2) / 1024
_HALVED = 6
"""One step in so many halves the interval, whatever the function."""
_PART_OF_ALPHA = {False: 0.02, True: 0.1}
"""Whether a run may stop at any time -> how much of alpha the interval of p_top may use."""
_LEAST = 1e-12
_NEAR, _MOST_TIMES = 1.1, 4096.0
_once = lru_cache(maxsize=1024)
"""A report asks the same of a row again and again: to judge it, for its interval, in words."""


@dataclass(frozen=True, kw_only=True)
class StratifiedEvidence(Evidence):
    """The evidence of a row from a top stratum, ``share`` of all comparisons, and the rest.

    ``k`` and ``n`` are those of both strata; ``rate`` is weighted. Open comparisons count
    in the stratum in which they weigh more. ``people_error`` is the relative standard error from
    the choice of people alone (``dependence.people_errors``): a rate must be that much further away
    to be ruled out.
    """

    share: float
    top: Evidence
    rest: Evidence
    people_error: float = 0.0

    @property
    def rate(self) -> float:
        """The estimate of the rate over all comparisons."""
        return self._weighted(self.top, self.rest)

    @property
    def most_rate(self) -> float:
        """The rate if all open comparisons were events."""
        return self._weighted(*self._with_open())

    def without(self, few: int) -> StratifiedEvidence:
        """The evidence with so many events fewer, as a count among all ``n``."""
        weight = self.share * self.n / max(self.top.n, 1)
        taken = min(self.top.k, math.ceil(few / weight)) if weight else 0
        top = replace(self.top, k=self.top.k - taken)
        return replace(self, k=self.k - taken, top=top)

    def chance_of_so_few(self, rule: Rule) -> float:
        """The p-value for a PASS: P(so few events) if the rate is what a PASS must exclude."""
        return self.chance_low(rule.limit(self.claimed), rule)

    def chance_of_so_many(self, rule: Rule) -> float:
        """The p-value for a FAIL: P(so many events) if the rate is the claimed one."""
        return self.chance_high(self.claimed, rule)

    def interval(self, rule: Rule) -> Interval:
        """The rates that are not ruled out at 1 - alpha."""
        if not (self.top.n and self.rest.n):
            return Interval(0.0, 1.0)
        each = rule.alpha / 2 if self.k else rule.alpha
        guess = max(self.rate, 1 / self.n)

        part = _PART_OF_ALPHA[rule.at_any_time] * rule.alpha

        def beyond(chance: float) -> float:
            return _normal(chance - part) - _normal(each - part)

        def if_too_high(rate: float) -> float:
            return beyond(self.chance_low(rate, rule))

        def if_too_low(rate: float) -> float:
            return beyond(self.chance_high(rate, rule))

        lower = _first_out(if_too_low, guess, 0.5) if self.k else 0.0
        return Interval(lower, _first_out(if_too_high, guess, 2.0))

    def still_needed(self, rule: Rule) -> int:
        """How many more comparisons of the rest decide if the rates stay; 0 if none would."""
        times = self._times(rule, with_top=False)
        return max(1, round((times - 1) * self.rest.n)) if math.isfinite(times) else 0

    def people_needed(self, people: int, rule: Rule) -> int:
        """The people needed instead of ``people`` if the rates stay; 0 if nothing suffices."""
        times = self._times(rule, with_top=True)
        return math.ceil(people * math.sqrt(times)) if math.isfinite(times) else 0

    def _times(self, rule: Rule, *, with_top: bool) -> float:
        """How many times as much evidence decides; infinite if none does."""

        def decides(times: float) -> bool:
            top = _longer(self.top, times) if with_top else self.top
            row = replace(self, top=top, rest=_longer(self.rest, times))
            too_high = row.rate > rule.limit(row.claimed)
            chance = row.chance_of_so_many if too_high else row.chance_of_so_few
            return chance(rule) <= rule.alpha

        if not (self.top.n and self.rest.n):
            return math.inf
        few, many = 1.0, _MOST_TIMES
        if not decides(many):
            return math.inf
        while many > _NEAR * few:
            middle = math.sqrt(few * many)
            few, many = (few, middle) if decides(middle) else (middle, many)
        return many

    @_once
    def chance_low(self, limit: float, rule: Rule) -> float:
        """P(so few events), or a bound of it, if the rate is this limit."""
        top, rest = self._with_open()
        if not (top.n and rest.n):
            return 1.0
        limit /= self._further_off(rule)

        def chances(splits: Floats) -> Floats:
            """If the top brings so much of the limit."""
            p_top, p_rest = self._rates(splits, limit)
            strata = (
                Stratum.of(self.share, top, _effects(top, p_top)),
                Stratum.of(1 - self.share, rest, _effects(rest, p_rest)),
            )
            if rule.at_any_time:
                return any_time(log_below, *strata, p_top, p_rest, self.claimed)
            return so_low(*strata, p_top, p_rest)

        return self._largest(chances, limit, rule, if_less=1.0)

    @_once
    def chance_high(self, limit: float, rule: Rule) -> float:
        """P(so many events), or a bound of it, if the rate is this limit."""
        if not (self.top.n and self.rest.n):
            return 1.0
        limit = min(1.0, limit * self._further_off(rule))
        top, rest = (
            Stratum.of(share, row, np.array(min(row.design_effect, row.shown_effect)))
            for share, row in ((self.share, self.top), (1 - self.share, self.rest))
        )

        def chances(splits: Floats) -> Floats:
            p_top, p_rest = self._rates(splits, limit)
            if rule.at_any_time:
                return any_time(log_above, top, rest, p_top, p_rest, self.claimed)
            return so_high(top, rest, p_top, p_rest)

        return self._largest(chances, limit, rule, if_more=1.0)

    def _further_off(self, rule: Rule) -> float:
        return 1 + self.people_error * float(ndtri(1 - rule.alpha))

    def _with_open(self) -> tuple[Evidence, Evidence]:
        weights = self.share / max(self.top.n, 1), (1 - self.share) / max(self.rest.n, 1)
        heavier = weights.index(max(weights))
        strata = [self.top, self.rest]
        one = strata[heavier]
        strata[heavier] = replace(one, k=min(one.n, one.k + self.open_still))
        return strata[0], strata[1]

    def _weighted(self, top: Evidence, rest: Evidence) -> float:
        return self.share * top.rate + (1 - self.share) * rest.rate

    def _rates(self, splits: Floats, limit: float) -> tuple[Floats, Floats]:
        """The rates of the top and of the rest if the top brings so much of the limit."""
        theirs = np.maximum(0.0, limit - splits) / (1 - self.share)
        return np.minimum(1.0, splits / self.share), np.minimum(1.0, theirs)

    def _largest(
        self,
        chances: Callable[[Floats], Floats],
        limit: float,
        rule: Rule,
        *,
        if_less: float = 0.0,
        if_more: float = 0.0,
    ) -> float:
        """``if_less`` is the chance where the limit is less than the top alone brings, ``if_more``
        where it is more than both can bring."""
        part = _PART_OF_ALPHA[rule.at_any_time] * rule.alpha
        ends = self._top_within(limit, part, at_any_time=rule.at_any_time)
        if limit < ends.lower * self.share:
            return max(part, if_less)
        if limit > ends.upper * self.share + 1 - self.share:
            return max(part, if_more)
        start = max(ends.lower * self.share, limit - (1 - self.share))
        end = min(ends.upper * self.share, limit, self.share)
        largest = 0.0
        for size in _SPLITS:
            splits = np.linspace(start, end, size)
            found = chances(splits)
            peak = int(np.argmax(found))
            largest = max(largest, float(found[peak]))
            start, end = splits[max(0, peak - 1)], splits[min(peak + 1, size - 1)]
        return min(1.0, _MARGIN * largest + part)

    def _top_within(self, limit: float, part: float, *, at_any_time: bool) -> Interval:
        """Where the rate of the top lies, but for a ``part`` of one."""
        top = self.top
        effect = top.effect_at(min(1.0, limit / self.share))
        least, n = top.k / effect, top.n / effect
        most = min(top.n, top.k + self.open_still) / effect

        def bounds(k: float) -> Interval:
            if at_any_time:
                return sequential.confidence_sequence(
                    k, n, rate_above(self.claimed, self.share), part
                )
            return interval(k, n, part)

        return Interval(bounds(least).lower, bounds(most).upper)


def stratified(
    claimed: tuple[float, ...], top: Shares, rest: Shares, share: float, repeats: float
) -> list[StratifiedEvidence]:
    """The evidence of each row, from what people contribute to the top stratum and to the rest.

    ``repeats`` is the mean number of times that a pair occurs; it is evidence only once.
    """
    above = tuple(min(1.0, rate / share) for rate in claimed)
    joint = joint_effects(top, rest, share)
    strata = [
        _rows(shares, rates, repeats, joint) for shares, rates in ((top, above), (rest, claimed))
    ]
    return [
        StratifiedEvidence(
            claimed=rate,
            k=ours.k + theirs.k,
            n=ours.n + theirs.n,
            design_effect=max(ours.design_effect, theirs.design_effect),
            share=share,
            top=ours,
            rest=theirs,
            people_error=error,
        )
        for rate, ours, theirs, error in zip(
            claimed, *strata, people_errors(top, rest, share), strict=True
        )
    ]


def _rows(
    shares: Shares, claimed: tuple[float, ...], repeats: float, joint: list[float]
) -> list[Evidence]:
    return [
        replace(
            row,
            design_effect=max(row.design_effect, repeats * both),
            shown_effect=max(row.shown_effect, repeats * both),
        )
        for row, both in zip(evidence_of(shares, claimed, repeats), joint, strict=True)
    ]


def _effects(stratum: Evidence, rates: Floats) -> Floats:
    return np.array([stratum.effect_at(rate) for rate in rates.tolist()])


def _longer(stratum: Evidence, times: float) -> Evidence:
    return replace(stratum, k=round(times * stratum.k), n=round(times * stratum.n))


def _normal(chance: float) -> float:
    return float(ndtri(min(max(chance, _LEAST), 1 - _LEAST)))


def _first_out(excess: Callable[[float], float], guess: float, factor: float) -> float:
    """The rate from which on all are ruled out, upwards or, with a factor below 1, downwards.

    A rate is ruled out where its ``excess`` is not positive.
    """
    open_ = out = guess
    above = below = excess(guess)
    while below > 0:
        if out >= 1 and factor > 1:
            return 1.0
        if out < _LEAST:
            return 0.0
        open_, above = out, below
        out = min(1.0, factor * out)
        below = excess(out)
    return _between(excess, (open_, above), (out, below))


def _between(
    excess: Callable[[float], float], open_: tuple[float, float], out: tuple[float, float]
) -> float:
    """The end that is ruled out of an interval of rates that is narrow enough.

    By false position (the Illinois algorithm) on a log scale; ``open_`` and ``out`` are rates with
    their excess.
    """
    (x, above), (end, below) = (math.log(open_[0]), open_[1]), (math.log(out[0]), out[1])
    kept = 0
    for turn in count(1):
        if abs(end - x) <= _NEAREST:
            break
        step = (end - x) * above / (above - below)
        # A little further than the zero, so that both ends come near it.
        step += math.copysign(_NEAREST / 2, (end - x) / 2 - step)
        if turn % _HALVED == 0:
            step = (end - x) / 2
        found = excess(math.exp(x + step))
        if found > 0:
            x, above = x + step, found
            below /= 2 if kept > 0 else 1
            kept = 1
        else:
            end, below = x + step, found
            above /= 2 if kept < 0 else 1
            kept = -1
    return math.exp(end)
