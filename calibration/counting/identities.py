"""Photos and people by number, how the people are known, and their counts.

Each name is looked up once; arrays hold its number. The person on a photo is *given* (by columns,
a table, or a folder per person), *inferred* (if the labels agree with the file names, or link
photos), or unknown. Counts are kept by photo and summed by person at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np

from calibration.counting import naming
from calibration.counting.naming import Agreement
from calibration.statistics.arrays import Counts, Floats
from calibration.statistics.dependence import Shares

_DOUBTED = (
    "Photos were taken to be of one person where their files have one name in several folders; "
    "files of other names may show that person, too."
)
SAMPLE = 200_000
"""Pairs of each kind by which readings of names are compared with the labels."""


class Index(dict[str, int]):
    """Numbers names in the order in which they are first asked for: ``index[name]``."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __missing__(self, name: str) -> int:
        number = self[name] = len(self.names)
        self.names.append(name)
        return number

    def numbers(self, names: Iterable[str]) -> Counts:
        """The numbers of names, shape (n,)."""
        return np.fromiter(map(self.__getitem__, names), np.int64)


class _Spellings(dict[str, int]):
    """The numbers of photos by their names as files spell them."""

    def __init__(self, photos: Index) -> None:
        super().__init__()
        self._photos = photos

    def __missing__(self, spelling: str) -> int:
        number = self[spelling] = self._photos[naming.normal(spelling)]
        return number


