"""The sources of errors: people, and single comparisons to review."""

from __future__ import annotations

import numpy as np

from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.judging.findings import Listed, MostFalseMatches

_LISTED = 60


def listed(measurement: Measurement, counts: ComparisonCounts) -> list[Listed]:
    """The most extreme comparisons of a kind, with the names of their photos."""
    names = measurement.identities.photos.names
    return [
        Listed(first=names[first], second=names[second], score=measurement.sign * score)
        for first, second, score in counts.extremes.listed()[:_LISTED]
    ]


def most_false_matches(measurement: Measurement, most: int = 15) -> list[MostFalseMatches]:
    """People by false matches, most first: at the strictest threshold, ties at the next one."""
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
