"""Turns counts into findings: rates with their intervals, and verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.counting.histogram import FULL
from calibration.error_sources import groups, listed, most_false_matches
from calibration.findings import (
    Acquired,
    Extrapolated,
    Findings,
    OperatingPoint,
    Row,
)
from calibration.statistics import tail
from calibration.statistics.dependence import design_effects
from calibration.statistics.det import crossing, equal_error_rate, threshold_for
from calibration.statistics.intervals import Interval, Rate, measured
from calibration.statistics.verdicts import Evidence, Judgement, Rule, Verdict, judge, overall
from verikit.contract import ErrorRates

MOST_NOT_MEASURED = 0.01
"""The share of comparisons without an answer above which a run cannot PASS."""
LEAST_PEOPLE = 30
"""The design effect is a variance over people: fewer give no estimate worth the name."""


@dataclass(frozen=True, kw_only=True)
class RunConditions:
    """What the numbers do not know: whether the run is whole, and whether the data can judge."""

    complete: bool = True
    supports_rates: bool = True
    up_to: float = math.inf


def find(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions
) -> Findings:
    """Everything that the counts say of the documented table."""
    fitted = _tail(measurement, evidence(measurement, rates))
    objections = unsupported(measurement, conditions)
    rows = _rows(measurement, rates, rule, 0.0 if objections else conditions.up_to, fitted)
    remarks = objections + _incomplete(measurement, conditions)
    verdict = overall([row.verdict for row in rows if row.judged])
    if remarks and verdict == Verdict.PASS:
        verdict = Verdict.INCONCLUSIVE
    non_mated, mated = measurement.kinds
    return Findings(
        verdict=verdict,
        complete=not remarks,
        remarks=remarks,
        rule=rule,
        rows=rows,
        equal_error=_equal_error(measurement),
        operating_points=[_operating_point(measurement, rate) for _, rate in rates.rows],
        acquired=_acquired(measurement),
        non_mated=non_mated.histogram.n,
        mated=mated.histogram.n,
        people=non_mated.people.shares().people,
        refused=dict(sorted(measurement.codes.items())),
        not_measured=measurement.not_measured,
        decimals=_decimals(measurement),
        ties=int((non_mated.histogram.matches - non_mated.histogram.above).sum()),
        groups=groups(measurement),
        highest_non_mated=listed(measurement, non_mated),
        lowest_mated=listed(measurement, mated),
        most_false_matches=most_false_matches(measurement),
        tail=fitted,
    )


def evidence(measurement: Measurement, rates: ErrorRates) -> list[Evidence]:
    """What was counted for each row, with its design effect."""
    histogram, shares = measurement.non_mated.histogram, measurement.non_mated.people.shares()
    claimed = tuple(rate for _, rate in rates.rows)
    effects = design_effects(shares, claimed) if histogram.n else [1.0] * len(claimed)
    return [
        Evidence(claimed=rate, k=int(k), n=histogram.n, design_effect=effect)
        for rate, k, effect in zip(claimed, histogram.matches, effects, strict=True)
    ]


def _rows(
    measurement: Measurement, rates: ErrorRates, rule: Rule, up_to: float, fitted: tail.Tail | None
) -> list[Row]:
    """Rows beyond ``up_to`` are judged by themselves, so they cost the others nothing."""
    seen = evidence(measurement, rates)
    mated = measurement.mated
    false_non_match = _rates(mated, mated.histogram.n)
    false_rejection = _rates(mated, mated.attempted, mated.failed)
    judged = sum(threshold <= up_to for threshold in rates.thresholds)
    judgements = judge(seen[:judged], rule) + judge(seen[judged:], rule)
    return [
        Row(
            threshold=rates.thresholds[place],
            measured_at=measurement.thresholds[place],
            claimed=row.claimed,
            verdict=judgement.verdict,
            judged=place < judged,
            k=row.k,
            n=row.n,
            fmr=row.k / max(row.n, 1),
            interval=judgement.interval,
            design_effect=row.design_effect,
            still_needed=judgement.still_needed,
            extrapolated=_extrapolated(fitted, measurement.thresholds[place], row, judgement),
            k_above=int(measurement.non_mated.histogram.above[place]),
            sensitivity=_sensitivity(row.k, measurement.non_mated),
            gfar=row.k / max(measurement.non_mated.attempted, 1),
            fnmr=false_non_match[place],
            tmr=false_non_match[place].complement,
            gfrr=false_rejection[place],
        )
        for place, (row, judgement) in enumerate(zip(seen, judgements, strict=True))
    ]


def _sensitivity(k: int, counts: ComparisonCounts) -> Interval:
    attempted = max(counts.attempted, 1)
    return Interval(k / attempted, (k + counts.failed) / attempted)


def _rates(counts: ComparisonCounts, n: int, failed: int = 0) -> list[Rate]:
    """Events and failed comparisons among n, for each row."""
    effects = _effects(counts)
    return [measured(int(k) + failed, n, e) for k, e in zip(counts.events, effects, strict=True)]


def unsupported(measurement: Measurement, conditions: RunConditions) -> list[str]:
    """Why these comparisons support no verdict at all."""
    if not conditions.supports_rates:
        return ["These photos support no error rate: they only try the machinery."]
    people = measurement.non_mated.people.shares().people
    if people < LEAST_PEOPLE:
        return [
            f"Only {people} people take part: with fewer than {LEAST_PEOPLE} nobody can tell "
            "how much comparisons depend on who is in them."
        ]
    return []


def _incomplete(measurement: Measurement, conditions: RunConditions) -> list[str]:
    """Why these comparisons cannot PASS, whatever they are."""
    remarks = []
    if not conditions.complete:
        remarks.append("The run was interrupted: start it again with the same command to go on.")
    asked = sum(counts.attempted for counts in measurement.kinds) + measurement.not_measured
    if measurement.not_measured > MOST_NOT_MEASURED * asked:
        remarks.append(f"{measurement.not_measured} of {asked} comparisons brought no answer.")
    return remarks


def _effects(counts: ComparisonCounts) -> list[float]:
    if not counts.histogram.n:
        return [1.0] * len(counts.histogram.thresholds)
    return design_effects(counts.people.shares())


def _tail(measurement: Measurement, rows: list[Evidence]) -> tail.Tail | None:
    """Fitted at 1e-3, with the design effect of the row that lies nearest."""
    nearest = min(rows, key=lambda row: abs(math.log(row.claimed / tail.RATE_AT_FIT)))
    return tail.fit(measurement.non_mated.histogram, nearest.design_effect)


def _extrapolated(
    fitted: tail.Tail | None, threshold: float, row: Evidence, judgement: Judgement
) -> Extrapolated | None:
    if fitted is None or judgement.verdict != Verdict.INCONCLUSIVE:
        return None
    return Extrapolated(
        label=tail.extrapolate(fitted, threshold, row.claimed),
        rate=fitted.rate_at(threshold),
        interval=fitted.interval_at(threshold),
    )


def _equal_error(measurement: Measurement) -> Rate | None:
    non_mated, mated = measurement.kinds
    if not (non_mated.histogram.n and mated.histogram.n):
        return None
    row = _nearest(measurement, crossing(non_mated.histogram, mated.histogram))
    effects = _effects(non_mated)[row], _effects(mated)[row]
    return equal_error_rate(non_mated.histogram, mated.histogram, effects)


def _nearest(measurement: Measurement, threshold: float) -> int:
    """The row whose threshold is nearest: its design effects hold for what lies between rows."""
    return int(np.argmin(np.abs(np.array(measurement.thresholds) - threshold)))


def _operating_point(measurement: Measurement, fmr: float) -> OperatingPoint:
    non_mated, mated = measurement.kinds
    threshold = threshold_for(non_mated.histogram, fmr)
    if threshold is None or not mated.histogram.n:
        return OperatingPoint(fmr=fmr, threshold=threshold, tmr=None)
    edges = mated.histogram.edges
    first = int(np.searchsorted(edges, threshold))
    matches = int(mated.histogram.bins[first:].sum())
    effect = _effects(mated)[_nearest(measurement, threshold)]
    rate = measured(matches, mated.histogram.n, effect)
    return OperatingPoint(fmr=fmr, threshold=threshold, tmr=rate)


def _acquired(measurement: Measurement) -> Acquired:
    result = measurement.acquirer.result()
    names = measurement.identities.photos.names
    return Acquired(
        tried=result.tried,
        failed=[names[photo] for photo in result.failed],
        left_open=[names[photo] for photo in result.open_],
        rate=measured(len(result.failed), result.tried) if result.tried else None,
    )


def _decimals(measurement: Measurement) -> int | None:
    decimals = max(counts.rounding.decimals for counts in measurement.kinds)
    return None if decimals == FULL else decimals
