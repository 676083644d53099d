"""The photos in which the server found no face, inferred from answers about pairs.

A refusal does not say which of the two photos it is about. A photo in a completed comparison is
acquired, its partner in a refused pair is not, and any other is open until it is compared with
itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.statistics.arrays import Counts


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """The numbers of the photos tried, each array of shape (n,).

    No face was found in those of ``failed``; of those of ``open_`` the answers do not tell, and
    those of ``unanswered`` are in no comparison with a score, or refused for want of a face.
    """

    photos: Counts
    failed: Counts
    open_: Counts
    unanswered: Counts

    @property
    def tried(self) -> int:
        """How many photos were tried."""
        return self.photos.size


class Acquirer:
    """Collects the photos that were compared, and the pairs refused because no face was found."""

    def __init__(self) -> None:
        self._acquired = np.zeros(0, bool)
        self._tried = np.zeros(0, bool)
        self._seen = np.zeros(0, bool)
        self._faceless: list[Counts] = []
        self._refused: list[Counts] = []

    def add(
        self, first: Counts, second: Counts, completed: np.ndarray, refused: np.ndarray
    ) -> None:
        """Add answers to pairs: the numbers of both photos, and two masks, each of shape (n,)."""
        if not first.size:
            return
        self._grow(int(max(first.max(), second.max())) + 1)
        for photos in (first, second):
            self._seen[photos] = True
            self._tried[photos[completed | refused]] = True
            self._acquired[photos[completed]] = True
        if refused.any():
            self._faceless.append(np.column_stack([first[refused], second[refused]]))

    def refuse(self, first: Counts, second: Counts) -> None:
        """Add non-mated pairs without a score: numbers of both photos, each of shape (n,)."""
        if first.size:
            self._refused.append(np.column_stack([first, second]))

    def unexplained(self) -> int:
        """The number of non-mated pairs without a score that no photo without a face explains.

        Otherwise a server that refuses just the pairs that it would confuse would look perfect.
        """
        return len(self._unexplained())

    def unsure(self) -> Counts:
        """Photos, (n,), that would explain a refusal if they were refused against themselves."""
        photos = np.unique(np.concatenate([self.result().open_, self._unexplained().ravel()]))
        unsure: Counts = photos[~self._acquired[photos]]
        return unsure

    def _unexplained(self) -> Counts:
        pairs = _joined(self._refused)
        at_fault = self._at_fault(np.concatenate([pairs, _joined(self._faceless)]))
        unexplained: Counts = pairs[~at_fault[pairs].any(axis=1)]
        return unexplained

    def _at_fault(self, pairs: Counts) -> np.ndarray:
        """Photos never accepted, and refused with themselves or with two others that were."""
        accepted = self._acquired[pairs]
        blamed = np.concatenate(
            [
                pairs[accepted[:, 0] & ~accepted[:, 1]][:, ::-1],
                pairs[accepted[:, 1] & ~accepted[:, 0]],
            ]
        )
        partners = np.unique(blamed, axis=0)[:, 0]
        often = np.bincount(partners, minlength=self._acquired.size) > 1
        itself = pairs[pairs[:, 0] == pairs[:, 1]][:, 0]
        often[itself] = True
        at_fault: np.ndarray = often & ~self._acquired
        return at_fault

    def result(self) -> Acquisition:
        """The photos tried, failed and open, as far as the answers tell."""
        tried, unanswered = (
            np.flatnonzero(photos) for photos in (self._tried, self._seen & ~self._tried)
        )
        if not self._faceless:
            nobody = np.zeros(0, np.int64)
            return Acquisition(photos=tried, failed=nobody, open_=nobody, unanswered=unanswered)
        pairs = _joined(self._faceless)
        suspects = pairs[~self._acquired[pairs].all(axis=1)]
        known = self._acquired[suspects].any(axis=1) | (suspects[:, 0] == suspects[:, 1])
        failed = np.unique(suspects[known])
        failed = failed[~self._acquired[failed]]
        rest = np.unique(suspects)
        rest = rest[~self._acquired[rest]]
        return Acquisition(
            photos=tried,
            failed=failed,
            open_=np.setdiff1d(rest, failed, assume_unique=True),
            unanswered=unanswered,
        )

    def _grow(self, photos: int) -> None:
        missing = photos - self._tried.size
        if missing > 0:
            missing = max(missing, self._tried.size)
            self._tried = np.pad(self._tried, (0, missing))
            self._acquired = np.pad(self._acquired, (0, missing))
            self._seen = np.pad(self._seen, (0, missing))


def _joined(pairs: list[Counts]) -> Counts:
    return np.concatenate([np.zeros((0, 2), np.int64), *pairs])
