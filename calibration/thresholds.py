"""The lowest threshold from which a false match rate is shown to be kept.

FMR falls as the threshold rises, so thresholds are tried from the strictest down, each at alpha,
until one is not shown (a fixed sequence, which needs no correction): the chance that the one found
lies below the true one is at most alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.claims import Claims
from calibration.counting.comparisons import Measurement
from calibration.counting.histogram import Histogram
from calibration.evaluation import from_scores
from calibration.judging.audit import SCALE, audit
from calibration.judging.conditions import RunConditions, unsupported
from calibration.judging.evidence import of_required, of_table
from calibration.judging.requirements import Requirement
from calibration.objections import Effect
from calibration.sources.formats.run_file import is_run, open_run
from calibration.sources.formats.values import SENTINEL
from calibration.statistics.arrays import Floats
from calibration.statistics.det import reached
from calibration.statistics.intervals import Rate, chance_of_at_most, upper_bound
from calibration.statistics.planning import without_errors
from calibration.statistics.verdicts import Evidence, Rule
from verikit.contract import Contract

_LEVELS = 24
"""So many counts of false matches are tried, from the most that might do down to none."""
_FINENESS = 1000
"""Thresholds are told to about so many parts of the scale."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """The lowest threshold that is shown to keep ``limit``; None if none is, with ``reasons``.

    ``k`` false matches in ``n`` comparisons reach it, and ``upper`` bounds their rate; FNMR and
    GFRR are those at the threshold, of ``scored`` and of all ``mated`` comparisons.
    """

    limit: float
    confidence: float
    threshold: float | None
    n: int
    people: int
    k: int = 0
    upper: float = 1.0
    design_effect: float = 1.0
    mated: int = 0
    mated_people: int = 0
    scored: int = 0
    scored_people: int = 0
    fnmr: Rate | None = None
    gfrr: Rate | None = None
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_threshold(  # noqa: PLR0913 - what may be said about a file
    path: Path,
    contract: Contract,
    claims: Claims,
    *,
    limit: float,
    alpha: float,
    columns: Mapping[str, str],
    people: Path | None = None,
) -> Found:
    """Find the threshold for a file of scores, which is read twice.

    ``claims`` give the scale and its direction; their rows do not matter. ``limit`` is the false
    match rate, ``alpha`` the probability that the threshold is too low.

    Raises:
        WrongUse: the file cannot be read.
    """

    def count(claims: Claims) -> Measurement:
        options = {"claims": claims, "columns": columns, "people": people}
        return from_scores(path, contract, math.inf, **options).measurement  # type: ignore[arg-type]

    at_any_time = path.is_file() and is_run(path) and open_run(path).at_any_time
    rule = Rule(tolerance=1.0, alpha=alpha, at_any_time=at_any_time)
    return lowest_threshold(count, claims, limit, rule)


def lowest_threshold(
    count: Callable[[Claims], Measurement], claims: Claims, limit: float, rule: Rule
) -> Found:
    """As ``find_threshold``; ``count`` counts the scores at the rows of some claims."""
    alpha = rule.alpha
    measurement = count(claims)
    scale = _scale(measurement, claims)
    if scale != claims:
        claims, measurement = scale, count(scale)
    candidates = _candidates(measurement.non_mated.histogram, limit, alpha)
    if not candidates:
        return _not_shown(measurement, limit, alpha, [_too_few(measurement, limit, alpha)])
    rows = tuple((claims.sign * at, limit) for at in candidates)
    claims = replace(claims, rows=rows)
    return _judged(count(claims), claims, limit, rule)


def _scale(measurement: Measurement, claims: Claims) -> Claims:
    """What the scores span, where it was guessed from the first ones; a lone -1 below 0 to 1 is no
    score."""
    if measurement.limits is not None:
        return claims
    spreads = [counts.spread for counts in measurement.kinds if counts.spread.n]
    if not spreads:
        return claims
    low, high = min(s.lowest for s in spreads), max(s.highest for s in spreads)
    above = min(s.second_lowest if s.lowest == SENTINEL else s.lowest for s in spreads)
    if measurement.sign > 0 and low == SENTINEL and above >= 0 and high <= 1:
        return replace(claims, lowest=0.0, highest=1.0)
    histogram = measurement.non_mated.histogram
    if low >= histogram.low and high <= histogram.high:
        return claims
    ends = sorted((measurement.sign * low, measurement.sign * high))
    return replace(claims, lowest=ends[0], highest=ends[1])


def _candidates(histogram: Histogram, limit: float, alpha: float) -> list[float]:
    """Round thresholds, ascending, from the lowest that might do to one that no score reaches."""
    n = histogram.n
    if not n or chance_of_at_most(0, n, limit) > alpha:
        return []
    most, none = int(limit * n) + 1, 0
    while most - none > 1:
        middle = (most + none) // 2
        most, none = (most, middle) if _few(middle, n, limit, alpha) else (middle, none)
    counts = reached(histogram) * n
    levels = np.unique(np.linspace(0, none, _LEVELS).round())
    places = [int(np.argmax(counts <= level + 0.5)) for level in levels]
    step = 10.0 ** math.floor(math.log10((histogram.high - histogram.low) / _FINENESS) + 1e-9)
    edges: Floats = histogram.edges
    return sorted({_rounded_up(float(edges[place]), step) for place in places})


def _few(k: int, n: int, limit: float, alpha: float) -> bool:
    return chance_of_at_most(k, n, limit) <= alpha


def _rounded_up(value: float, step: float) -> float:
    digits = max(0, round(-math.log10(step)))
    return round(math.ceil(value / step - 1e-6) * step, digits)


def _judged(measurement: Measurement, claims: Claims, limit: float, rule: Rule) -> Found:
    rates, alpha = claims.rates, rule.alpha
    audited = audit(measurement, rates)
    # The thresholds are found in these scores, so they are on their scale.
    found = [one for one in audited.objections if one.kind != SCALE]
    barring = [one.text for one in found if one.effect != Effect.SHOWN]
    reasons = unsupported(measurement, RunConditions()) + barring
    notes = tuple(one.text for one in audited.objections if one.effect == Effect.SHOWN)
    if reasons:
        return _not_shown(measurement, limit, alpha, reasons)
    rows = [replace(row, open_still=audited.hidden) for row in of_table(measurement, rates)]
    place = len(rows)
    while place and rows[place - 1].chance_of_so_few(rule) <= alpha:
        place -= 1
    if place == len(rows):
        reason = _too_few(measurement, limit, alpha, rows[-1].design_effect)
        return replace(_not_shown(measurement, limit, alpha, [reason]), notes=notes)
    row, threshold = rows[place], measurement.sign * rates.thresholds[place]
    fnmr, gfrr = (
        of_required(measurement, Requirement(measure=name, threshold=threshold, limit=0.5), rates)
        for name in ("fnmr", "gfrr")
    )
    if fnmr[1].n and fnmr[1].k == fnmr[1].n:
        reason = "It is shown only where no comparison of one person matches either."
        return replace(_not_shown(measurement, limit, alpha, [reason]), notes=notes)
    return Found(
        limit=limit,
        confidence=1 - alpha,
        threshold=threshold,
        n=row.n,
        people=measurement.shares(measurement.non_mated).people,
        k=row.k,
        upper=row.interval(rule).upper
        if rule.at_any_time
        else upper_bound(*row.at_most(limit), alpha),
        design_effect=row.design_effect,
        mated=measurement.mated.attempted,
        mated_people=gfrr[2] or fnmr[2],
        scored=fnmr[1].n,
        scored_people=fnmr[2],
        fnmr=_rate(fnmr[1], rule),
        gfrr=_rate(gfrr[1], rule),
        notes=notes,
    )


def _rate(seen: Evidence, rule: Rule) -> Rate | None:
    return seen.measured(rule) if seen.n else None


def _not_shown(measurement: Measurement, limit: float, alpha: float, reasons: list[str]) -> Found:
    counts = measurement.non_mated
    return Found(
        limit=limit,
        confidence=1 - alpha,
        threshold=None,
        n=counts.histogram.n,
        people=measurement.shares(counts).people if counts.histogram.n else 0,
        reasons=tuple(reasons),
    )


def _too_few(
    measurement: Measurement, limit: float, alpha: float, design_effect: float | None = None
) -> str:
    n = measurement.non_mated.histogram.n
    least = math.ceil(without_errors(limit, alpha) * (design_effect or 1))
    if n >= least:
        return "None keeps it if what may mark a failure, or was refused, were false matches."
    if design_effect is None:
        known = "where nobody is in two of them, else more"
    else:
        known = f"design effect {design_effect:.1f}"
    return (
        f"It takes at least {least:,} comparisons of different people without a false match "
        f"({known}); there are {n:,}."
    )
