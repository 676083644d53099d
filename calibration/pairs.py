"""Labelled pairs: every pair of a pool of people, or the rows of a list.

A pool never writes its pairs down: a pair has a number, and its number gives its two photos.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from calibration.arrays import Counts
from calibration.groups import label_of
from calibration.roster import person_of


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

    def digest(self) -> str:
        """The SHA-256 that tells these pairs from others."""


class Pool:
    """All pairs of photos, sorted by person; pairs are unordered and of two different photos."""

    def __init__(self, people: Mapping[str, str], groups: Mapping[str, str] | None = None) -> None:
        """``people`` maps a photo to its person, ``groups`` a person to his group."""
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

    def size(self, *, mated: bool) -> int:
        """How many pairs there are of a kind."""
        return int(self._before[mated][-1])

    def pair(self, number: int, *, mated: bool) -> Pair:
        """The pair of this number."""
        before = self._before[mated]
        first = int(np.searchsorted(before, number, side="right")) - 1
        second = int(self._first_partner[mated][first] + number - before[first])
        return Pair(self._photos[first], self._photos[second], mated, self._label(first, second))

    def digest(self) -> str:
        """The SHA-256 that tells these pairs from others."""
        return _digest(f"{a}\t{b}" for a, b in zip(self._photos, self._people, strict=True))

    def _label(self, first: int, second: int) -> str | None:
        if not self._groups:
            return None
        groups = (self._groups.get(self._people[place], "not given") for place in (first, second))
        return label_of(*groups)


class PairList:
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


def by_folder(photos: Iterable[str]) -> dict[str, str]:
    """Photo -> person where each person has a folder."""
    return {photo: person_of(photo) for photo in photos}


def _running(counts: Counts) -> Counts:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _digest(lines: Iterable[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode() + b"\n")
    return total.hexdigest()
