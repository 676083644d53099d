"""Statistics of the comparisons that the audit needs, collected while counting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.statistics.arrays import Counts, Floats

ROOM = 1 << 21
"""Pairs that are remembered; of more than these a random sample by their hash."""


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """How often pairs were given.

    ``times`` is the mean number of times that a comparison's pair comes, over comparisons: what
    repeats cost in evidence (Kish's design effect). ``share`` of the comparisons repeat another.
    """

    times: float = 1.0
    share: float = 0.0


class PairCounter:
    """Finds pairs that come more than once, in either order, in bounded memory.

    A pair is remembered if its hash is below a limit, which is halved whenever the room is full:
    so what is remembered is a random sample of the pairs, each with all its repeats.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._limit = 1 << 64
        self._pairs = np.zeros(0, np.uint64)
        self._times = np.zeros(0, np.int64)
        self._fresh: list[np.ndarray] = []
        self._waiting = 0

    def add(self, first: Counts, second: Counts) -> None:
        """Count pairs: numbers of photos, each of shape (n,)."""
        low, high = np.minimum(first, second), np.maximum(first, second)
        pairs = _mixed((high.astype(np.uint64) << np.uint64(32)) | low.astype(np.uint64))
        self._fresh.append(self._below(pairs))
        self._waiting += self._fresh[-1].size
        if self._waiting > self._room:
            self._merge()

    def merge(self, other: PairCounter) -> None:
        """Add what was counted elsewhere of the same photos."""
        other._merge()
        self._fresh.append(np.repeat(other._pairs, other._times))
        self._limit = min(self._limit, other._limit)
        self._merge()

    def result(self) -> Repeats:
        """How often pairs came."""
        self._merge()
        total = int(self._times.sum())
        if not total:
            return Repeats()
        return Repeats(
            times=float(np.square(self._times).sum()) / total,
            share=1 - self._times.size / total,
        )

    def _below(self, pairs: np.ndarray) -> np.ndarray:
        return pairs if self._limit >= 1 << 64 else pairs[pairs < np.uint64(self._limit)]

    def _merge(self) -> None:
        if self._fresh:
            fresh, times = np.unique(np.concatenate(self._fresh), return_counts=True)
            together = np.concatenate([self._pairs, fresh])
            self._pairs, place = np.unique(together, return_inverse=True)
            weights = np.concatenate([self._times, times])
            self._times = np.bincount(place, weights=weights).astype(np.int64)
        while self._pairs.size > self._room:
            self._limit //= 2
            kept = self._pairs < np.uint64(self._limit)
            self._pairs, self._times = self._pairs[kept], self._times[kept]
        self._fresh, self._waiting = [], 0


def _mixed(keys: np.ndarray) -> np.ndarray:
    """A bijection that scatters numbers evenly (splitmix64; Steele, Lea & Flood, 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = keys ^ (keys >> np.uint64(31))
    return mixed


@dataclass(kw_only=True)
class Spread:
    """The two lowest different scores, how many are the lowest, and the highest of all."""

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
        """Take what was seen elsewhere into account."""
        values = sorted({self.lowest, self.second_lowest, other.lowest, other.second_lowest})
        lowest = values[0]
        self.at_lowest = sum(s.at_lowest for s in (self, other) if s.lowest == lowest)
        self.lowest, self.second_lowest = lowest, (*values[1:], np.inf)[0]
        self.highest = max(self.highest, other.highest)
        self.n += other.n
