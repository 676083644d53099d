"""Error rates by group and across groups, and the differentials between groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from calibration.counting.comparisons import Measurement
from calibration.counting.groups import ACROSS, LOOK_ALIKE, OTHERS
from calibration.judging.findings import GroupDifferential, GroupRow, ImpostorRow, Impostors
from calibration.judging.group_counts import (
    ACROSS_ALL,
    WITHIN,
    GroupCounts,
    label_kinds,
)
from calibration.statistics.differentials import (
    against_random,
    differentials,
    same_group,
)
from calibration.statistics.intervals import Interval
from calibration.statistics.verdicts import Evidence, Rule, Verdict


def groups(
    measurement: Measurement,
    place: int,
    claimed: tuple[float, ...],
    judged: Callable[[list[Evidence], list[GroupRow]], list[Verdict]],
    rule: Rule,
) -> list[GroupRow]:
    """The rates of each label, then of all labels within a group and of all across groups.

    Args:
        measurement: the counts.
        place: the index of the row that is judged in each group, all groups together; a group
            with few people is INCONCLUSIVE.
        claimed: the claimed rate of each row.
        judged: the verdicts on the evidence of several groups at that row, and their rates at all.
        rule: the intervals hold at its confidence, each by itself.
    """
    names = measurement.labels.names
    within, across = label_kinds(names)
    if measurement.look_alikes or not within + across:
        return []
    counts = GroupCounts(measurement, claimed, rule)
    rows = [counts.row(names[number], [number]) for number in within + across]
    able = [
        row
        for row in rows
        if not row.across and counts.enough(measurement.non_mated, [names.index(row.label)])
    ]
    verdicts = judged([counts.evidence(names.index(row.label), place) for row in able], able)
    verdict_of = {row.label: verdict for row, verdict in zip(able, verdicts, strict=True)}
    rows = [
        row if row.across
        else replace(row, verdict=verdict_of.get(row.label, Verdict.INCONCLUSIVE))
        for row in rows
    ]  # fmt: skip
    totals = [(WITHIN, within), (ACROSS_ALL, across)]
    return sorted(rows, key=lambda row: (row.across, row.label)) + [
        counts.row(label, numbers) for label, numbers in totals if numbers
    ]


def matrix(rows: list[GroupRow]) -> list[list[GroupRow | None]]:
    """A square matrix of the rows of every two groups, in the order of their names."""
    names = [row.label for row in rows if row.verdict is not None]
    found = {row.label: row for row in rows}
    return [[found.get(a if a == b else ACROSS.join(sorted((a, b)))) for b in names] for a in names]


def group_differentials(
    measurement: Measurement, rows: list[GroupRow], place: int, claimed: tuple[float, ...],
    rule: Rule,
) -> list[GroupDifferential]:  # fmt: skip
    """The ratios of the groups' FMR and FNMR at the row ``place``, without groups of few people."""
    names, found = measurement.labels.names, []
    if not rows:
        return []
    own = [row for row in rows if row.verdict is not None]
    every = GroupCounts(measurement, claimed, rule)
    for measure, kind in (("FMR", measurement.non_mated), ("FNMR", measurement.mated)):
        able = [row.label for row in own if every.enough(kind, [names.index(row.label)])]
        if len(able) < 2:
            continue
        counts = GroupCounts(measurement, claimed, replace(rule, alpha=rule.alpha / len(able)))
        rates = [counts.rates(kind, [names.index(label)])[place] for label in able]
        left_out = [row.label for row in own if row.label not in able]
        found += [
            GroupDifferential(
                measure=measure,
                ratio=one.ratio,
                value=one.value,
                interval=one.interval,
                differ=one.interval.lower > 1,
                highest=able[int(np.argmax([rate.rate for rate in rates]))]
                if any(rate.rate for rate in rates)
                else "",
                left_out=left_out,
            )
            for one in differentials(rates)
        ]
    return found + _same_group(measurement, place, claimed, rule)


def _same_group(
    measurement: Measurement, place: int, claimed: tuple[float, ...], rule: Rule
) -> list[GroupDifferential]:
    """People of one group against people of two, the FMR of each."""
    within, across = label_kinds(measurement.labels.names)
    counts = GroupCounts(measurement, claimed, replace(rule, alpha=rule.alpha / 2))
    non_mated = measurement.non_mated
    if not (across and within and all(counts.enough(non_mated, n) for n in (within, across))):
        return []
    one = same_group(*(counts.rates(non_mated, numbers)[place] for numbers in (within, across)))
    return [
        GroupDifferential(
            measure="FMR",
            ratio=one.ratio,
            value=one.value,
            interval=one.interval,
            differ=one.interval.lower > 1,
            highest="",
            left_out=[],
        )
    ]


def chosen_impostors(
    measurement: Measurement, claimed: tuple[float, ...], rule: Rule
) -> Impostors | None:
    """The FMR of impostors of the same group, or of look-alikes, divided by that of random pairs.

    None for random impostors. The two rates of a ratio are each bounded at alpha / 2, so both hold
    together; each row is bounded by itself.
    """
    chosen, names = measurement.impostors, measurement.labels.names
    if chosen is None:
        return None
    share, kinds = chosen.share, label_kinds(names)
    if measurement.look_alikes:
        kinds = [measurement.labels[LOOK_ALIKE]], [measurement.labels[OTHERS]]
    counts = GroupCounts(measurement, claimed, replace(rule, alpha=rule.alpha / 2))
    within, across = (counts.row("", numbers) for numbers in kinds)
    few = not all(counts.enough(measurement.non_mated, numbers) for numbers in kinds)
    rows = []
    for place, threshold in enumerate(measurement.thresholds):
        found = same_group(within.fmr[place], across.fmr[place])
        ends = found.interval
        low, value, high = (
            against_random(ratio, share) for ratio in (ends.lower, found.value, ends.upper)
        )
        rows.append(
            ImpostorRow(
                threshold=measurement.sign * threshold,
                k=within.k[place],
                k_across=across.k[place],
                factor=value,
                interval=Interval(0.0, 1 / share) if few else Interval(low, high),
            )
        )
    return Impostors(
        kind=chosen.kind,
        share=share,
        n=within.n,
        people=within.people,
        n_across=across.n,
        rows=rows,
    )
