"""A rate of two strata of comparisons that were not sampled alike, with exact tails.

The rate is share * p_top + (1 - share) * p_rest. Outcomes are ordered by the estimate of it, and
the chance of an estimate as low (or as high) as the one that was seen is the largest over all ways
to split a rate over the strata (Wendell & Schmee, 1996). Only splits are looked at whose p_top lies
in a confidence interval at a small part of alpha, which is added to the chance (Berger & Boos,
1994). Where the evidence decided when to stop, the interval is a confidence sequence, and the
chance comes from e-values of the strata and their product (Spertus, Sridhar & Stark, 2024).

The chance changes slowly with the split: it is looked for on a grid within the interval, which is
refined where it is largest, and a hundredth is added.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincc

from calibration.statistics import sequential
from calibration.statistics.arrays import Floats
from calibration.statistics.dependence import (
    Shares,
    design_effects,
    growths,
    joint_effects,
    shown_effects,
)
from calibration.statistics.intervals import Interval, interval
from calibration.statistics.verdicts import Evidence, Rule

_SPLITS, _REFINED = 49, 13
_MARGIN = 1.01
_RARER = 10.0
"""How much rarer than claimed matches of the rest are thought to be, which only speeds a run up."""
_BINS = 64
_FAR = 6.0
"""Standard errors beyond which a count of the rest is as good as impossible."""
_STEPS = 10
_PART_OF_ALPHA = {False: 0.02, True: 0.1}
"""Whether a run may stop at any time -> how much of alpha the interval of p_top may use."""
_LEAST = 1e-12
_SAME = 1e-9
_NEAR, _MOST_TIMES = 1.1, 4096.0


class _Seen(NamedTuple):
    """A stratum on effective counts, k in n, each for one or for all splits; it makes up ``share``
    of all comparisons. ``whole``: they are whole numbers, as they are without a design effect."""

    share: float
    k: Floats
    n: Floats
    whole: bool

    @classmethod
    def of(cls, share: float, row: Evidence, effect: Floats) -> _Seen:
        return cls(share, row.k / effect, row.n / effect, bool(np.all(effect == 1)))


@dataclass(frozen=True, kw_only=True)
class StratifiedEvidence(Evidence):
    """The evidence of a row from a top stratum, ``share`` of all comparisons, and the rest.

    ``k`` and ``n`` are those of both strata; ``rate`` is weighted. What is ``open_still`` counts in
    the stratum in which it weighs more.
    """

    share: float
    top: Evidence
    rest: Evidence

    @property
    def rate(self) -> float:
        """The estimate of the rate over all comparisons."""
        return self._weighted(self.top, self.rest)

    @property
    def most_rate(self) -> float:
        """The rate if all that is open were events."""
        return self._weighted(*self._with_open())

    def without(self, few: int) -> StratifiedEvidence:
        """Without so many events of the rate, as a count among all ``n``."""
        weight = self.share * self.n / max(self.top.n, 1)
        taken = min(self.top.k, math.ceil(few / weight)) if weight else 0
        top = replace(self.top, k=self.top.k - taken)
        return replace(self, k=self.k - taken, top=top)

    def chance_of_so_few(self, rule: Rule) -> float:
        """The chance of so few events if the rate were what a PASS must exclude."""
        return self._chance_low(rule.limit(self.claimed), rule)

    def chance_of_so_many(self, rule: Rule) -> float:
        """The chance of so many events if the rate were the claimed one."""
        return self._chance_high(self.claimed, rule)

    def interval(self, rule: Rule) -> Interval:
        """The rates that are not ruled out."""
        if not (self.top.n and self.rest.n):
            return Interval(0.0, 1.0)
        each = rule.alpha / 2 if self.k else rule.alpha
        guess = max(self.rate, 1 / self.n)

        def too_high(rate: float) -> bool:
            return self._chance_low(rate, rule) <= each

        def too_low(rate: float) -> bool:
            return self._chance_high(rate, rule) <= each

        return Interval(_lowest_of(too_low, guess) if self.k else 0.0, _highest_of(too_high, guess))

    def still_needed(self, rule: Rule) -> int:
        """Comparisons of the rest until it decides if the rates stay; 0 if more never would."""
        times = self._times(rule, with_top=False)
        return max(1, round((times - 1) * self.rest.n)) if math.isfinite(times) else 0

    def people_needed(self, people: int, rule: Rule) -> int:
        """How many people instead of so many it takes, where more comparisons of these would not
        do and the rates stay."""
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

    def _chance_low(self, limit: float, rule: Rule) -> float:
        top, rest = self._with_open()
        if not (top.n and rest.n):
            return 1.0

        def chances(splits: Floats) -> Floats:
            """If the top brings so much of the limit."""
            p_top, p_rest = self._rates(splits, limit)
            strata = (
                _Seen.of(self.share, top, _effects(top, p_top)),
                _Seen.of(1 - self.share, rest, _effects(rest, p_rest)),
            )
            if rule.at_any_time:
                return _always(_log_below, *strata, p_top, p_rest, self.claimed)
            return _so_low(*strata, p_top, p_rest)

        return self._largest(chances, limit, rule)

    def _chance_high(self, limit: float, rule: Rule) -> float:
        if not (self.top.n and self.rest.n):
            return 1.0
        top, rest = (
            _Seen.of(share, row, np.array(min(row.design_effect, row.shown_effect)))
            for share, row in ((self.share, self.top), (1 - self.share, self.rest))
        )

        def chances(splits: Floats) -> Floats:
            p_top, p_rest = self._rates(splits, limit)
            if rule.at_any_time:
                return _always(_log_above, top, rest, p_top, p_rest, self.claimed)
            return _so_high(top, rest, p_top, p_rest)

        return self._largest(chances, limit, rule)

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

    def _largest(self, chances: Callable[[Floats], Floats], limit: float, rule: Rule) -> float:
        part = _PART_OF_ALPHA[rule.at_any_time] * rule.alpha
        ends = self._top_within(limit, part, at_any_time=rule.at_any_time)
        start = max(ends.lower * self.share, limit - (1 - self.share))
        end = min(ends.upper * self.share, limit, self.share)
        if start > end:
            return part
        splits = np.linspace(start, end, _SPLITS)
        found = chances(splits)
        peak = int(np.argmax(found))
        near = splits[max(0, peak - 1)], splits[min(peak + 1, _SPLITS - 1)]
        largest = max(found.max(), chances(np.linspace(*near, _REFINED)).max())
        return min(1.0, _MARGIN * float(largest) + part)

    def _top_within(self, limit: float, part: float, *, at_any_time: bool) -> Interval:
        """Where the rate of the top lies, but for a ``part`` of one."""
        top = self.top
        effect = top.effect_at(min(1.0, limit / self.share))
        least, n = top.k / effect, top.n / effect
        most = min(top.n, top.k + self.open_still) / effect

        def bounds(k: float) -> Interval:
            if at_any_time:
                return sequential.confidence_sequence(k, n, _above(self.claimed, self.share), part)
            return interval(k, n, part)

        return Interval(bounds(least).lower, bounds(most).upper)


def stratified(
    claimed: tuple[float, ...], top: Shares, rest: Shares, share: float, repeats: float = 1.0
) -> list[StratifiedEvidence]:
    """The evidence of each row from what people contribute to the top stratum and to the rest.

    ``repeats`` is how often a pair comes on average, which is evidence once.
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
        )
        for rate, ours, theirs in zip(claimed, *strata, strict=True)
    ]


