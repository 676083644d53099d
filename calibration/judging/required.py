"""Judges what is required: of all comparisons, in each group, and between groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from calibration.counting.comparisons import Measurement
from calibration.judging.audit import Audit
from calibration.judging.evidence import of_required
from calibration.judging.findings import RequiredRow
from calibration.judging.group_counts import GroupCounts, label_kinds
from calibration.judging.requirements import Requirement, Standard
from calibration.objections import Effect
from calibration.statistics.dependence import LEAST_PEOPLE, spreads
from calibration.statistics.differentials import DifferentialEvidence
from calibration.statistics.planning import comparisons_of, people_for
from calibration.statistics.strata import StratifiedEvidence
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
    limits = limits_of(standard, rule)
    rows = []
    for one in requirements:
        if one.between_groups:
            rows.append((one, *differential_evidence(measurement, one, rates, limits)))
            continue
        judged, read, people = of_required(measurement, one, rates)
        if one.measure == "fmr":
            judged, read = (replace(row, open_still=audited.hidden) for row in (judged, read))
        rows.append((one, judged, read, people))
    found = _rows(rows, measurement.sign, rates, limits, audited, barred=barred)
    short = [place for place, row in enumerate(found) if row.measure == "fmr" and row.still_needed]
    if short:
        claimed = tuple(rate for _, rate in rates.rows)
        spread = spreads(measurement.shares(measurement.non_mated), claimed)
    for place in short:
        one, evidence = rows[place][:2]
        at = one.row(tuple(measurement.sign * threshold for threshold in rates.thresholds))
        needed = people_needed(measurement, evidence, found[place].still_needed, limits, spread[at])
        found[place] = replace(found[place], people_needed=needed)
    return found


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
    counts, names = GroupCounts(measurement, (), rule), measurement.labels.names
    for one in standard.requirements if standard else ():
        groups = evidence_of_groups(measurement, one, rates)
        few = [
            label
            for label, (*_, people) in groups.items()
            if people < LEAST_PEOPLE
            or (
                one.measure == "fmr"
                and not counts.enough(measurement.non_mated, [names.index(label)])
            )
        ]
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
    rows: list[tuple[Requirement, Evidence, Evidence, int]],
    sign: float,
    rates: ErrorRates,
    limits: Rule,
    audited: Audit,
    *,
    barred: bool,
) -> list[RequiredRow]:
    """Requirements judged together; for each the evidence as judged, that of the rate alone, and
    its people."""
    doubtful = [
        audited.doubtful[rates.thresholds.index(sign * (one.threshold or math.nan))]
        if one.measure == "fmr"
        else 0
        for one, *_ in rows
    ]
    judged = held([row for _, row, _, _ in rows], doubtful, limits, audited)
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
            interval=read.interval(limits),
            confidence=limits.confidence,
            people=people,
            design_effect=row.design_effect,
            still_needed=judgement.still_needed,
        )
        for (one, row, read, people), judgement in zip(rows, judged, strict=True)
    ]


def evidence_of_groups(
    measurement: Measurement, requirement: Requirement, rates: ErrorRates
) -> dict[str, tuple[Evidence, Evidence, int]]:
    """As ``of_required``, in each group."""
    if requirement.between_groups or measurement.look_alikes:
        return {}
    if requirement.of_refusals and not measurement.tells_refusals:
        return {}
    counts = GroupCounts(measurement, tuple(rate for _, rate in rates.rows), Rule())
    row = 0
    if requirement.measure != "fta":
        row = requirement.row(tuple(measurement.sign * one for one in rates.thresholds))
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
    rule: Rule,
) -> tuple[Evidence, Evidence, int]:
    """As ``of_required``, of the groups together, without groups of few people.

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
    counts = GroupCounts(measurement, tuple(rate for _, rate in rates.rows), rule)
    kind = measurement.mated if requirement.of_mated else measurement.non_mated
    able = [number for number in within if counts.enough(kind, [number])]
    limit = requirement.limit
    if len(able) < 2:
        nobody = DifferentialEvidence(claimed=limit, k=0, n=0, rates_at=lambda _: ())
        return nobody, nobody, 0
    both = [counts.differing(kind, number, row) for number in able]

    def of(groups: Sequence[Evidence]) -> DifferentialEvidence:
        return DifferentialEvidence(
            claimed=limit,
            k=sum(one.k for one in groups),
            n=sum(one.n for one in groups),
            rates_at=lambda alpha: [
                one.measured(replace(rule, alpha=alpha / len(groups))) for one in groups
            ],
        )

    judged, read = map(of, zip(*both, strict=True))
    return judged, read, sum(counts.shares(kind, [number]).people for number in able)


def people_needed(
    measurement: Measurement, row: Evidence, more: int, rule: Rule, spread: float
) -> int:
    """How many people an FMR takes, 0 if these can provide ``more`` non-mated comparisons.

    ``spread`` is that of people's false match rates (``dependence.spreads``).
    """
    people = measurement.shares(measurement.non_mated).people
    if not (measurement.non_mated.histogram.n and people):
        return 0
    if isinstance(row, StratifiedEvidence):
        pairs = math.comb(len(measurement.identities.photos.names), 2)
        return 0 if 0 < more <= pairs - row.n else row.people_needed(people, rule)
    limit = rule.tolerance * row.claimed
    effective = (row.n + more) / row.effect_at(limit)
    able = not more or math.isfinite(comparisons_of(people, effective, limit, spread))
    return 0 if able else people_for(effective, limit, spread)


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
