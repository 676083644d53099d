"""The sources of errors: people, and single comparisons to review."""

from __future__ import annotations

import numpy as np

from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.judging.findings import Listed, MostFalseMatches

_LISTED = 60


def listed(measurement: Measurement, counts: ComparisonCounts) -> list[Listed]:
    """The most extreme comparisons of a kind, by name."""
    names = measurement.identities.photos.names
    return [
        Listed(first=names[first], second=names[second], score=measurement.sign * score)
        for first, second, score in counts.extremes.listed()[:_LISTED]
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