def _rows(
    shares: Shares, claimed: tuple[float, ...], repeats: float, joint: list[float]
) -> list[Evidence]:
    n = round(shares.comparisons)
    if not n:
        return [Evidence(claimed=rate, k=0, n=0) for rate in claimed]
    distinct = replace(shares, tried=shares.tried / repeats, events=shares.events / repeats)
    rows = zip(
        claimed,
        shares.events,
        design_effects(distinct, claimed),
        shown_effects(distinct, claimed),
        growths(distinct, claimed),
        joint,
        strict=True,
    )
    return [
        Evidence(
            claimed=rate,
            k=int(events.sum()) // 2,
            n=n,
            design_effect=repeats * max(effect, both),
            shown_effect=repeats * max(own, both),
            growth=repeats * growth,
        )
        for rate, events, effect, own, growth, both in rows
    ]


def _effects(stratum: Evidence, rates: Floats) -> Floats:
    return np.array([stratum.effect_at(rate) for rate in rates.tolist()])


def _so_low(top: _Seen, rest: _Seen, p_top: Floats, p_rest: Floats) -> Floats:
    """P(an estimate as low as this one) for each split: a sum over counts of the rest, in bins."""

    def chance(left: Floats, n: Floats) -> Floats:
        left = np.floor(left) if top.whole else left
        found = betaincc(np.maximum(left, 0) + 1, np.maximum(n - left, 1e-9), p_top[:, None])
        return np.where(left < 0, 0.0, np.where(left >= n, 1.0, found))

    return _summed(chance, top, rest, p_rest)


def _so_high(top: _Seen, rest: _Seen, p_top: Floats, p_rest: Floats) -> Floats:
    """P(an estimate as high as this one) for each split."""

    def chance(left: Floats, n: Floats) -> Floats:
        left = np.ceil(left) if top.whole else left
        found = betainc(np.maximum(left, 1e-9), np.maximum(n - left, 0) + 1, p_top[:, None])
        return np.where(left <= 0, 1.0, np.where(left > n, 0.0, found))

    return _summed(chance, top, rest, p_rest)