class Origin(StrEnum):
    """How it is known who the photos show."""

    GIVEN = "given"
    FOLDERS = "folders"
    FILE_NAMES = "file names"
    LABELS = "labels"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class People:
    """Who is on each photo: ``person`` (photos,) numbers the ``names``.

    ``unknown`` counts photos that nothing is known of: each is a person of its own, which is no
    more than a guess. ``contradicted`` counts pairs whose label says otherwise, of ``compared``;
    ``together`` of them are non-mated and of one person. ``clashing`` names a photo that was given
    to two people, and these. ``doubt`` says how else names may be meant, if they may.
    """

    person: Counts
    names: Sequence[str]
    origin: Origin
    how: str
    unknown: int = 0
    contradicted: int = 0
    together: int = 0
    compared: int = 0
    clashes: int = 0
    clashing: str | None = None
    labels_reversed: bool = False
    doubt: str = ""

    def by_photo(self) -> list[str]:
        """The name of the person on each photo."""
        return [self.names[person] for person in self.person.tolist()]

    @property
    def as_json(self) -> dict[str, Any]:
        """All facts but the person of each photo, for JSON."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in {"person", "names"}
        }

    @property
    def given(self) -> int:
        """How many people were given."""
        known = len(self.names) - self.unknown
        return known if self.origin in (Origin.GIVEN, Origin.FOLDERS) else 0

    @property
    def inferred(self) -> int:
        """How many people were inferred."""
        return len(self.names) if self.origin in (Origin.FILE_NAMES, Origin.LABELS) else 0


class Identities:
    """Photos, and what is said about the person that each shows."""

    def __init__(self) -> None:
        self.photos = Index()
        self._written = _Spellings(self.photos)
        self._people = Index()
        self._given = np.zeros(0, np.int64)
        self._clashes = 0
        self._clashing: str | None = None
        self._contradicted = 0
        self._together = 0
        self._compared = 0
        self._kept: dict[bool, list[Counts]] = {True: [], False: []}
        self._bound: list[Counts] = []
        self._complete: People | None = None
        self._settled = False

    @classmethod
    def known(
        cls, people: Mapping[str, str], how: str, origin: Origin = Origin.FOLDERS, **told: Any
    ) -> Identities:
        """Photos whose people are certain before anything is compared.

        ``told`` is what else is said of them: see ``People``.
        """
        identities = cls()
        identities.add(people.keys(), people.values())
        found = identities.people()
        identities._complete = replace(found, origin=origin, how=how, **told)
        identities._settled = True
        return identities

    def settle(self) -> None:
        """Keep the people as known now: the comparisons that follow are planned from them."""
        self.people()
        self._settled = True

    def add(self, photos: Iterable[str], people: Iterable[str] | None = None) -> Counts:
        """The numbers of photos, shape (n,), each showing its person if ``people`` are given."""
        numbers = self.photos.numbers(photos)
        if people is not None:
            self.give(numbers, self._people.numbers(people))
        return numbers

    def written(self, names: Sequence[str]) -> Counts:
        """The numbers of photos by their names as a file spells them, shape (n,)."""
        return np.fromiter(map(self._written.__getitem__, names), np.int64, len(names))

    def number_person(self, name: str) -> int:
        """The number of a person; -1 for no name."""
        name = naming.person(name)
        return self._people[name] if name else -1

    def give(self, photos: Counts, people: Counts) -> None:
        """Say whom photos show: numbers of photos and people, shape (n,); -1 if unknown."""
        self._grow()
        told = people >= 0
        photos, people = photos[told], people[told]
        fresh = self._given[photos] < 0
        self._given[photos[fresh]] = people[fresh]
        other = self._given[photos] != people
        if other.any():
            self._clashes += int(np.unique(photos[other]).size)
            photo, (one, two) = int(photos[other][0]), (self._given[photos], people)
            names = sorted(self._people.names[int(some[other][0])] for some in (one, two))
            self._clashing = (
                self._clashing or f"{self.photos.names[photo]} to {' and to '.join(names)}"
            )
        self._complete = None

    def see(self, first: Counts, second: Counts, *, mated: bool) -> None:
        """Add pairs of one label: the numbers of both photos, each of shape (n,)."""
        if self._settled:
            return
        self._grow()
        self._complete = None
        ours, theirs = self._given[first], self._given[second]
        known = (ours >= 0) & (theirs >= 0)
        self._compared += int(np.count_nonzero(known))
        wrong = int(np.count_nonzero(known & ((ours == theirs) != mated)))
        self._contradicted += wrong
        self._together += 0 if mated else wrong
        if known.all():
            return
        pairs = np.column_stack([first, second])
        room = SAMPLE - sum(len(kept) for kept in self._kept[mated])
        if room > 0:
            self._kept[mated].append(pairs[:room])
        if mated:
            self._bound.append(pairs)
            if sum(map(len, self._bound)) > 4 * SAMPLE:
                roots = self._components()
                places = np.arange(roots.size)
                moved = roots != places
                self._bound = [np.column_stack([places, roots])[moved]]

    def people(self) -> People:
        """The person of each photo, as far as everything added so far tells."""
        if self._complete is None:
            self._complete = self._resolved()
        return self._complete

    def _grow(self) -> None:
        missing = len(self.photos.names) - self._given.size
        if missing > 0:
            missing = max(missing, self._given.size)
            self._given = np.pad(self._given, (0, missing), constant_values=-1)

    def _resolved(self) -> People:
        self._grow()
        count = len(self.photos.names)
        given = self._given[:count]
        told = int(np.count_nonzero(given >= 0))
        clashes = {"clashes": self._clashes, "clashing": self._clashing}
        if told:
            person, names = given.copy(), list(self._people.names)
            unknown = np.flatnonzero(given < 0)
            person[unknown] = len(names) + np.arange(unknown.size)
            names += [self.photos.names[place] for place in unknown]
            return People(
                person=person,
                names=names,
                origin=Origin.GIVEN,
                how="by name",
                unknown=unknown.size,
                contradicted=self._contradicted,
                together=self._together,
                compared=self._compared,
                **clashes,  # type: ignore[arg-type]
            )
        return self._by_names()

    def _by_names(self) -> People:
        pairs = {
            mated: np.concatenate([np.zeros((0, 2), np.int64), *kept])
            for mated, kept in self._kept.items()
        }
        seen = np.flatnonzero(np.bincount(np.concatenate(list(pairs.values())).ravel()))
        names = naming.Names([self.photos.names[photo] for photo in seen.tolist()])
        known: list[Agreement] = []
        for readings in (naming.FOLDERS, naming.FILES):
            found = (self._agreement(how, names, pairs, seen) for how in readings)
            known += [one for one in found if one is not None]
            chosen = naming.best(known)
            if chosen is not None and chosen.unsurpassed:
                break
        if chosen is None:
            return self._by_labels(labels_reversed=naming.reversed_labels(known) is not None)
        if seen.size < len(self.photos.names):
            names = naming.Names(self.photos.names)
        person, people = names.people_or_photos(chosen.how)
        return People(
            person=person,
            names=people,
            origin=Origin.FOLDERS if chosen.by_folder else Origin.FILE_NAMES,
            how=chosen.how,
            contradicted=chosen.contradicted,
            together=chosen.one_person[1],
            compared=sum(chosen.looked_at),
            doubt=_DOUBTED if chosen.how == naming.WHOLE else "",
        )

    def _agreement(
        self, how: str, names: naming.Names, pairs: dict[bool, Counts], seen: Counts
    ) -> Agreement | None:
        """None where the name of a photo that was ``seen`` tells nothing by this reading."""
        found = names.people(how)
        if found is None:
            return None
        keys = np.full(len(self.photos.names), -1, np.int64)
        keys[seen], people = found
        together = {
            mated: int(np.count_nonzero(keys[some[:, 0]] == keys[some[:, 1]]))
            for mated, some in pairs.items()
        }
        shares = [np.bincount(keys[pairs[False][:, end]], minlength=1) for end in (0, 1)]
        size = max(map(len, shares))
        first, second = (np.pad(share, (0, size - len(share))) for share in shares)
        n = max(len(pairs[False]), 1)
        return Agreement(
            how=how,
            by_folder=how in naming.FOLDERS,
            one_person=(together[True], together[False]),
            looked_at=(len(pairs[True]), len(pairs[False])),
            people=len(people),
            by_chance=float((first / n) @ (second / n)),
        )

    def _by_labels(self, *, labels_reversed: bool) -> People:
        """Mated photos are of one person; who is apart is known only where all pairs are."""
        roots = self._components()
        found, person = np.unique(roots, return_inverse=True)
        names = [self.photos.names[root] for root in found.tolist()]
        apart = self._all_apart(person, len(found))
        return People(
            person=person,
            names=names,
            origin=Origin.LABELS if apart else Origin.UNKNOWN,
            how="labels",
            unknown=0 if apart else len(self.photos.names),
            labels_reversed=labels_reversed,
        )

    def _all_apart(self, person: Counts, people: int) -> bool:
        """Whether every two of the people were compared as non-mated, so that they are two."""
        if people * (people - 1) // 2 > SAMPLE or people < 2:
            return False
        pairs = np.concatenate([np.zeros((0, 2), np.int64), *self._kept[False]])
        ends = np.sort(person[pairs], axis=1)
        ends = ends[ends[:, 0] != ends[:, 1]]
        met = np.unique(ends[:, 0] * people + ends[:, 1]).size
        return met == people * (people - 1) // 2

    def _components(self) -> Counts:
        """For each photo the least number among those that labels bind it to, shape (photos,)."""
        from scipy.sparse import coo_array  # noqa: PLC0415 - slow to import, seldom needed
        from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - as above

        count = len(self.photos.names)
        edges = np.concatenate([np.zeros((0, 2), np.int64), *self._bound])
        graph = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), (count, count))
        _, number = connected_components(graph, directed=False)
        _, first = np.unique(number, return_index=True)
        roots: Counts = first[number].astype(np.int64)
        return roots


class CountsByPhoto:
    """Counts by photo; non-mated comparisons charge both photos, mated ones the first."""

    def __init__(self, thresholds: tuple[float, ...], *, mated: bool) -> None:
        self._thresholds = thresholds
        self._mated = mated
        self._tried = np.zeros(0, np.int64)
        self._events = np.zeros((len(thresholds), 0), np.int64)

    def shares(self, person: Counts) -> Shares:
        """Each person's share; ``person`` gives the person of each photo, shape (photos,)."""
        photos = min(self._tried.size, person.size)
        people = int(person.max()) + 1 if person.size else 0
        person = person[:photos]
        return Shares(
            tried=_by_person(person, self._tried[:photos], people),
            events=np.array([_by_person(person, row[:photos], people) for row in self._events]),
            per_comparison=1 if self._mated else 2,
        )

    def add(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Charge comparisons: numbers of photos and scores, each of shape (n,)."""
        if not scores.size:
            return
        self._grow(int(max(first.max(), second.max())) + 1)
        self.add_tried(self._by_photo(first, second))
        self.add_events(first, second, scores)

    def taking_part(self, photos: int) -> np.ndarray:
        """Which of so many photos were compared: a mask of shape (photos,)."""
        self._grow(photos)
        taking: np.ndarray = self._tried[:photos] > 0
        return taking

    def add_tried(self, tried: Counts) -> None:
        """Charge comparisons that were counted elsewhere: shape (photos,)."""
        self._grow(tried.size)
        self._tried[: tried.size] += tried

    def add_events(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Charge the errors: numbers of photos and scores, each of shape (n,)."""
        rows = list(enumerate(self._thresholds))
        for row, threshold in reversed(rows) if self._mated else rows:
            wrong = scores < threshold if self._mated else scores >= threshold
            first, second, scores = first[wrong], second[wrong], scores[wrong]
            if not scores.size:
                return
            self._events[row] += self._by_photo(first, second)

    def merge(self, other: CountsByPhoto) -> None:
        """Add what was counted elsewhere of the same photos."""
        photos = other._tried.size
        self.add_tried(other._tried)
        self._events[:, :photos] += other._events

    def take_back(self, other: CountsByPhoto) -> None:
        """Undo ``merge``."""
        photos = other._tried.size
        self._tried[:photos] -= other._tried
        self._events[:, :photos] -= other._events

    def _by_photo(self, first: Counts, second: Counts) -> Counts:
        counts = np.bincount(first, minlength=self._tried.size)
        return counts if self._mated else counts + np.bincount(second, minlength=self._tried.size)

    def _grow(self, photos: int) -> None:
        missing = photos - self._tried.size
        if missing > 0:
            missing = max(missing, self._tried.size)
            self._tried = np.pad(self._tried, (0, missing))
            self._events = np.pad(self._events, ((0, 0), (0, missing)))


def _by_person(person: Counts, counts: Counts, people: int) -> Counts:
    """Sums of counts of photos; exact as long as they are below 2 ** 53."""
    return np.bincount(person, weights=counts, minlength=people).astype(np.int64)
