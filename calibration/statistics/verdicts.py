"""PASS, FAIL or INCONCLUSIVE for each row of the documented table, and for the table.

The upper bound of a server that is exactly right always exceeds the claimed rate, so a row PASSes
if the rate is shown to be at most ``tolerance`` times the claim, and FAILs if it is shown to be
above the claim. Each wrong verdict has a probability of at most alpha. "All rows PASS" needs every
row to pass, each at alpha (intersection-union); Holm's method (1979) limits "any row FAILs" to
alpha over all rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Self

from calibration.statistics import sequential
from calibration.statistics.intervals import (
    ALPHA,
    Interval,
    Rate,
    chance_of_at_least,
    chance_of_at_most,
    interval,
)
from calibration.statistics.planning import to_fail, to_pass
from calibration.statistics.roots import root

_LEAST_APART = 1.1
"""A rate nearer to its limit than this is said to need what this factor needs."""
_LOWEST = 1e-15
"""The lowest rate, and the lowest complement of one, among which a bound is looked for."""


class Verdict(StrEnum):
    """The verdict on a claimed rate."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The rule for verdicts.

    Attributes:
        tolerance: a rate up to so many times the claimed one still passes; 1 for a limit.
        alpha: the probability of a wrong verdict.
        at_any_time: the evidence decided when the run stopped.
    """

    tolerance: float = 2.0
    alpha: float = ALPHA
    at_any_time: bool = False

    @property
    def confidence(self) -> float:
        """1 - alpha, rounded to 12 decimals."""
        return round(1 - self.alpha, 12)

    def limit(self, claimed: float) -> float:
        """The rate that a PASS must exclude."""
        return min(1.0, self.tolerance * claimed)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The counts of a rate: k events in n comparisons with a ``design_effect``.

    ``open_still`` further comparisons may be events: a PASS must hold with them, a FAIL without. A
    FAIL is judged with ``shown_effect`` if that is smaller (``dependence.Effect.shown``).
    ``growth`` is the growth of the design effect with the rate (``dependence.Effect.growth``), from
    ``repeats``, how often a pair occurs, up to ``largest_effect``. From the higher rates in
    ``further`` on, it is the growth beside them: that of rows at which these people reach them.
    """

    claimed: float
    k: int
    n: int
    design_effect: float = 1.0
    shown_effect: float = math.inf
    growth: float = 0.0
    repeats: float = 1.0
    largest_effect: float = math.inf
    further: tuple[tuple[float, float], ...] = ()
    open_still: int = 0

    def at_least(self, limit: float) -> tuple[float, float]:
        """Effective k and n to show that the rate is above ``limit``: without open ones."""
        effect = max(min(self.design_effect, self.shown_effect), self._growing(limit))
        return self.k / effect, self.n / effect

    def at_most(self, limit: float) -> tuple[float, float]:
        """Effective k and n to show that the rate is below ``limit``: all open ones are events."""
        k, effect = min(self.n, self.k + self.open_still), self.effect_at(limit)
        return k / effect, self.n / effect

    def effect_at(self, limit: float) -> float:
        """The design effect if the rate is ``limit`` (``dependence.Effect.growth``)."""
        return max(self.design_effect, self._growing(limit))

    def _growing(self, limit: float) -> float:
        reached = [growth for rate, growth in self.further if rate <= limit]
        growth = reached[-1] if reached else self.growth
        return min(self.repeats + growth * limit, self.largest_effect)

    @property
    def effective(self) -> tuple[float, float]:
        """k and n divided by the design effect: the equivalent independent comparisons."""
        return self.k / self.design_effect, self.n / self.design_effect

    @property
    def rate(self) -> float:
        """The measured rate; 0 without comparisons."""
        return self.k / max(self.n, 1)

    @property
    def most_rate(self) -> float:
        """The rate if all open comparisons were events."""
        return min(self.n, self.k + self.open_still) / max(self.n, 1)

    def without(self, few: int) -> Self:
        """The evidence with so many events fewer."""
        return replace(self, k=max(0, self.k - few))

    def chance_of_so_few(self, rule: Rule) -> float:
        """The p-value for a PASS: P(so few events) if the rate is what a PASS must exclude."""
        limit = rule.limit(self.claimed)
        k, n = self.at_most(limit)
        if rule.at_any_time:
            return sequential.chance_below(k, n, limit, self.claimed)
        return chance_of_at_most(k, n, limit)

    def chance_of_so_many(self, rule: Rule) -> float:
        """The p-value for a FAIL: P(so many events) if the rate is the claimed one."""
        k, n = self.at_least(self.claimed)
        if rule.at_any_time:
            return sequential.chance_above(k, n, self.claimed, self.claimed)
        return chance_of_at_least(k, n, self.claimed)

    def interval(self, rule: Rule) -> Interval:
        """The rates that are not ruled out at 1 - alpha; [0, 1] without comparisons.

        Each rate is tried with the design effect that it would have, as a limit is by a verdict.
        ``claimed`` only says where a confidence sequence is narrowest.
        """
        if not self.n:
            return Interval(0.0, 1.0)

        lower, upper = self._bounds(rule)
        if lower and self.at_least(lower) != self.at_least(0):
            lower = self._further(lower, _LOWEST, rule, below=True)
        if upper < 1 and self.at_most(upper) != self.at_most(0):
            upper = self._further(upper, 1 - _LOWEST, rule, below=False)
        return Interval(lower, upper)

    def _bounds(self, rule: Rule) -> tuple[float, float]:
        """The bounds with the least design effects."""
        ends = [
            sequential.confidence_sequence(k, n, self.claimed, rule.alpha)
            if rule.at_any_time
            else interval(k, n, rule.alpha)
            for k, n in (self.at_least(0), self.at_most(0))
        ]
        return ends[0].lower, ends[1].upper

    def _further(self, start: float, end: float, rule: Rule, *, below: bool) -> float:
        """The bound between ``start``, where the design effect is larger, and ``end``."""
        low, high = sorted((math.log(start), math.log(end)))
        excess = partial(self._excess, rule=rule, below=below)
        if excess(math.log(start)) >= 0:
            return start
        return math.exp(root(excess, low, high)) if excess(math.log(end)) > 0 else round(end)

    def _excess(self, log_rate: float, rule: Rule, *, below: bool) -> float:
        """Positive if a rate, below the measured one or above it, is ruled out."""
        rate = math.exp(log_rate)
        k, n = self.at_least(rate) if below else self.at_most(rate)
        if rule.at_any_time:
            return sequential.log_martingale(k, n, rate, self.claimed) + math.log(rule.alpha)
        if below:
            return rule.alpha / (1 if k == n else 2) - chance_of_at_least(k, n, rate)
        return rule.alpha / (2 if k else 1) - chance_of_at_most(k, n, rate)

    def measured(self, rule: Rule) -> Rate:
        """The rate with its interval; NaN without comparisons."""
        rate = self.rate if self.n else math.nan
        return Rate(rate=rate, interval=self.interval(rule))

    def still_needed(self, rule: Rule) -> int:
        """How many more comparisons a verdict needs, at least 1.

        The claim is assumed to be right; once there are that many, the measured rate is assumed to
        stay. For a limit (tolerance 1) the measured rate is always assumed.
        """
        if rule.tolerance == 1:
            effect = self.effect_at(self.claimed)
            return max(1, round(self._to_tell_from_limit(rule) * effect - self.n))
        effect = self.effect_at(rule.tolerance * self.claimed)
        in_all = to_pass(self.claimed, rule.tolerance, alpha=rule.alpha) * effect
        if in_all <= self.n:
            k, n = self.effective
            in_all = sequential.projected(k, n, self.claimed, rule.tolerance) * self.design_effect
        return max(1, round(in_all - self.n))

    def _to_tell_from_limit(self, rule: Rule) -> int:
        k, n = (count / self.effect_at(self.claimed) for count in (self.k, self.n))
        rate = (k + 0.5) / (n + 1)
        apart = max(rate / self.claimed, self.claimed / rate, _LEAST_APART)
        if rate > self.claimed:
            return to_fail(self.claimed, apart, alpha=rule.alpha)
        return to_pass(self.claimed / apart, apart, alpha=rule.alpha)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A judged row: its verdict, the bounds of the rate, and the comparisons still needed.

    ``answers_missing``: no further comparisons are needed, but scores for those that have none.
    """

    verdict: Verdict
    interval: Interval
    still_needed: int
    answers_missing: bool = False


def judge(rows: list[Evidence], rule: Rule) -> list[Judgement]:
    """Judge the rows of a table together; one judgement for each row."""
    return [
        _judgement(row, verdict, rule)
        for row, verdict in zip(rows, decide(rows, rule), strict=True)
    ]


def decide(rows: list[Evidence], rule: Rule) -> list[Verdict]:
    """The verdicts of ``judge`` alone, which take less time than its bounds and numbers."""
    chances = holm([row.chance_of_so_many(rule) for row in rows])
    return [_verdict(row, chance, rule) for row, chance in zip(rows, chances, strict=True)]


def overall(verdicts: list[Verdict]) -> Verdict:
    """The verdict on the whole table."""
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.PASS if set(verdicts) == {Verdict.PASS} else Verdict.INCONCLUSIVE


def holm(chances: list[float]) -> list[float]:
    """Holm's adjusted p-values, in the order of ``chances``."""
    adjusted = [0.0] * len(chances)
    running = 0.0
    order = sorted(range(len(chances)), key=chances.__getitem__)
    for rank, position in enumerate(order):
        running = max(running, min(1.0, (len(chances) - rank) * chances[position]))
        adjusted[position] = running
    return adjusted


def _verdict(row: Evidence, too_many: float, rule: Rule) -> Verdict:
    """``too_many`` is Holm's chance of so many false matches were the claim right."""
    if row.n and row.chance_of_so_few(rule) <= rule.alpha:
        return Verdict.PASS
    return Verdict.FAIL if row.n and too_many <= rule.alpha else Verdict.INCONCLUSIVE


def _judgement(row: Evidence, verdict: Verdict, rule: Rule) -> Judgement:
    undecided = verdict == Verdict.INCONCLUSIVE
    missing = undecided and _answers_missing(row, rule)
    return Judgement(
        verdict=verdict,
        interval=row.interval(rule),
        still_needed=row.still_needed(rule) if undecided and not missing else 0,
        answers_missing=missing,
    )


def _answers_missing(row: Evidence, rule: Rule) -> bool:
    """Whether what is open keeps a row from passing: it would PASS if nothing were, or more
    comparisons with as many open ones would never do."""
    if not (row.open_still and row.n):
        return False
    never = row.rate <= rule.limit(row.claimed) < row.most_rate
    return never or replace(row, open_still=0).chance_of_so_few(rule) <= rule.alpha
