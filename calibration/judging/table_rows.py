"""The rows of the documented table: the evidence for each, its rates, and its verdict."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from calibration.counting.comparisons import Measurement
from calibration.judging.audit import Audit
from calibration.judging.evidence import of_customers, of_table
from calibration.judging.findings import Extrapolated, Row
from calibration.judging.required import held, people_needed
from calibration.statistics import tail
from calibration.statistics.dependence import spreads
from calibration.statistics.intervals import Interval
from calibration.statistics.strata import StratifiedEvidence
from calibration.statistics.verdicts import Evidence, Judgement, Rule, Verdict
from verikit.contract import ErrorRates


def table_rows(  # noqa: PLR0913, PLR0917 - all that a row is made of
    measurement: Measurement,
    rates: ErrorRates,
    rule: Rule,
    up_to: float,
    fitted: tail.Tail | None,
    audited: Audit,
) -> list[Row]:
    """The rows of the table; those beyond ``up_to`` get no verdict, but what they would need."""
    seen = of_table(measurement, rates)
    false_non_match, false_rejection = (
        [row.measured(rule) for row in of_customers(measurement, refused=refused)]
        for refused in (False, True)
    )
    by_pair = measurement.fmr_by_pair_of_people().tolist()
    by_person = _by_person(measurement)
    judged = judged_rows(measurement.sign, rates, up_to)
    judgements = judged_together(seen, judged, rule, audited)
    return [
        Row(
            threshold=measurement.sign * rates.thresholds[place],
            measured_at=measurement.thresholds[place],
            claimed=row.claimed,
            verdict=judgement.verdict if place < judged else Verdict.INCONCLUSIVE,
            judged=place < judged,
            k=row.k,
            n=row.n,
            fmr=row.rate,
            interval=judgement.interval,
            design_effect=row.design_effect,
            still_needed=judgement.still_needed,
            people_needed=people,
            answers_missing=judgement.answers_missing,
            extrapolated=_extrapolated(fitted, measurement.thresholds[place], row, judgement),
            k_above=int(measurement.non_mated.histogram.above[place]),
            sensitivity=sensitivity,
            gfar=sensitivity.lower,
            fnmr=false_non_match[place],
            tmr=false_non_match[place].complement,
            gfrr=false_rejection[place],
            fmr_by_pair_of_people=by_pair[place],
            fnmr_by_person=by_person[place],
        )
        for place, (row, judgement, people, sensitivity) in enumerate(
            zip(
                seen,
                judgements,
                _people_needed(measurement, seen, judgements, rule),
                _sensitivities(measurement, seen),
                strict=True,
            )
        )
    ]


def judged_rows(sign: float, rates: ErrorRates, up_to: float) -> int:
    """How many rows are judged; ``sign`` is -1 if lower scores are closer."""
    limit = up_to if math.isinf(up_to) else sign * up_to
    return sum(threshold <= limit for threshold in rates.thresholds)


def judged_together(
    rows: list[Evidence], judged: int, rule: Rule, audited: Audit
) -> list[Judgement]:
    """Judge the first ``judged`` rows together, and the others by themselves.

    So rows that are not judged cost the others nothing.
    """
    rows = [replace(row, open_still=audited.hidden) for row in rows]
    doubtful = list(audited.doubtful)
    return held(rows[:judged], doubtful[:judged], rule, audited) + held(
        rows[judged:], doubtful[judged:], rule, audited
    )


def _by_person(measurement: Measurement) -> list[float]:
    """The mean FNMR of people at each row; NaN where there are no mated comparisons."""
    shares = measurement.shares(measurement.mated)
    if not (measurement.mated.histogram.n and shares.people):
        return [math.nan] * len(measurement.thresholds)
    some = np.flatnonzero(shares.tried)
    means: list[float] = (shares.events[:, some] / shares.tried[some]).mean(axis=1).tolist()
    return means


def _people_needed(
    measurement: Measurement, rows: list[Evidence], judgements: list[Judgement], rule: Rule
) -> list[int]:
    """For each row how many people it takes, where more comparisons of these would not do."""
    claimed = tuple(row.claimed for row in rows)
    shares = measurement.shares(measurement.non_mated)
    if not (measurement.non_mated.histogram.n and shares.people):
        return [0] * len(rows)
    return [
        0
        if one.verdict != Verdict.INCONCLUSIVE or one.answers_missing
        else people_needed(measurement, row, one.still_needed, rule, spread)
        for row, one, spread in zip(rows, judgements, spreads(shares, claimed), strict=True)
    ]


def _sensitivities(measurement: Measurement, rows: list[Evidence]) -> list[Interval]:
    """The FMR of each row if all refused comparisons were non-matches, and if all were matches; NaN
    if nothing tells which were refused."""
    counts = measurement.non_mated
    if not measurement.tells_refusals:
        return [Interval(math.nan, math.nan)] * len(rows)
    found = []
    for row in rows:
        strata = [(1.0, row, counts.failed)]
        if isinstance(row, StratifiedEvidence):
            refused = measurement.refused_strata()
            weights = (row.share, 1 - row.share)
            strata = list(zip(weights, (row.top, row.rest), refused, strict=True))
        tried = [(weight, one.k, one.n + failed, failed) for weight, one, failed in strata]
        ends = [
            sum(weight * (k + more * failed) / max(n, 1) for weight, k, n, failed in tried)
            for more in (0, 1)
        ]
        found.append(Interval(*ends))
    return found


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
