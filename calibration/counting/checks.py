"""Statistics of the comparisons that the audit needs, collected while counting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.counting.people_pairs import mean_rates
from calibration.statistics.arrays import Counts, Floats

ROOM = 1 << 21
"""Pairs that are remembered; of more than these a random sample by their hash."""


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """How often pairs were given.

    ``times`` is the mean, over comparisons, of the number of comparisons of the same pair: the
    design effect of repeats (Kish). ``share`` of the comparisons repeat another.
    """

    times: float = 1.0
    share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Comparisons of two photos that have different scores.

    ``share`` of the comparisons are of such a pair; ``first`` and ``second`` are the numbers of the
    photos of one of them, ``lowest`` and ``highest`` its scores.
    """

    share: float
    first: int
    second: int
    lowest: float
    highest: float


_SWAPPED = np.uint64(1 << 63)
_PHOTO = np.uint64((1 << 31) - 1)
_HIGH, _LOW = np.uint64(32), np.uint64(0)


def _keys(first: Counts, second: Counts) -> np.ndarray:
    """A number for each pair; one bit tells the order."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    pairs = (high.astype(np.uint64) << _HIGH) | low.astype(np.uint64)
    keys: np.ndarray = pairs | np.where(first > second, _SWAPPED, np.uint64(0))
    return keys


def _photos(keys: np.ndarray) -> tuple[Counts, Counts]:
    """The numbers of the two photos of each pair, the larger ones first."""
    first, second = ((keys >> shift & _PHOTO).astype(np.int64) for shift in (_HIGH, _LOW))
    return first, second


class PairCounter:
    """Finds pairs that occur more than once, and their scores, in bounded memory.

    A pair is kept if its hash is below a limit, which is halved whenever the memory is full. So the
    kept pairs are a random sample, each with all its repeats. Two photos in the other order are the
    same pair, but may have another score.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._limit = 1 << 64
        self._seen = _Seen.of(np.zeros(0, np.uint64), np.zeros(0))
        self._fresh: list[_Seen] = []
        self._waiting = 0
        self._repeats: Repeats | None = None
        self._ends = np.zeros((2, 0), bool)

    def add(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Count pairs: numbers of photos and scores, NaN for none, each of shape (n,)."""
        self._note(first, second)
        self._fresh.append(self._below(_Seen.of(_keys(first, second), scores)))
        self._waiting += self._fresh[-1].pairs.size
        if self._waiting > self._room:
            self._merge()

    def merge(self, other: PairCounter) -> None:
        """Add what was counted elsewhere of the same photos."""
        self._note(*(np.flatnonzero(end) for end in other._ends))
        other._merge()
        self._fresh.append(other._seen)
        self._limit = min(self._limit, other._limit)
        self._merge()

    def result(self) -> Repeats:
        """How often pairs occurred, in either order."""
        self._merge()
        if self._repeats is None:
            self._repeats = self._counted()
        return self._repeats

    def conflict(self, apart: float, *, either_order: bool = False) -> Conflict | None:
        """Pairs whose scores differ by more than ``apart``; None if there are none.

        ``either_order``: the order of the two photos does not matter.
        """
        self._merge()
        seen = self._seen.unordered() if either_order else self._seen
        widths = seen.highest - seen.lowest
        wrong = widths > apart
        if not wrong.any():
            return None
        at = int(np.nanargmax(widths))
        high, low = (int(photo[0]) for photo in _photos(seen.pairs[at : at + 1]))
        first, second = (high, low) if seen.pairs[at] & _SWAPPED else (low, high)
        return Conflict(
            share=float(seen.times[wrong].sum() / seen.times.sum()),
            first=first,
            second=second,
            lowest=float(seen.lowest[at]),
            highest=float(seen.highest[at]),
        )

    def drop(self, first: Counts, second: Counts) -> None:
        """Remove pairs, in this order: numbers of photos, each of shape (n,)."""
        self._merge()
        seen = self._seen
        self._seen = seen.where(~np.isin(seen.pairs, _keys(first, second)))
        self._repeats = None

    def kept(self) -> tuple[Counts, Counts]:
        """The numbers of the photos of all pairs in memory, also without a score, shape (n,)."""
        self._merge()
        return _photos(self._seen.unordered().pairs)

    def ends(self, photos: int) -> np.ndarray:
        """Whether each photo was the first and the second one of a pair, shape (2, photos)."""
        return np.pad(self._ends, ((0, 0), (0, photos - self._ends.shape[1])))

    def sample(self, most: int) -> tuple[Counts, Counts, Floats]:
        """Up to so many random pairs with a score: numbers of photos and scores, shape (n,)."""
        self._merge()
        seen = self._seen.where(~np.isnan(self._seen.highest))
        if seen.pairs.size > most:
            seen = seen.where(np.argsort(_mixed(seen.pairs & ~_SWAPPED), kind="stable")[:most])
        return *_photos(seen.pairs), seen.highest

    def mean_rates(self, person: Counts, thresholds: tuple[float, ...]) -> Floats:
        """The mean false match rate over pairs of people, of the kept pairs, shape (rows,).

        NaN if there are none. ``person`` gives the person of each photo, shape (photos,).
        """
        self._merge()
        seen = self._seen.where(~np.isnan(self._seen.highest))
        return mean_rates(person, *_photos(seen.pairs), seen.highest, thresholds)

    def _note(self, first: Counts, second: Counts) -> None:
        size = 1 + max(int(end.max(initial=-1)) for end in (first, second))
        if size > self._ends.shape[1]:
            self._ends = self.ends(size)
        self._ends[0, first] = True
        self._ends[1, second] = True

    def _counted(self) -> Repeats:
        _, place = np.unique(self._seen.pairs & ~_SWAPPED, return_inverse=True)
        times = np.bincount(place, weights=self._seen.times)
        total = int(times.sum())
        if not total:
            return Repeats()
        return Repeats(times=float(np.square(times).sum()) / total, share=1 - times.size / total)

    def _below(self, seen: _Seen) -> _Seen:
        if self._limit >= 1 << 64:
            return seen
        return seen.where(_mixed(seen.pairs & ~_SWAPPED) < np.uint64(self._limit))

    def _merge(self) -> None:
        if self._fresh:
            self._seen = _Seen.together([self._seen, *map(self._below, self._fresh)])
            self._repeats = None
        while self._seen.pairs.size > self._room:
            self._limit //= 2
            self._seen = self._below(self._seen)
        self._fresh, self._waiting = [], 0


@dataclass(frozen=True)
class _Seen:
    """Pairs in one order: how many times each came, and its lowest and highest score."""

    pairs: np.ndarray
    times: Counts
    lowest: Floats
    highest: Floats

    @classmethod
    def of(cls, pairs: np.ndarray, scores: Floats) -> _Seen:
        return cls(pairs, np.ones(pairs.size, np.int64), scores, scores)

    def unordered(self) -> _Seen:
        """Pairs whichever photo comes first."""
        pairs = self.pairs & ~_SWAPPED
        return _Seen.together([_Seen(pairs, self.times, self.lowest, self.highest)])

    def where(self, chosen: np.ndarray) -> _Seen:
        return _Seen(
            self.pairs[chosen], self.times[chosen], self.lowest[chosen], self.highest[chosen]
        )

    @classmethod
    def together(cls, parts: list[_Seen]) -> _Seen:
        """Each pair once."""
        pairs = np.concatenate([part.pairs for part in parts])
        order = np.argsort(pairs, kind="stable")
        pairs = pairs[order]
        times, lowest, highest = (
            np.concatenate([getattr(part, name) for part in parts])[order]
            for name in ("times", "lowest", "highest")
        )
        starts = np.flatnonzero(np.diff(pairs, prepend=~pairs[:1]))
        if not starts.size:
            return cls(pairs, times, lowest, highest)
        return cls(
            pairs[starts],
            np.add.reduceat(times, starts),
            np.fmin.reduceat(lowest, starts),
            np.fmax.reduceat(highest, starts),
        )


def _mixed(keys: np.ndarray) -> np.ndarray:
    """A bijection that scatters numbers evenly (splitmix64; Steele, Lea & Flood, 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = keys ^ (keys >> np.uint64(31))
    return mixed


@dataclass(kw_only=True)
class Spread:
    """The two lowest distinct scores, the number of the lowest, the highest, and their number."""

    lowest: float = np.inf
    at_lowest: int = 0
    second_lowest: float = np.inf
    highest: float = -np.inf
    n: int = 0

    def add(self, scores: Floats) -> None:
        """Look at scores of shape (n,)."""
        if not scores.size:
            return
        lowest = float(scores.min())
        at_lowest = scores == scores.min()
        count = int(np.count_nonzero(at_lowest))
        rest = scores[~at_lowest]
        second = float(rest.min()) if rest.size else np.inf
        self.merge(
            Spread(
                lowest=lowest,
                at_lowest=count,
                second_lowest=second,
                highest=float(scores.max()),
                n=scores.size,
            )
        )

    def merge(self, other: Spread) -> None:
        """Add what was counted elsewhere."""
        values = sorted({self.lowest, self.second_lowest, other.lowest, other.second_lowest})
        lowest = values[0]
        self.at_lowest = sum(s.at_lowest for s in (self, other) if s.lowest == lowest)
        self.lowest, self.second_lowest = lowest, (*values[1:], np.inf)[0]
        self.highest = max(self.highest, other.highest)
        self.n += other.n
