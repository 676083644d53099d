"""The pairs of a pool, and the random order in which they are sent.

No list of pairs is stored: the number of a pair gives its two photos, and a seeded permutation
gives the number at each place of the plan.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from calibration.counting.groups import NOT_GIVEN, label_of
from calibration.sources.pairs.permutation import Order, Permutation
from calibration.statistics.arrays import Counts


@dataclass(frozen=True)
class Pair:
    """Two photos by name, whether they show one person, and the label of their group."""

    first: str
    second: str
    mated: bool
    group: str | None = None


class Pairs(Protocol):
    """Pairs of both kinds, each numbered from 0."""

    def size(self, *, mated: bool) -> int:
        """How many pairs there are of a kind."""

    def pair(self, number: int, *, mated: bool) -> Pair:
        """The pair of this number."""

    def order(self, seed: int, *, mated: bool) -> Order:
        """The order in which the seed has pairs of a kind asked."""

    def digest(self) -> str:
        """The SHA-256 that tells these pairs from others."""


class Shuffled:
    """Pairs that are asked in any order."""

    def size(self, *, mated: bool) -> int:
        """How many pairs there are of a kind."""
        raise NotImplementedError

    def order(self, seed: int, *, mated: bool) -> Order:
        """A random order of all of a kind."""
        return Permutation(self.size(mated=mated), seed, f"mated={mated}")


class Pool(Shuffled):
    """All pairs of photos, sorted by person; pairs are unordered and of two different photos."""

    def __init__(self, people: Mapping[str, str], groups: Mapping[str, str] | None = None) -> None:
        """``people`` maps a photo to its person, ``groups`` a person to their group."""
        self._photos = sorted(people, key=lambda photo: (people[photo], photo))
        self._people = [people[photo] for photo in self._photos]
        self._groups = groups or {}
        names = np.array(self._people)
        ends = np.searchsorted(names, names, side="right")
        numbers = np.arange(len(names))
        self._first_partner = {True: numbers + 1, False: ends}
        self._before = {
            True: _running(ends - numbers - 1),
            False: _running(len(names) - ends),
        }

    @property
    def photos(self) -> Sequence[str]:
        """The photos, sorted by person."""
        return self._photos

    @property
    def ends(self) -> Counts:
        """The index after each person's last photo, ascending, shape (people,)."""
        return np.unique(self._first_partner[False])

    def size(self, *, mated: bool) -> int:
        """How many pairs there are of a kind."""
        return int(self._before[mated][-1])

    def pair(self, number: int, *, mated: bool) -> Pair:
        """The pair of this number."""
        before = self._before[mated]
        first = int(np.searchsorted(before, number, side="right")) - 1
        second = int(self._first_partner[mated][first] + number - before[first])
        return self.of_photos(first, second, mated=mated)

    def numbers(self, first: Counts, second: Counts) -> Counts:
        """The numbers of non-mated pairs by the indices of their photos, first < second: (n,)."""
        numbers: Counts = self._before[False][first] + second - self._first_partner[False][first]
        return numbers

    def of_photos(self, first: int, second: int, *, mated: bool) -> Pair:
        """The pair of two photos by their indices."""
        return Pair(self._photos[first], self._photos[second], mated, self._label(first, second))

    def digest(self) -> str:
        """The SHA-256 that tells these pairs from others."""
        return _digest(f"{a}\t{b}" for a, b in zip(self._photos, self._people, strict=True))

    def _label(self, first: int, second: int) -> str | None:
        if not self._groups:
            return None
        groups = (self._groups.get(self._people[place], NOT_GIVEN) for place in (first, second))
        return label_of(*groups)


