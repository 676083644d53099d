"""All that is counted about a server, whatever the source of the scores."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from calibration.acquisition import Acquirer
from calibration.arrays import Counts, Floats
from calibration.groups import Groups
from calibration.roster import Index, Roster
from calibration.side import Side
from calibration.tally import Tally


@dataclass(frozen=True, kw_only=True)
class Block:
    """Comparisons in arrays of shape (n,): numbers of photos, truth, and what was answered.

    ``scores`` is NaN where there is none; ``codes`` then says why, 0 where nothing was measured.
    ``groups`` holds numbers of labels, or None.
    """

    first: Counts
    second: Counts
    mated: np.ndarray
    scores: Floats
    codes: Counts
    groups: Counts | None = None


class Measurement:
    """Counts blocks of comparisons; ``no_face`` is the code that says a face was not found."""

    def __init__(
        self, thresholds: tuple[float, ...], no_face: int, *, low: float = 0.0, high: float = 1.0
    ) -> None:
        self.thresholds = thresholds
        self.roster = Roster()
        self.non_mated, self.mated = (
            Side(Tally(thresholds=thresholds, low=low, high=high), mated=mated)
            for mated in (False, True)
        )
        self.labels = Index()
        self.groups = {
            mated: Groups(thresholds, self.labels, mated=mated) for mated in (False, True)
        }
        self.acquirer = Acquirer()
        self.codes: Counter[int] = Counter()
        self.not_measured = 0
        self._no_face = no_face

    @property
    def sides(self) -> tuple[Side, Side]:
        """The non-mated and the mated side."""
        return self.non_mated, self.mated

    def add(self, block: Block) -> None:
        """Count a block. A photo against itself only tells whether a face is found in it."""
        completed = ~np.isnan(block.scores)
        answered = completed | (block.codes != 0)
        self.not_measured += int(np.count_nonzero(~answered))
        self.acquirer.add(
            block.first, block.second, completed, ~completed & (block.codes == self._no_face)
        )
        compared = block.first != block.second
        refused = answered & ~completed & compared
        self.codes.update(block.codes[refused].tolist())
        for side in self.sides:
            ours = compared & (block.mated == side.mated)
            side.failed += int(np.count_nonzero(ours & refused))
            self._add_scores(side, block, ours & completed)

    def merge(self, other: Measurement) -> None:
        """Add completed comparisons that were counted elsewhere, with the same numbers of photos
        and people."""
        for ours, theirs in zip(self.sides, other.sides, strict=True):
            ours.merge(theirs)
        labels = self.labels.numbers(other.labels.names)
        for mated, groups in other.groups.items():
            self.groups[mated].merge(groups, labels)

    def _add_scores(self, side: Side, block: Block, chosen: np.ndarray) -> None:
        photos = block.first[chosen], block.second[chosen]
        people = self.roster.person(photos[0]), self.roster.person(photos[1])
        side.add(photos, people, block.scores[chosen])
        if block.groups is not None:
            groups = self.groups[side.mated]
            groups.add(block.groups[chosen], block.scores[chosen])
