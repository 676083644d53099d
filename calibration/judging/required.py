"""Judges what is required: of all comparisons, in each group, and between groups."""

from __future__ import annotations

import math
from dataclasses import replace

from calibration.counting.comparisons import Measurement
from calibration.judging.audit import Audit
from calibration.judging.findings import RequiredRow
from calibration.judging.group_counts import GroupCounts, label_kinds
from calibration.judging.requirements import (
    Requirement,
    Standard,
    evidence_for,
)
from calibration.objections import Effect
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.differentials import DifferentialEvidence
from calibration.statistics.intervals import ALPHA
from calibration.statistics.verdicts import Evidence, Judgement, Rule, Verdict, decide, judge
from verikit.contract import ErrorRates
from verikit.errors import WrongUse


def required_rows(  # noqa: PLR0913 - all that a row is made of
    measurement: Measurement,
    rates: ErrorRates,
    rule: Rule,
    standard: Standard | None,
    audited: Audit,
    *,
    barred: bool,
) -> list[RequiredRow]:
    """The required rates, judged together; unexplained refusals may be false matches.

    ``barred``: an objection prevents every verdict.
    """
    if standard is None:
        return []
    requirements = standard.requirements
    seen = [
        differential_evidence(measurement, one, rates, at_any_time=rule.at_any_time)
        if one.between_groups
        else evidence_for(measurement, one, rates.thresholds)
        for one in requirements
    ]
    rows = [
        (one, replace(row, open_still=row.open_still + audited.hidden * (one.measure == "fmr")), n)
        for one, (row, n) in zip(requirements, seen, strict=True)
    ]
    limits = limits_of(standard, rule)
    return _rows(rows, measurement.sign, rates, limits, audited, barred=barred)


def required_of_groups(  # noqa: PLR0913 - as above
    measurement: Measurement,
    rates: ErrorRates,
    rule: Rule,
    standard: Standard | None,
    audited: Audit,
    *,
    barred: bool,
) -> list[RequiredRow]:
    """Each required rate in each group, judged for all groups together.

    A group with few people is INCONCLUSIVE. ``barred``: an objection prevents every verdict.
    """
    found: list[RequiredRow] = []
    for one in standard.requirements if standard else ():
        groups = evidence_of_groups(measurement, one, rates.thresholds)
        few = [label for label, (_, people) in groups.items() if people < LEAST_PEOPLE]
        for some, closed in (([g for g in groups if g not in few], barred), (few, True)):
            rows = _rows(
                [(one, *groups[label]) for label in some],
                measurement.sign,
                rates,
                limits_of(standard, rule),
                audited,
                barred=closed,
            )
            found += [replace(row, group=label) for label, row in zip(some, rows, strict=True)]
    return found


def limits_of(standard: Standard | None, rule: Rule) -> Rule:
    """The rule for required rates, which have no tolerance."""
    alpha = 1 - standard.confidence if standard else rule.alpha
    return Rule(tolerance=1.0, alpha=alpha, at_any_time=rule.at_any_time)


def _rows(  # noqa: PLR0913 - as above
    rows: list[tuple[Requirement, Evidence, int]],
    sign: float,
    rates: ErrorRates,
    limits: Rule,
    audited: Audit,
    *,
    barred: bool,
) -> list[RequiredRow]:
    """Requirements, what was counted for each and of how many people, judged together."""
    doubtful = [
        audited.doubtful[rates.thresholds.index(sign * (one.threshold or math.nan))]
        if one.measure == "fmr"
        else 0
        for one, _, _ in rows
    ]
    judged = held([row for _, row, _ in rows], doubtful, limits, audited)
    return [
        RequiredRow(
            requirement=str(one),
            measure=one.measure,
            threshold=one.threshold,
            limit=one.limit,
            verdict=Verdict.INCONCLUSIVE if barred else judgement.verdict,
            k=row.k,
            open_still=row.open_still,
            n=row.n,
            rate=row.rate,
            interval=judgement.interval,
            people=people,
            design_effect=row.design_effect,
            still_needed=judgement.still_needed,
        )
        for (one, row, people), judgement in zip(rows, judged, strict=True)
    ]


def evidence_of_groups(
    measurement: Measurement, requirement: Requirement, thresholds: tuple[float, ...]
) -> dict[str, tuple[Evidence, int]]:
    """The evidence for a requirement in each group, and the number of its people.

    ``thresholds`` are those of the rows, negated if lower scores are closer.
    """
    if requirement.between_groups or measurement.look_alikes:
        return {}
    if requirement.of_refusals and not measurement.tells_refusals:
        return {}
    counts = GroupCounts(measurement, (), ALPHA)
    row = 0
    if requirement.measure != "fta":
        row = requirement.row(tuple(measurement.sign * threshold for threshold in thresholds))
    found = {}
    names = measurement.labels.names
    for number in label_kinds(names)[0]:
        one = counts.required(number, requirement, row)
        if one is not None:
            found[names[number]] = one
    return dict(sorted(found.items()))


def differential_evidence(
    measurement: Measurement,
    requirement: Requirement,
    rates: ErrorRates,
    *,
    at_any_time: bool,
) -> tuple[Evidence, int]:
    """The evidence for a required differential, and the people of the groups it includes.

    Groups with few people are left out.

    Raises:
        WrongUse: the comparisons have no groups.
    """
    names = measurement.labels.names
    if measurement.look_alikes:
        raise WrongUse(f"{requirement} does not go with --impostors look-alike.")
    within = label_kinds(names)[0]
    if len(within) < 2 and not measurement.groups_dropped:
        how = f"all are of {names[within[0]]}" if within else "add --groups TABLE (person,group)"
        raise WrongUse(f"{requirement} needs two groups: {how}.")
    row = requirement.row(tuple(measurement.sign * one for one in rates.thresholds))
    claimed = tuple(rate for _, rate in rates.rows)
    counts = GroupCounts(measurement, claimed, ALPHA)
    kind = measurement.mated if requirement.of_mated else measurement.non_mated
    able = [number for number in within if counts.shares(kind, [number]).people >= LEAST_PEOPLE]
    limit, people = requirement.limit, 0
    if len(able) < 2:
        nobody = DifferentialEvidence(claimed=limit, k=0, n=0, rates_at=lambda _: ())
        return nobody, people
    bounds, k, n = [], 0, 0
    for number in able:
        bound, shares = counts.bound(kind, number, row, at_any_time=at_any_time)
        bounds.append(bound)
        k += round(float(shares.events[row].sum()) / shares.per_comparison)
        n, people = n + round(shares.comparisons), people + shares.people
    evidence = DifferentialEvidence(
        claimed=limit,
        k=k,
        n=n,
        rates_at=lambda alpha: [bound(alpha / len(bounds)) for bound in bounds],
    )
    return evidence, people


def held(rows: list[Evidence], doubtful: list[int], rule: Rule, audited: Audit) -> list[Judgement]:
    """Judge rows; a FAIL must hold without ``doubtful`` events, which wrong labels explain."""
    at_least = decide([row.without(few) for row, few in zip(rows, doubtful, strict=True)], rule)
    held = {
        Verdict.PASS: [not audited.has(Effect.NO_PASS)] * len(rows),
        Verdict.FAIL: [verdict == Verdict.FAIL for verdict in at_least],
        Verdict.INCONCLUSIVE: [True] * len(rows),
    }
    return [
        found if held[found.verdict][place] else replace(found, verdict=Verdict.INCONCLUSIVE)
        for place, found in enumerate(judge(rows, rule))
    ]
