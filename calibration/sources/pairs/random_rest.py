"""Whether the compared pairs that are no look-alikes may be a random sample of all such pairs.

The templates tell how alike any pair is. Of pairs at random, as large a part is among the most
alike tenth of all of them, and so on; who was compared with whom may depend on people, but not on
how alike they are. The standard error is that of a design whose people are exchanged at random
(the quadratic assignment procedure; Hubert & Schultz, 1976), to the first order, and of pairs of
people by themselves.
"""

from __future__ import annotations

import math

import numpy as np

from calibration.statistics.arrays import Counts, Floats

PARTS = (0.5, 0.1, 0.01, 0.001)
"""The most alike half of the pairs, tenth, ..."""
_STANDARD_ERRORS, _VISIBLE, _LEAST = 4.5, 0.1, 10
"""A part is not what it should be if it is so far away, also relatively, and large enough."""


def furthest(
    alike: Counts, possible: Counts, person: Counts, compared: tuple[Counts, Counts], seen: Counts
) -> tuple[float, float] | None:
    """The expected and the compared part of the pairs that is furthest from random; None if none.

    Of the ``possible`` pairs of each photo, shape (photos,), ``alike``, shape (parts, photos), are
    among the most alike; ``person`` is on each. Of the ``compared`` ones, the photos of both ends,
    shape (n,), ``seen`` are, shape (parts,).
    """
    n = compared[0].size
    degree = np.bincount(np.concatenate(compared), minlength=person.size)
    worst, found = _STANDARD_ERRORS, None
    for part, count in zip(alike, seen.tolist(), strict=True):
        expected = float(part.sum() / possible.sum())
        if not n * expected >= _LEAST:
            continue
        error = math.sqrt(
            _of_design(part, possible, degree, person)
            + n * expected * (1 - expected) * _repeats(person, compared)
        )
        off = abs(count - n * expected)
        if off > worst * error and off > _VISIBLE * n * expected:
            worst, found = off / error, (expected, count / n)
    return found


def _of_design(part: Counts, possible: Counts, degree: Counts, person: Counts) -> float:
    """The variance where people, and the photos of each, are exchanged at random."""

    def by_person(numbers: Counts) -> Floats:
        sums = np.zeros(int(person.max()) + 1)
        np.add.at(sums, person, numbers)
        of_each: Floats = sums[np.unique(person)]
        return of_each

    of_person = by_person(part) / np.maximum(by_person(possible), 1)
    own = part / np.maximum(possible, 1) - of_person[np.unique(person, return_inverse=True)[1]]
    return _exchanged(by_person(degree), of_person) + _exchanged(degree, own)


def _exchanged(one: Floats | Counts, other: Floats) -> float:
    """The variance of the sum of products where one is exchanged at random."""
    return float(np.var(one) * np.var(other)) * one.size**2 / max(one.size - 1, 1)


def _repeats(person: Counts, compared: tuple[Counts, Counts]) -> float:
    """The mean, over comparisons, of the number of comparisons of the same two people."""
    first, second = (person[end] for end in compared)
    low, high = np.minimum(first, second), np.maximum(first, second)
    times = np.unique(high * np.int64(person.max() + 1) + low, return_counts=True)[1]
    return float(np.square(times).sum() / times.sum())