class ByPerson(Shuffled):
    """Pairs sampled by people: two people, then a photo of each; a person, then two photos.

    Every two people have equally many pairs, and every person equally many mated ones: as many as
    those with the fewest photos. So people with many photos do not count for more.
    """

    def __init__(self, pool: Pool, seed: int) -> None:
        self._pool = pool
        self._seed = seed
        self._ends = pool.ends
        counts = np.diff(self._ends, prepend=0)
        self._several = np.flatnonzero(counts > 1)
        least, second = np.sort(counts)[:2].tolist()
        self._people_pairs = math.comb(counts.size, 2)
        self._rounds: dict[bool, int] = {
            False: least * second,
            True: math.comb(int(counts[self._several].min()), 2) if self._several.size else 0,
        }

    def size(self, *, mated: bool) -> int:
        """How many pairs there are of a kind."""
        return self._rounds[mated] * (len(self._several) if mated else self._people_pairs)

    def pair(self, number: int, *, mated: bool) -> Pair:
        """The pair of this number."""
        kinds = int(self._several.size) if mated else self._people_pairs
        turn, which = divmod(number, kinds)
        if mated:
            photos = self._photos(int(self._several[which]))
            order = Permutation(math.comb(len(photos), 2), self._seed, f"mated/{which}")
            first, second = _two(order[turn])
            return self._pool.of_photos(photos[first], photos[second], mated=True)
        one, other = _two(which)
        ours, theirs = self._photos(one), self._photos(other)
        order = Permutation(len(ours) * len(theirs), self._seed, f"{one}/{other}")
        first, second = divmod(order[turn], len(theirs))
        return self._pool.of_photos(ours[first], theirs[second], mated=False)

    def digest(self) -> str:
        """The SHA-256 that tells these pairs from others."""
        return _digest((self._pool.digest(), "by person"))

    def _photos(self, person: int) -> range:
        start = int(self._ends[person - 1]) if person else 0
        return range(start, int(self._ends[person]))


def _two(number: int) -> tuple[int, int]:
    """The pair of this number among 1/0, 2/0, 2/1, 3/0, ... as (smaller, larger)."""
    larger = (1 + math.isqrt(1 + 8 * number)) // 2
    return number - larger * (larger - 1) // 2, larger


class PairList(Shuffled):
    """The rows of a list of pairs."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._pairs: dict[bool, list[Pair]] = {True: [], False: []}
        for pair in pairs:
            self._pairs[pair.mated].append(pair)

    def size(self, *, mated: bool) -> int:
        """How many pairs there are of a kind."""
        return len(self._pairs[mated])

    def pair(self, number: int, *, mated: bool) -> Pair:
        """The pair of this number."""
        return self._pairs[mated][number]

    def digest(self) -> str:
        """The SHA-256 that tells these pairs from others."""
        every = [*self._pairs[True], *self._pairs[False]]
        return _digest(f"{p.first}\t{p.second}\t{p.mated:d}" for p in every)


def one_photo_each(people: Mapping[str, str], seed: int) -> dict[str, str]:
    """The same pool with one photo of each person, chosen by the seed."""
    chosen: dict[str, tuple[bytes, str]] = {}
    for photo, person in people.items():
        rank = hashlib.blake2b(f"{seed}/{photo}".encode(), digest_size=16).digest()
        chosen[person] = min(chosen.get(person, (rank, photo)), (rank, photo))
    return {photo: person for person, (_, photo) in chosen.items()}


def _running(counts: Counts) -> Counts:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _digest(lines: Iterable[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode() + b"\n")
    return total.hexdigest()


class Plan:
    """All pairs in a random order without repeats, the mated ones spread evenly among the others.

    Any beginning of the plan is a random sample without replacement of either kind, or of each
    stratum of it.
    """

    def __init__(self, pairs: Pairs, *, seed: int, mated_share: float) -> None:
        self._pairs = pairs
        self._share = mated_share
        self._orders = {mated: pairs.order(seed, mated=mated) for mated in (True, False)}

    def __len__(self) -> int:
        return len(self._orders[True]) + len(self._orders[False])

    def __getitem__(self, place: int) -> Pair:
        if not 0 <= place < len(self):
            raise IndexError(place)
        mated_before = self._mated_before(place)
        mated = self._mated_before(place + 1) > mated_before
        order = self._orders[mated]
        number = order[mated_before if mated else place - mated_before]
        return self._pairs.pair(number, mated=mated)

    def _mated_before(self, place: int) -> int:
        """Mated pairs among the first ``place``: their share, until one kind runs out."""
        least = place - len(self._orders[False])
        return min(max(int(place * self._share), least), len(self._orders[True]))
