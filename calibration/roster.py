"""Photos and people by number: a name is looked up once, arrays carry its index."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from calibration.arrays import Counts


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


class Roster:
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
