"""Which photos the server found no face in, worked out from answers about pairs.

A refusal does not say which of the two photos it means. A photo that took part in any completed
comparison is acquired; the partner of an acquired photo in a refused pair is not; the rest is open
until the photo is compared with itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.statistics.arrays import Counts


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """Numbers of photos: ``failed`` for certain, ``open_`` where the answers leave it open."""

    tried: int
    failed: Counts
    open_: Counts


class Acquirer:
    """Collects which photos were compared and which pairs were refused for want of a face."""

    def __init__(self) -> None:
        self._acquired = np.zeros(0, bool)
        self._tried = np.zeros(0, bool)
        self._refused: list[Counts] = []

    def add(
        self, first: Counts, second: Counts, completed: np.ndarray, refused: np.ndarray
    ) -> None:
        """Answers to pairs: numbers of photos, and two masks, each of shape (n,)."""
        if not first.size:
            return
        self._grow(int(max(first.max(), second.max())) + 1)
        for photos in (first, second):
            self._tried[photos[completed | refused]] = True
            self._acquired[photos[completed]] = True
        if refused.any():
            self._refused.append(np.column_stack([first[refused], second[refused]]))

    def result(self) -> Acquisition:
        """What the answers settle."""
        tried = int(np.count_nonzero(self._tried))
        if not self._refused:
            nobody = np.zeros(0, np.int64)
            return Acquisition(tried=tried, failed=nobody, open_=nobody)
        pairs = np.concatenate(self._refused)
        suspects = pairs[~self._acquired[pairs].all(axis=1)]
        known = self._acquired[suspects].any(axis=1) | (suspects[:, 0] == suspects[:, 1])
        failed = np.unique(suspects[known])
        failed = failed[~self._acquired[failed]]
        rest = np.unique(suspects)
        rest = rest[~self._acquired[rest]]
        return Acquisition(
            tried=tried, failed=failed, open_=np.setdiff1d(rest, failed, assume_unique=True)
        )

    def _grow(self, photos: int) -> None:
        missing = photos - self._tried.size
        if missing > 0:
            missing = max(missing, self._tried.size)
            self._tried = np.pad(self._tried, (0, missing))
            self._acquired = np.pad(self._acquired, (0, missing))