def _summed(
    chance: Callable[[Floats, Floats], Floats], top: _Seen, rest: _Seen, p_rest: Floats
) -> Floats:
    """Over the counts of the rest; in a bin of several the mean of the first and the last counts.
    It is exact where each is a bin of its own, and a bin is a fifth of a standard error at most."""
    starts, ends, mass = _bins(rest, p_rest)
    n = _column(top.n)
    both = [chance(_left(top, rest, counts), n) for counts in (starts, ends)]
    total: Floats = (mass * (both[0] + both[1])).sum(axis=1) / 2
    return total


def _left(top: _Seen, rest: _Seen, counts: Floats) -> Floats:
    """The count of the top that makes the estimate what it is, beside counts of the rest."""
    estimate = top.share * top.k / top.n + rest.share * rest.k / rest.n
    weight = rest.share / _column(rest.n)
    left: Floats = (_column(estimate) - weight * counts) * _column(top.n) / top.share
    near = np.round(left)
    return np.where(np.abs(left - near) < _SAME * np.maximum(1.0, np.abs(near)), near, left)


def _bins(rest: _Seen, p: Floats) -> tuple[Floats, Floats, Floats]:
    """The first and last counts of each bin, and the chance of a count in it: (splits, bins)."""
    middle = rest.n * p
    reach = _FAR * np.sqrt(middle) + _FAR
    low, high = np.maximum(0.0, np.floor(middle - reach)), np.ceil(middle + reach)
    edges = np.floor(np.linspace(low, high, _BINS + 1, axis=1))
    edges = np.concatenate([np.zeros((p.size, 1)), edges], axis=1)
    n = _column(rest.n)
    below = betaincc(np.maximum(edges, 1), np.maximum(n - edges + 1, 1e-9), p[:, None])
    below = np.where(edges <= 0, 0.0, np.where(edges > n, 1.0, below))
    below = np.concatenate([below, np.ones((p.size, 1))], axis=1)
    ends = np.concatenate([edges[:, 1:] - 1, np.broadcast_to(n, (p.size, 1))], axis=1)
    return edges, ends, np.diff(below, axis=1)


def _column(values: Floats) -> Floats:
    return np.reshape(values, (-1, 1))


Log = Callable[[float, float, float, float], float]


def _always(  # noqa: PLR0913, PLR0917 - two strata, a rate each
    log: Log, top: _Seen, rest: _Seen, p_top: Floats, p_rest: Floats, claimed: float
) -> Floats:
    """One over the mean of the e-values of each stratum and of their product, against such rates:
    an e-value itself, wherever a run stopped. One stratum alone may tell all there is to tell."""
    above = _above(claimed, top.share)
    parts = np.broadcast_arrays(top.k, top.n, p_top, rest.k, rest.n, p_rest)
    rows = np.column_stack(parts).tolist()
    ours = np.array([log(k, n, p, above) for k, n, p, _, _, _ in rows])
    theirs = np.array([log(k, n, p, claimed / _RARER) for _, _, _, k, n, p in rows])
    logs = np.logaddexp.reduce([ours, theirs, ours + theirs]) - math.log(3)
    chances: Floats = np.exp(-np.maximum(0.0, logs))
    return chances


def _log_below(k: float, n: float, rate: float, claimed: float) -> float:
    return sequential.log_evidence_below(k, n, _inside(rate), claimed)


def _log_above(k: float, n: float, rate: float, claimed: float) -> float:
    """Of a rate of a half or more there is no alternative that is twice as high."""
    if rate >= 0.5:
        return 0.0
    return sequential.log_evidence_above(k, n, _inside(rate), claimed)


def _above(claimed: float, share: float) -> float:
    """The rate of the top if it brings all of the claimed one."""
    return min(0.5, claimed / share)


def _inside(rate: float) -> float:
    return min(max(rate, _LEAST), 1 - _LEAST)


def _longer(stratum: Evidence, times: float) -> Evidence:
    return replace(stratum, k=round(times * stratum.k), n=round(times * stratum.n))


def _highest_of(ruled_out: Callable[[float], bool], guess: float) -> float:
    """The rate from which on all are ruled out."""
    low = high = guess
    while not ruled_out(high):
        if high >= 1:
            return 1.0
        low, high = high, min(1.0, 2 * high)
    return _between(ruled_out, low, high)


def _lowest_of(ruled_out: Callable[[float], bool], guess: float) -> float:
    """The rate down from which all are ruled out."""
    low = high = guess
    while not ruled_out(low):
        if low < _LEAST:
            return 0.0
        low, high = low / 2, low
    return _between(ruled_out, high, low)


def _between(ruled_out: Callable[[float], bool], open_: float, out: float) -> float:
    for _ in range(_STEPS):
        middle = math.sqrt(open_ * out)
        open_, out = (open_, middle) if ruled_out(middle) else (middle, out)
    return out
