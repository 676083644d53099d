"""False matches by pair of people, each of which counts once, however many photos there are."""

from __future__ import annotations

import math

import numpy as np

from calibration.statistics.arrays import Counts, Floats


class EveryPair:
    """Counts false matches where every two photos of two people are compared once.

    A match weighs 1 / (photos of the one person * photos of the other). Matches are counted by
    these two numbers, so that counts from elsewhere can be added exactly. ``person`` gives the
    person of each photo, shape (photos,).
    """

    def __init__(self, person: Counts, thresholds: tuple[float, ...]) -> None:
        photos = np.bincount(person)
        self._sizes, size = np.unique(photos[person], return_inverse=True)
        self._size: Counts = size.astype(np.int64)
        self._people = int(np.count_nonzero(photos))
        self._thresholds = thresholds
        self._events = np.zeros((len(thresholds), self._sizes.size**2), np.int64)

    def add(self, first: Counts, second: Counts, scores: Floats, *, times: int = 1) -> None:
        """Count non-mated comparisons of shape (n,); ``times`` is -1 to take them back."""
        kinds = self._size[first] * self._sizes.size + self._size[second]
        for row, threshold in enumerate(self._thresholds):
            wrong = scores >= threshold
            kinds, scores = kinds[wrong], scores[wrong]
            self._events[row] += times * np.bincount(kinds, minlength=self._sizes.size**2)

    def merge(self, other: EveryPair) -> None:
        """Add what was counted elsewhere of the same photos."""
        self._events += other._events

    @property
    def rates(self) -> Floats:
        """The mean false match rate over pairs of people at each threshold, shape (rows,)."""
        weights = 1 / np.outer(self._sizes, self._sizes).ravel()
        rates: Floats = self._events @ weights / math.comb(self._people, 2)
        return rates


def mean_rates(
    person: Counts, first: Counts, second: Counts, scores: Floats, thresholds: tuple[float, ...]
) -> Floats:
    """The mean false match rate over pairs of people at each threshold, shape (rows,).

    NaN without comparisons. ``person`` gives the person of each photo, shape (photos,); ``first``
    and ``second`` are numbers of photos, with ``scores``, each of shape (n,).
    """
    ends = person[first], person[second]
    pairs = np.maximum(*ends) * (int(person.max(initial=0)) + 1) + np.minimum(*ends)
    _, place = np.unique(pairs, return_inverse=True)
    if not place.size:
        return np.full(len(thresholds), np.nan)
    each = np.bincount(place)
    return np.array(
        [
            np.mean(np.bincount(place, weights=scores >= threshold) / each)
            for threshold in thresholds
        ]
    )
