"""Where errors come from: by group, by person, and the single comparisons to look at."""

from __future__ import annotations

import numpy as np

from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.counting.groups import ACROSS
from calibration.findings import GroupRow, Listed, MostFalseMatches
from calibration.statistics.intervals import measured


def groups(measurement: Measurement) -> list[GroupRow]:
    """Error rates by label, then over all labels within a group and across groups."""
    names = measurement.labels.names
    rows = [_group(measurement, label, [number]) for number, label in enumerate(names)]
    within = [number for number, label in enumerate(names) if ACROSS not in label]
    across = [number for number, label in enumerate(names) if ACROSS in label]
    totals = [("within a group", within), ("across groups", across)]
    return sorted(rows, key=lambda row: (row.across, row.label)) + [
        _group(measurement, label, numbers) for label, numbers in totals if names and numbers
    ]


def _group(measurement: Measurement, label: str, numbers: list[int]) -> GroupRow:
    counts = []
    for mated in (False, True):
        groups = measurement.groups[mated]
        known = [number for number in numbers if number < groups.n.size]
        counts.append((int(groups.n[known].sum()), groups.events[known].sum(axis=0).tolist()))
    (n, matches), (mated_n, non_matches) = counts
    return GroupRow(
        label=label,
        across=ACROSS in label or label == "across groups",
        n=n,
        fmr=[measured(k, n) for k in matches],
        mated_n=mated_n,
        fnmr=[measured(k, mated_n) for k in non_matches],
    )


def listed(measurement: Measurement, counts: ComparisonCounts) -> list[Listed]:
    """The most extreme comparisons of a kind, by name."""
    names = measurement.identities.photos.names
    return [
        Listed(first=names[first], second=names[second], score=measurement.sign * score)
        for first, second, score in counts.extremes.listed()
    ]


def most_false_matches(measurement: Measurement, most: int = 15) -> list[MostFalseMatches]:
    """Those with the most false matches at the strictest threshold first, ties by the next."""
    shares = measurement.shares(measurement.non_mated)
    if not shares.tried.size:
        return []
    order = np.lexsort(shares.events)[::-1][:most]
    names = measurement.identities.people().names
    return [
        MostFalseMatches(
            person=names[person],
            comparisons=int(shares.tried[person]),
            false_matches=shares.events[:, person].tolist(),
        )
        for person in order
        if shares.events[:, person].any()
    ]
