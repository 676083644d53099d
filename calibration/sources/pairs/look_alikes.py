"""The non-mated pairs that look most alike to a system that is not under test.

Its templates put all pairs of photos in order; the nearest are look-alikes, all others the rest,
also those of photos without a template.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from calibration.counting.groups import (
    LOOK_ALIKE,
    OTHERS,
    ChosenImpostors,
    ImpostorKind,
)
from calibration.objections import FEW, Effect, Objection
from calibration.sources.all_pairs import Similarities, tiles_of
from calibration.sources.pairs import random_rest
from calibration.sources.pairs.permutation import Order, Permutation
from calibration.sources.pairs.sampling import Pair, Pool
from calibration.sources.templates import OfPhotos, Templates
from calibration.statistics.arrays import Counts, Floats

SHARE = 0.01
MOST = 250_000
"""Look-alikes are the nearest hundredth of all pairs, and at most so many."""
_BINS = 1 << 18


class LookAlikes:
    """The nearest non-mated pairs of photos.

    ``keys``, shape (n,), are sorted: larger number * photos + smaller number of the two photos.
    ``pairs_of_people``: the number of pairs of people among them.
    """

    def __init__(
        self,
        given: OfPhotos,
        person: Counts,
        part: np.ndarray | None = None,
        probe: np.ndarray | None = None,
    ) -> None:
        """``person`` says who is on each photo, shape (photos,), and ``part`` which photos are
        compared with others beside those of a template, all by default.

        ``probe`` says which photos are compared with none but the others, as probes are with
        references; by default, any photo may be compared with any.

        Raises:
            WrongUse: the templates are of fewer than two of these people.
        """
        number = given.number
        given.require_two_people(person[number])
        self.photos = person.size
        compared = np.ones(person.size, bool) if part is None else part.copy()
        compared[number] = True
        self.compared = int(compared.sum())
        self.without_template = self.compared - number.size
        people = person[number]
        self.size = _pairs_of(person, compared, probe)
        wanted = max(1, min(MOST, int(SHARE * self.size)))
        self._place = given.places()
        side = None if probe is None else probe[number]
        self._ranking = _Ranking(given.templates, people, wanted, side)
        first, second = self._ranking.nearest()
        self.keys = np.sort(self._key(number[first], number[second]))
        ends = np.sort(np.column_stack([people[first], people[second]]), axis=1)
        self.pairs_of_people = len(np.unique(ends, axis=0))

    @property
    def share(self) -> float:
        """The share of look-alikes among all non-mated pairs of these photos."""
        return self.keys.size / self.size

    @property
    def chosen(self) -> ChosenImpostors:
        """The facts about them that the judgement needs."""
        return ChosenImpostors(
            kind=ImpostorKind.LOOK_ALIKE, share=self.share, pairs_of_people=self.pairs_of_people
        )

    def have(self, first: Counts, second: Counts) -> np.ndarray:
        """Whether pairs of photos are look-alikes: numbers, and a mask, of shape (n,)."""
        keys = self._key(first, second)
        places = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        found: np.ndarray = self.keys[places] == keys
        return found

    def objections(self) -> list[Objection]:
        """The objections about photos without a template."""
        if not self.without_template:
            return []
        much = self.without_template > FEW * self.compared
        text = (
            f"{self.without_template:,} of {self.compared:,} photos have no template: none of "
            "their pairs counts as look-alike."
        )
        return [Objection(kind="no template", effect=Effect.SHOWN, text=text)] if much else []

    def objections_to_rest(self, first: Counts, second: Counts) -> list[Objection]:
        """The objection that what was compared beside look-alikes is no random sample.

        ``first`` and ``second`` are the numbers of the photos in all comparisons, shape (n,).
        """
        ends = self._place[first], self._place[second]
        rest = ~self.have(first, second) & (ends[0] >= 0) & (ends[1] >= 0)
        found = self._ranking.far_from_random(ends[0][rest], ends[1][rest])
        if found is None:
            return []
        expected, compared = (f"{float(f'{100 * part:.2g}'):g} %" for part in found)
        text = (
            f"Of all pairs that are no look-alikes, the most alike {expected} are {compared} of "
            "those in the file: it is no random sample of them, so nobody knows the rate of random "
            "pairs. Compare the rest at random, or judge without --impostors look-alike."
        )
        return [Objection(kind="rest not at random", effect=Effect.NO_VERDICT, text=text)]

    def _key(self, first: Counts, second: Counts) -> Counts:
        keys: Counts = np.maximum(first, second) * np.int64(self.photos) + np.minimum(first, second)
        return keys


class LookAlikesFirst:
    """All pairs of a ``pool``: every second one is a look-alike until there are no more.

    The seed decides the order of both.
    """

    def __init__(self, people: Mapping[str, str], path: Path, seed: int) -> None:
        """``people`` maps a photo to its person."""
        self.pool = Pool(people)
        names = [people[photo] for photo in self.pool.photos]
        person = np.unique(names, return_inverse=True)[1]
        given = OfPhotos.load(path, self.pool.photos)
        given.require_same_people(names)
        self.near = LookAlikes(given, person.astype(np.int64))
        numbers = self.pool.numbers(*np.divmod(self.near.keys, self.near.photos)[::-1])
        self._numbers = np.sort(numbers)
        self._gaps = self._numbers - np.arange(self._numbers.size)
        self._order = Permutation(self._numbers.size, seed, "look-alike")
        self._rest = Permutation(self.size(mated=False) - self._numbers.size, seed, "others")

    def size(self, *, mated: bool) -> int:
        """How many pairs there are of a kind."""
        return self.pool.size(mated=mated)

    def order(self, seed: int, *, mated: bool) -> Order:
        """Non-mated pairs are numbered in the order in which they are to be asked."""
        size = self.size(mated=mated)
        return Permutation(size, seed, f"mated={mated}") if mated else range(size)

    def pair(self, number: int, *, mated: bool) -> Pair:
        """The pair of this number."""
        if mated:
            return self.pool.pair(number, mated=True)
        near, rest = len(self._order), len(self._rest)
        both = 2 * min(near, rest)
        turn, other = divmod(number, 2) if number < both else (number - both // 2, near <= rest)
        if other:
            place = self._rest[turn]
            place += int(np.searchsorted(self._gaps, place, side="right"))
        else:
            place = int(self._numbers[self._order[turn]])
        pair = self.pool.pair(place, mated=False)
        return replace(pair, group=OTHERS if other else LOOK_ALIKE)

    def digest(self) -> str:
        """The SHA-256 that tells these pairs from others."""
        near = hashlib.sha256(self.near.keys.tobytes()).hexdigest()
        return hashlib.sha256(f"{self.pool.digest()}\nlook-alike\n{near}".encode()).hexdigest()


class _Ranking:
    """All pairs of templates of two people in the order of their similarity, by fine bins."""

    def __init__(
        self, templates: Templates, people: Counts, wanted: int, side: np.ndarray | None
    ) -> None:
        """As many as ``wanted`` are the nearest or, where the next are as similar, fewer; at least
        one. Only templates of two sides are a pair, if there are sides."""
        self._similarities, self._tiles = Similarities(templates), tiles_of(templates)
        self._people, self._side, self._range = people, side, templates.range
        counts = np.zeros(_BINS, np.int64)
        for _, _, bins, apart in self._binned():
            counts += np.bincount(bins[apart], minlength=_BINS)
        above = np.cumsum(counts[::-1])[::-1]
        enough = np.flatnonzero((above <= wanted) & (above > 0))
        self._least = int(enough[0]) if enough.size else int(np.flatnonzero(counts)[-1])
        self._rest = above[: self._least] - above[self._least]

    def nearest(self) -> tuple[Counts, Counts]:
        """The places of the templates of the nearest pairs."""
        found = []
        for rows, columns, bins, apart in self._binned():
            row, column = np.nonzero((bins >= self._least) & apart)
            found.append(np.column_stack([row + rows.start, column + columns.start]))
        pairs = np.concatenate(found)
        return pairs[:, 0], pairs[:, 1]

    def far_from_random(self, first: Counts, second: Counts) -> tuple[float, float] | None:
        """What is ``random_rest.furthest`` among pairs beside the nearest, by places, (n,)."""
        if not (first.size and self._rest.size):
            return None
        ends = [int(np.argmax(self._rest <= part * self._rest[0])) for part in random_rest.PARTS]
        within = np.zeros((1 + len(ends), self._people.size), np.int64)
        for rows, columns, bins, apart in self._binned():
            for end, photos in zip((0, *ends), within, strict=True):
                some = apart & (bins >= end) & (bins < self._least)
                photos[rows] += some.sum(axis=1)
                photos[columns] += some.sum(axis=0)
        ours = _bins_of(self._similarities.between(first, second), *self._range)
        seen = np.array([np.count_nonzero(ours >= end) for end in ends])
        return random_rest.furthest(within[1:], within[0], self._people, (first, second), seen)

    def _binned(self) -> Iterator[tuple[slice, slice, Counts, np.ndarray]]:
        """Each tile with the bins of its pairs, and which of them are of two people."""
        for rows, columns in self._tiles:
            bins = _bins_of(self._similarities.of(rows, columns), *self._range)
            apart = _apart(self._people, rows, columns)
            if self._side is not None:
                apart &= self._side[rows, None] != self._side[None, columns]
            yield rows, columns, bins, apart


def _pairs_of(person: Counts, compared: np.ndarray, probe: np.ndarray | None) -> int:
    """The number of pairs of photos of two people; of a probe and a reference, if there are."""

    def photos(chosen: np.ndarray) -> Counts:
        return np.bincount(person[chosen], minlength=int(person.max()) + 1)

    if probe is not None:
        one, other = photos(compared & probe), photos(compared & ~probe)
        return int(one.sum() * other.sum() - (one * other).sum())
    every = photos(compared)
    return int((every.sum() ** 2 - np.square(every).sum()) // 2)


def _bins_of(scores: Floats, low: float, high: float) -> Counts:
    places: Counts = np.clip((scores - low) * (_BINS / (high - low)), 0, _BINS - 1).astype(np.int64)
    return places


def _apart(people: Counts, rows: slice, columns: slice) -> np.ndarray:
    """Which pairs of a tile are of two people, each pair once."""
    once = np.arange(rows.start, rows.stop)[:, None] < np.arange(columns.start, columns.stop)
    apart: np.ndarray = once & (people[rows, None] != people[None, columns])
    return apart
