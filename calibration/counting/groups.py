"""Counts by group and photo: within each group, and across groups.

A label is ``A`` for a comparison within group A, or ``A|B`` across groups. Counts are kept by photo
and label, and summed by person at the end.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import numpy as np

from calibration.counting.identities import Index
from calibration.statistics.arrays import Counts, Floats
from calibration.statistics.dependence import Shares
from verikit.errors import WrongUse
from verikit.foreign_text import shown

ACROSS = "|"
NOT_GIVEN = "not given"
LOOK_ALIKE, OTHERS = "look-alike", "others"
"""The labels of non-mated comparisons where look-alikes are asked first."""
_BITS = 12
MOST_LABELS = 1 << _BITS
"""Ninety groups and all pairs of them."""
_LEAST, _MOST = 1e-4, 1e4
"""Seconds that are told apart."""
_A_DECADE = 100


class ImpostorKind(StrEnum):
    """The kind of people in non-mated comparisons."""

    RANDOM = "random"
    SAME_GROUP = "same-group"
    LOOK_ALIKE = "look-alike"


@dataclass(frozen=True, kw_only=True)
class ChosenImpostors:
    """Impostors that are not random.

    ``share`` of all non-mated pairs are of this ``kind``; they are of ``pairs_of_people`` pairs of
    people, if that is known.
    """

    kind: ImpostorKind
    share: float
    pairs_of_people: int | None = None

    @property
    def as_json(self) -> dict[str, Any]:
        """As values for JSON."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote.

        Raises:
            ValueError, TypeError, KeyError: that is damaged.
        """
        share, pairs = float(stored["share"]), stored.get("pairs_of_people")
        if not 0 < share < 1 or not (pairs is None or int(pairs) > 0):
            raise ValueError(f"{share:g} of all pairs are chosen, of {pairs} pairs of people")
        return cls(kind=ImpostorKind(stored["kind"]), share=share, pairs_of_people=pairs)


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """Groups that nobody gave: ``number`` clusters of ``people`` people who look alike by the
    templates called ``source``; ``without_template`` are in none."""

    source: str
    number: int
    people: int
    without_template: int


def label_of(first: str, second: str) -> str:
    """The label of a comparison of two groups: ``A`` within a group, ``A|B`` across."""
    return first if first == second else ACROSS.join(sorted((first, second)))


def canonical_label(written: str) -> str:
    """A label as a file writes it, in the order of ``label_of``; NOT_GIVEN for none."""
    parts = [group_name(part) for part in written.split(ACROSS)]
    return label_of(*parts) if len(parts) == 2 else group_name(written) or NOT_GIVEN


def group_name(written: str) -> str:
    """The name of a group as a file writes it, with escapes for what obeys in a terminal."""
    return shown(written.strip(), limit=len(written) + 1)


def one_group_each(pairs: Iterable[tuple[str, str]], source: Path | str) -> dict[str, str]:
    """The group of each person, from pairs of a person and a group.

    Raises:
        WrongUse: a person is in two groups, or a group is named in two ways.
    """
    groups: dict[str, str] = {}
    for person, group in pairs:
        if groups.setdefault(person, group) != group:
            told = f"{groups[person]} and into {group}"
            raise WrongUse(f"{source} puts {shown(person)} into {told}.")
    require_one_way(set(groups.values()), source)
    return groups


def require_one_way(groups: Iterable[str], source: Path | str) -> None:
    """Refuse groups whose names differ in nothing but case, blanks or the form of characters.

    Raises:
        WrongUse: there are such.
    """
    seen: dict[str, str] = {}
    for group in sorted(groups):
        key = " ".join(unicodedata.normalize("NFKC", group).casefold().split())
        if seen.setdefault(key, group) != group:
            raise WrongUse(
                f"{source} names a group in two ways: {shown(seen[key])} and {shown(group)}: "
                "write it in one way."
            )


def is_within(label: str) -> bool:
    """Whether the comparisons of a label are within a group."""
    return ACROSS not in label and label != NOT_GIVEN


class Groups:
    """Counts of one kind of comparison by label; a label is the number of a name in ``labels``.

    Non-mated comparisons charge both photos, mated ones the first.
    """

    def __init__(self, thresholds: tuple[float, ...], labels: Index, *, mated: bool) -> None:
        self._thresholds = thresholds
        self._mated = mated
        self.labels = labels
        self._keys = np.zeros(0, np.int64)
        self._tried = np.zeros(0, np.int64)
        self._refused = np.zeros(0, np.int64)
        self._unanswered = np.zeros(0, np.int64)
        self._events = np.zeros((len(thresholds), 0), np.int64)

    def add(self, first: Counts, second: Counts, labels: Counts, scores: Floats) -> None:
        """Count completed comparisons: numbers of photos and labels, scores, each of shape (n,)."""
        for photos in (first,) if self._mated else (first, second):
            self.add_tried(photos, labels, np.ones(photos.size, np.int64))
        self.add_events(first, second, labels, scores)

    def add_tried(self, photos: Counts, labels: Counts, counts: Counts) -> None:
        """Charge photos with ``counts`` comparisons each: arrays of shape (n,)."""
        places, size = self._places(photos, labels)
        self._tried += np.bincount(places, weights=counts, minlength=size).astype(np.int64)

    def add_events(self, first: Counts, second: Counts, labels: Counts, scores: Floats) -> None:
        """Charge the errors among comparisons that ``add_tried`` charged: arrays of shape (n,)."""
        ends = (first,) if self._mated else (first, second)
        for row, threshold in enumerate(self._thresholds):
            wrong = scores < threshold if self._mated else scores >= threshold
            for photos in ends if wrong.any() else ():
                places, size = self._places(photos[wrong], labels[wrong])
                self._events[row] += np.bincount(places, minlength=size)

    def refuse(self, first: Counts, second: Counts, labels: Counts) -> None:
        """Count refused comparisons by their first photos: arrays of shape (n,)."""
        self._places(second, labels)
        places, size = self._places(first, labels)
        self._refused += np.bincount(places, minlength=size)

    def miss(self, first: Counts, second: Counts, labels: Counts) -> None:
        """Count comparisons without score or refusal by their first photos: arrays, shape (n,)."""
        self._places(second, labels)
        places, size = self._places(first, labels)
        self._unanswered += np.bincount(places, minlength=size)

    def merge(self, other: Groups, labels: Counts) -> None:
        """Add what was counted elsewhere of the same photos.

        ``labels``, shape (labels,): the numbers here of its labels.
        """
        photos, theirs = other._keys >> _BITS, other._keys & (MOST_LABELS - 1)
        places, _ = self._places(photos, labels[theirs] if theirs.size else theirs)
        self._tried[places] += other._tried
        self._refused[places] += other._refused
        self._unanswered[places] += other._unanswered
        self._events[:, places] += other._events

    def shares(self, numbers: Counts, person: Counts) -> Shares:
        """Each person's share of the comparisons of some labels.

        ``numbers`` are those of the labels; ``person`` gives each photo's person, shape (photos,).
        """
        chosen, people, size = self._people(numbers, person)
        return Shares(
            tried=_sums(people, self._tried[chosen], size),
            events=np.array([_sums(people, row[chosen], size) for row in self._events]),
            per_comparison=1 if self._mated else 2,
            pairs=None if self._mated else self.pairs(numbers, person),
        )

    def pairs(self, numbers: Counts, person: Counts) -> int:
        """How many pairs of people some labels can compare; a lower bound if groups are unknown.

        Arguments as of ``shares``.
        """
        pairs = 0
        for number in numbers.tolist():
            people = np.unique(person[self.photos(number)])
            label, own = self.labels.names[number], 0
            if ACROSS not in label:
                pairs += math.comb(people.size, 2)
                continue
            for group in label.split(ACROSS):
                if not 0 < own < people.size and group in self.labels.names:
                    theirs = person[self.photos(self.labels.names.index(group))]
                    own = np.intersect1d(people, theirs).size
            pairs += own * (people.size - own) if 0 < own < people.size else people.size - 1
        return pairs

    def refused(self, numbers: Counts, person: Counts) -> Counts:
        """Refused comparisons of labels by the person of their first photo, shape (people,)."""
        chosen, people, size = self._people(numbers, person)
        return _sums(people, self._refused[chosen], size)

    def unanswered(self, numbers: Counts) -> int:
        """How many comparisons of labels, shape (labels,), have neither a score nor a refusal."""
        return int(self._unanswered[np.isin(self._keys & (MOST_LABELS - 1), numbers)].sum())

    def counts(self, number: int) -> tuple[int, Counts]:
        """The completed comparisons of a label, and its errors at each threshold, shape (rows,)."""
        chosen = self._keys & (MOST_LABELS - 1) == number
        charged = 1 if self._mated else 2
        events: Counts = self._events[:, chosen].sum(axis=1) // charged
        return int(self._tried[chosen].sum()) // charged, events

    def photos(self, number: int) -> Counts:
        """The numbers of the photos in comparisons of a label, shape (n,)."""
        found: Counts = (self._keys >> _BITS)[self._keys & (MOST_LABELS - 1) == number]
        return found

    def _people(self, numbers: Counts, person: Counts) -> tuple[np.ndarray, Counts, int]:
        chosen = np.isin(self._keys & (MOST_LABELS - 1), numbers)
        size = int(person.max()) + 1 if person.size else 0
        return chosen, person[self._keys[chosen] >> _BITS], size

    def _places(self, photos: Counts, labels: Counts) -> tuple[Counts, int]:
        """Where photos and labels are counted, and how many such places there are now."""
        if len(self.labels.names) > MOST_LABELS:
            raise WrongUse(
                f"More than {MOST_LABELS:,} groups and pairs of groups are compared: group people "
                "by fewer."
            )
        keys = photos.astype(np.int64) << _BITS | labels
        fresh = np.setdiff1d(keys, self._keys)
        if fresh.size:
            before = np.searchsorted(self._keys, fresh)
            self._keys = np.insert(self._keys, before, fresh)
            self._tried = np.insert(self._tried, before, 0)
            self._refused = np.insert(self._refused, before, 0)
            self._unanswered = np.insert(self._unanswered, before, 0)
            self._events = np.insert(self._events, before, 0, axis=1)
        places: Counts = np.searchsorted(self._keys, keys)
        return places, self._keys.size


def _sums(people: Counts, counts: Counts, size: int) -> Counts:
    return np.bincount(people, weights=counts, minlength=size).astype(np.int64)


class Latencies:
    """Latencies of answers: a histogram for each label, with bins of a hundredth of a decade."""

    def __init__(self) -> None:
        self._bins: dict[int, Counts] = {}

    def add(self, labels: Counts, seconds: Floats) -> None:
        """Count answers: numbers of labels, and seconds (NaN: not measured), each of shape (n,)."""
        known = np.isfinite(seconds)
        places = np.log10(np.clip(seconds[known], _LEAST, _MOST) / _LEAST) * _A_DECADE
        labels, places = labels[known], places.astype(np.int64)
        for label in np.unique(labels).tolist():
            size = round(np.log10(_MOST / _LEAST) * _A_DECADE) + 1
            counts = np.bincount(places[labels == label], minlength=size)
            self._bins[label] = self._bins.get(label, np.zeros(size, np.int64)) + counts

    def quantiles(self, labels: Sequence[int], shares: Sequence[float]) -> list[float] | None:
        """The quantiles of the latency in seconds, to 2.4 %; None if nothing was measured."""
        found = [self._bins[label] for label in labels if label in self._bins]
        if not found:
            return None
        reached = np.cumsum(np.sum(found, axis=0))
        places = [int(np.searchsorted(reached, share * reached[-1])) for share in shares]
        return [_LEAST * 10 ** ((place + 1) / _A_DECADE) for place in places]
