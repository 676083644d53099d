"""False matches by pair of people, each of which counts once, however many photos there are."""

from __future__ import annotations

import math

import numpy as np

from calibration.statistics.arrays import Counts, Floats

_CROSSED, _PART = 0.9, 0.01
"""Of the pairs of people, those between two sides; above it, they count as of probes against
references: of all pairs of some people it is about a half. And the least part of one person."""
_LOOKED_AT = 1 << 17


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
        """The mean false match rate over pairs of people at each threshold, shape (rows,).

        NaN of one person.
        """
        weights = 1 / np.outer(self._sizes, self._sizes).ravel()
        pairs = math.comb(self._people, 2)
        rates: Floats = self._events @ weights / (pairs or math.nan)
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


def smaller_side(person: Counts, first: Counts, second: Counts, most: int) -> int:
    """The number of people on the smaller side, as of probes compared with references.

    These are in nine tenths of all pairs of people, each with somebody else; ``most`` if there are
    no fewer, as where all pairs of some people are compared. ``person`` gives the person
    of each photo, shape (photos,); ``first`` and ``second`` are numbers of photos, shape (n,).
    """
    if first.size > _LOOKED_AT:
        chosen = np.random.default_rng(0).integers(first.size, size=_LOOKED_AT)
        first, second = first[chosen], second[chosen]
    ends = person[first], person[second]
    size = int(person.max(initial=0)) + 1
    pairs = np.unique(np.maximum(*ends) * size + np.minimum(*ends))
    one, other = pairs // size, pairs % size
    one, other = one[one != other], other[one != other]
    partners = np.bincount(one, minlength=size) + np.bincount(other, minlength=size)
    order = np.argsort(-partners, kind="stable")[: 2 * most]
    place = np.full(size, order.size)
    place[order] = np.arange(order.size)
    among = np.bincount(np.maximum(place[one], place[other]), minlength=order.size)[: order.size]
    more = (partners[order] - 2 * among) / max(one.size, 1)
    side = int(np.argmax(np.append(more < _PART, True)))
    return side if 0 < side < most and more[:side].sum() >= _CROSSED else most
