"""Photos and people by number, and what is counted of each person.

A name is looked up once; arrays carry its number.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from calibration.statistics.arrays import Counts, Floats
from calibration.statistics.dependence import Shares


def person_of(photo: str) -> str:
    """Whose photo it is: the folder it lies in; a photo without a folder is its own person."""
    return photo.rpartition("/")[0] or photo


class Index:
    """Numbers names in the order in which they first appear."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a name, a new one if it is new."""
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def numbers(self, names: Iterable[str]) -> Counts:
        """The numbers of names, shape (n,)."""
        return np.fromiter(map(self.number, names), np.int64)


class Identities:
    """Photos, and the person that each shows."""

    def __init__(self) -> None:
        self.photos = Index()
        self.people = Index()
        self._person = np.zeros(0, np.int64)
        self._known = 0

    def add(self, photos: Iterable[str], people: Iterable[str] | None = None) -> Counts:
        """The numbers of photos, shape (n,); a new photo shows ``people``, else its folder."""
        names = list(photos)
        numbers = self.photos.numbers(names)
        if len(self.photos.names) > self._known:
            self._enrol(numbers, names if people is None else list(people), people is None)
        return numbers

    def person(self, photos: Counts) -> Counts:
        """The numbers of the people that photos show, shape (n,)."""
        return self._person[photos]

    def _enrol(self, numbers: Counts, labels: list[str], from_photo: bool) -> None:
        count = len(self.photos.names)
        if count > self._person.size:
            self._person = np.pad(self._person, (0, max(count, self._person.size)))
        fresh, places = np.unique(numbers, return_index=True)
        for number, place in zip(fresh, places, strict=True):
            if number >= self._known:
                label = labels[place]
                self._person[number] = self.people.number(person_of(label) if from_photo else label)
        self._known = count


class People:
    """Counts by person; non-mated comparisons charge both people, mated ones the one person."""

    def __init__(self, thresholds: tuple[float, ...], *, mated: bool) -> None:
        self._thresholds = thresholds
        self._mated = mated
        self._tried = np.zeros(0, np.int64)
        self._events = np.zeros((len(thresholds), 0), np.int64)

    def shares(self) -> Shares:
        """What each person contributes so far."""
        return Shares(
            tried=self._tried, events=self._events, per_comparison=1 if self._mated else 2
        )

    def add(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Charge comparisons: indices of people and scores, each of shape (n,)."""
        if not scores.size:
            return
        self._grow(int(max(first.max(), second.max())) + 1)
        self.add_tried(self._by_person(first, second))
        self.add_events(first, second, scores)

    def add_tried(self, tried: Counts) -> None:
        """Charge comparisons that were counted elsewhere: shape (G,)."""
        self._grow(tried.size)
        self._tried[: tried.size] += tried

    def add_events(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Charge what went wrong: each row looks only at what went wrong in the row before it."""
        rows = list(enumerate(self._thresholds))
        for row, threshold in reversed(rows) if self._mated else rows:
            wrong = scores < threshold if self._mated else scores >= threshold
            first, second, scores = first[wrong], second[wrong], scores[wrong]
            if not scores.size:
                return
            self._events[row] += self._by_person(first, second)

    def merge(self, other: People) -> None:
        """Add what was counted elsewhere of the same people."""
        people = other._tried.size
        self.add_tried(other._tried)
        self._events[:, :people] += other._events

    def _by_person(self, first: Counts, second: Counts) -> Counts:
        counts = np.bincount(first, minlength=self._tried.size)
        return counts if self._mated else counts + np.bincount(second, minlength=self._tried.size)

    def _grow(self, people: int) -> None:
        missing = people - self._tried.size
        if missing > 0:
            missing = max(missing, self._tried.size)
            self._tried = np.pad(self._tried, (0, missing))
            self._events = np.pad(self._events, ((0, 0), (0, missing)))
