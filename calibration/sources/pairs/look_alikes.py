"""The non-mated pairs that look most alike to a system that is not under test.

Its templates put all pairs of photos in order; the nearest are look-alikes, all others the rest,
also those of photos without a template.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
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
from calibration.sources.pairs.permutation import Order, Permutation
from calibration.sources.pairs.sampling import Pair, Pool
from calibration.sources.templates import Templates, of_photos, require_two_people
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
        self, path: Path, photos: Sequence[str], person: Counts, part: np.ndarray | None = None
    ) -> None:
        """``photos`` are names, by number; ``person`` says who is on each, shape (photos,), and
        ``part`` which of them are compared with others beside those of a template, all by default.

        Raises:
            WrongUse: there are no such templates, or they are of fewer than two of these people.
        """
        templates, number = of_photos(path, photos)
        require_two_people(path, person[number], photos)
        self.photos = person.size
        compared = np.ones(person.size, bool) if part is None else part.copy()
        compared[number] = True
        self.compared = int(compared.sum())
        self.without_template = self.compared - number.size
        people = person[number]
        counts = np.bincount(person[compared])
        pairs = self.compared * (self.compared - 1) // 2
        self.size = int(pairs - (counts * (counts - 1) // 2).sum())
        wanted = max(1, min(MOST, int(SHARE * self.size)))
        first, second = _nearest(templates, people, wanted)
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
        person = np.unique([people[photo] for photo in self.pool.photos], return_inverse=True)[1]
        self.near = LookAlikes(path, self.pool.photos, person.astype(np.int64))
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


def _nearest(templates: Templates, people: Counts, wanted: int) -> tuple[Counts, Counts]:
    """The places of templates in the most similar pairs, as many as ``wanted`` or, where the next
    are as similar, fewer; at least one."""
    similarities, tiles = Similarities(templates), tiles_of(templates)
    low, high = templates.range
    counts = np.zeros(_BINS, np.int64)
    for rows, columns in tiles:
        bins = _bins_of(similarities.of(rows, columns), low, high)
        counts += np.bincount(bins[_apart(people, rows, columns)], minlength=_BINS)
    above = np.cumsum(counts[::-1])[::-1]
    enough = np.flatnonzero((above <= wanted) & (above > 0))
    least = int(enough[0]) if enough.size else int(np.flatnonzero(counts)[-1])
    found = []
    for rows, columns in tiles:
        bins = _bins_of(similarities.of(rows, columns), low, high)
        row, column = np.nonzero((bins >= least) & _apart(people, rows, columns))
        found.append(np.column_stack([row + rows.start, column + columns.start]))
    pairs = np.concatenate(found)
    return pairs[:, 0], pairs[:, 1]


def _bins_of(scores: Floats, low: float, high: float) -> Counts:
    places: Counts = np.clip((scores - low) * (_BINS / (high - low)), 0, _BINS - 1).astype(np.int64)
    return places


def _apart(people: Counts, rows: slice, columns: slice) -> np.ndarray:
    """Which pairs of a tile are of two people, each pair once."""
    once = np.arange(rows.start, rows.stop)[:, None] < np.arange(columns.start, columns.stop)
    apart: np.ndarray = once & (people[rows, None] != people[None, columns])
    return apart
