"""Turns counts into findings: rates with their intervals, and verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from calibration.counting.comparisons import Measurement
from calibration.counting.histogram import FULL
from calibration.counting.identities import Origin
from calibration.judging.audit import Audit, audit, fits_wrong_labels
from calibration.judging.by_group import (
    chosen_impostors,
    group_differentials,
    groups,
)
from calibration.judging.conditions import RunConditions, incomplete, unsupported
from calibration.judging.curves import equal_error, fitted_tail, operating_points
from calibration.judging.error_sources import listed, most_false_matches
from calibration.judging.evidence import of_photos, of_table, with_refused
from calibration.judging.findings import (
    Acquired,
    Findings,
    GroupRow,
)
from calibration.judging.required import held, limits_of, required_of_groups, required_rows
from calibration.judging.requirements import Standard
from calibration.judging.table_rows import judged_rows, judged_together, table_rows
from calibration.objections import Effect, Objection
from calibration.statistics.verdicts import (
    Evidence,
    Rule,
    Verdict,
    overall,
)
from calibration.terms import Terms
from verikit.contract import ErrorRates


def find(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions
) -> Findings:
    """All findings on the documented table."""
    audited = _audited(measurement, rates, rule, conditions)
    fitted = fitted_tail(measurement, of_table(measurement, rates))
    reasons = unsupported(measurement, conditions)
    barred = bool(reasons) or audited.has(Effect.NO_VERDICT)
    up_to = -math.inf if barred else conditions.up_to
    rows = table_rows(measurement, rates, rule, up_to, fitted, audited)
    remarks = reasons + incomplete(measurement, conditions)
    required = required_rows(measurement, rates, rule, conditions.standard, audited, barred=barred)
    table_verdict = _overall([row.verdict for row in rows if row.judged], remarks)
    people = measurement.identities.people()
    non_mated, mated = measurement.kinds
    of_mated = measurement.shares(mated)
    operating = min(
        range(len(rows)),
        key=lambda place: abs(rates.thresholds[place] - rates.recommended_above),
    )
    claimed = tuple(rate for _, rate in rates.rows)

    def judged(seen: list[Evidence], of_rows: list[GroupRow]) -> list[Verdict]:
        true = mated.histogram.matches / max(mated.histogram.n, 1)
        doubtful = [
            audited.doubtful[operating]
            if fits_wrong_labels(np.array(row.k), row.n, np.array(claimed), true, operating)
            else people.together
            for row in of_rows
        ]
        found = held(seen, doubtful, rule, audited)
        return [Verdict.INCONCLUSIVE if barred else one.verdict for one in found]

    by_group = groups(measurement, operating, claimed, judged, rule)
    return Findings(
        verdict=_overall([row.verdict for row in required], remarks) if required else table_verdict,
        table_verdict=table_verdict,
        standard=conditions.standard,
        required=required,
        required_of_groups=required_of_groups(
            measurement, rates, rule, conditions.standard, audited, barred=barred
        ),
        complete=not remarks,
        remarks=remarks,
        rule=rule,
        up_to=conditions.up_to,
        review=conditions.review,
        rows=rows,
        operating=operating,
        supports_rates=conditions.supports_rates,
        equal_error=equal_error(measurement, rates, rule),
        operating_points=operating_points(measurement, rates, rule),
        acquired=_acquired(measurement, rule),
        non_mated=non_mated.histogram.n,
        mated=mated.histogram.n,
        refused_non_mated=non_mated.failed,
        refused_mated=mated.failed,
        mated_people=of_mated.people,
        attempted_people=with_refused(of_mated, mated.refused(people.person)).people,
        people=measurement.shares(non_mated).people,
        people_given=people.given,
        people_inferred=people.inferred,
        people_from=people.how,
        people_unknown=people.origin == Origin.UNKNOWN,
        objections=[
            *audited.objections,
            *_other_terms(measurement, rates, rule, conditions, table_verdict),
        ],
        refused=dict(sorted(measurement.codes.items())),
        not_measured=measurement.not_measured,
        unanswered_mated=mated.unanswered,
        troubles=dict(conditions.troubles),
        decimals=_decimals(measurement),
        ties=int((non_mated.histogram.matches - non_mated.histogram.above).sum()),
        groups=by_group,
        clusters=conditions.clusters,
        impostors=chosen_impostors(measurement, claimed, rule),
        differentials=group_differentials(measurement, by_group, operating, claimed, rule),
        highest_non_mated=listed(measurement, non_mated),
        lowest_mated=listed(measurement, mated),
        most_false_matches=most_false_matches(measurement),
        tail=fitted,
    )


def _audited(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions
) -> Audit:
    """The audit; where a person looked at every false match of a row, no label is in doubt."""
    audited = audit(
        measurement,
        _strictest(rates, measurement.sign, conditions.standard),
        rule=replace(rule, alpha=max(rule.alpha, limits_of(conditions.standard, rule).alpha)),
        known_direction=conditions.known_direction,
        found=conditions.objections,
    )
    review = conditions.review
    if review is None:
        return audited
    told = Objection(kind="review", effect=Effect.SHOWN, text=str(review))
    rest = [one for one in audited.objections if one.kind != "label noise" or not any(review.rows)]
    doubtful = zip(audited.doubtful, review.rows, strict=True)
    return replace(
        audited,
        objections=(*rest, told),
        doubtful=tuple(0 if looked else few for few, looked in doubtful),
    )


def _strictest(rates: ErrorRates, sign: float, standard: Standard | None) -> ErrorRates:
    """The claimed rates, or required ones that are lower: wrong labels may break either."""
    limits = {
        sign * one.threshold: one.limit
        for one in (standard.requirements if standard else ())
        if one.measure == "fmr" and one.threshold is not None
    }
    rows = tuple((at, min(rate, limits.get(at, rate))) for at, rate in rates.rows)
    return replace(rates, rows=rows)


def _other_terms(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions, now: Verdict
) -> list[Objection]:
    """What other terms say: those that a run was begun on, and the usual ones where they FAIL."""
    ours = Terms(up_to=conditions.up_to, tolerance=rule.tolerance, confidence=rule.confidence)
    found = []
    for terms in dict.fromkeys((conditions.begun or ours, Terms())):
        begun = terms == conditions.begun
        if terms == ours:
            continue
        verdict = verdict_on(
            measurement,
            rates,
            replace(rule, tolerance=terms.tolerance, alpha=round(1 - terms.confidence, 12)),
            replace(conditions, up_to=terms.up_to, standard=None),
        )
        if begun or (verdict == Verdict.FAIL and verdict != now):
            how = "This run was begun to judge" if begun else "Judged as is usual,"
            text = f"{how} {terms}: so the verdict is {verdict}."
            found.append(Objection(kind="other terms", effect=Effect.SHOWN, text=text))
    return found


def verdict_on(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions
) -> Verdict:
    """The verdict alone: on what is required, or else on the table."""
    audited = _audited(measurement, rates, rule, conditions)
    if unsupported(measurement, conditions) or audited.has(Effect.NO_VERDICT):
        return Verdict.INCONCLUSIVE
    remarks = incomplete(measurement, conditions)
    if required := required_rows(
        measurement, rates, rule, conditions.standard, audited, barred=False
    ):
        return _overall([row.verdict for row in required], remarks)
    seen = of_table(measurement, rates)
    judged = judged_rows(measurement.sign, rates, conditions.up_to)
    rows = judged_together(seen, judged, rule, audited)[:judged]
    return _overall([row.verdict for row in rows], remarks)


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """The evidence of a run: for each row its counts, and how many false matches are in doubt.

    ``unsupported`` says why it supports no verdict, ``reasons`` why it cannot PASS.
    """

    rows: list[tuple[Evidence, int]]
    objections: tuple[Objection, ...]
    unsupported: list[str]
    reasons: list[str]


def weighed(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions
) -> Weighed:
    """The evidence of a run as it is judged."""
    audited, barring = (
        _audited(measurement, rates, rule, conditions),
        unsupported(measurement, conditions),
    )
    rows = [replace(row, open_still=audited.hidden) for row in of_table(measurement, rates)]
    return Weighed(
        rows=list(zip(rows, audited.doubtful, strict=True)),
        objections=audited.objections,
        unsupported=barring,
        reasons=barring + incomplete(measurement, conditions),
    )


def _overall(verdicts: list[Verdict], remarks: list[str]) -> Verdict:
    verdict = overall(verdicts)
    return Verdict.INCONCLUSIVE if remarks and verdict == Verdict.PASS else verdict


def _acquired(measurement: Measurement, rule: Rule) -> Acquired:
    result = measurement.acquisition()
    names = measurement.identities.photos.names
    evidence, _ = of_photos(measurement.identities.people().person, result)
    return Acquired(
        tried=result.tried,
        failed=[names[photo] for photo in result.failed],
        left_open=[names[photo] for photo in np.append(result.open_, result.unanswered)],
        rate=evidence.measured(rule) if result.tried else None,
    )


def _decimals(measurement: Measurement) -> int | None:
    decimals = max(counts.rounding.decimals for counts in measurement.kinds)
    return None if decimals == FULL else decimals
