"""All that is counted about comparisons, mated and non-mated, whatever the source of the scores."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from calibration.counting.acquisition import Acquirer
from calibration.counting.groups import Groups
from calibration.counting.histogram import Histogram, Rounding, Trace
from calibration.counting.identities import Identities, Index, People
from calibration.counting.notable import Extremes
from calibration.statistics.arrays import Counts, Floats

LISTED = 60


class ComparisonCounts:
    """One kind of comparison; ``failed`` were refused, so they have no score."""

    def __init__(self, histogram: Histogram, *, mated: bool) -> None:
        self.mated = mated
        self.histogram = histogram
        self.people = People(histogram.thresholds, mated=mated)
        self.extremes = Extremes(LISTED, highest=not mated)
        self.trace = Trace(histogram.thresholds)
        self.rounding = Rounding()
        self.failed = 0

    def add(
        self, photos: tuple[Counts, Counts], people: tuple[Counts, Counts], scores: Floats
    ) -> None:
        """Count completed comparisons: photos, people and scores, each of shape (n,)."""
        if not scores.size:
            return
        self.histogram.add(scores)
        self.people.add(*people, scores)
        self.extremes.add(*photos, scores)
        self.trace.add(scores)
        self.rounding.add(scores)

    def merge(self, other: ComparisonCounts) -> None:
        """Add what was counted elsewhere, in no particular order: the trace stays as it is."""
        self.histogram.merge(other.histogram)
        self.people.merge(other.people)
        self.extremes.merge(other.extremes)
        self.rounding.merge(other.rounding)
        self.failed += other.failed

    @property
    def attempted(self) -> int:
        """Completed and refused comparisons."""
        return self.histogram.n + self.failed

    @property
    def events(self) -> Counts:
        """What went wrong at each threshold: false matches, or false non-matches."""
        return self.histogram.n - self.histogram.matches if self.mated else self.histogram.matches


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
        self.identities = Identities()
        self.non_mated, self.mated = (
            ComparisonCounts(Histogram(thresholds=thresholds, low=low, high=high), mated=mated)
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
    def kinds(self) -> tuple[ComparisonCounts, ComparisonCounts]:
        """The non-mated and the mated counts."""
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
        for counts in self.kinds:
            ours = compared & (block.mated == counts.mated)
            counts.failed += int(np.count_nonzero(ours & refused))
            self._add_scores(counts, block, ours & completed)

    def merge(self, other: Measurement) -> None:
        """Add completed comparisons that were counted elsewhere, with the same numbers of photos
        and people."""
        for ours, theirs in zip(self.kinds, other.kinds, strict=True):
            ours.merge(theirs)
        labels = self.labels.numbers(other.labels.names)
        for mated, groups in other.groups.items():
            self.groups[mated].merge(groups, labels)

    def _add_scores(self, counts: ComparisonCounts, block: Block, chosen: np.ndarray) -> None:
        photos = block.first[chosen], block.second[chosen]
        people = self.identities.person(photos[0]), self.identities.person(photos[1])
        counts.add(photos, people, block.scores[chosen])
        if block.groups is not None:
            groups = self.groups[counts.mated]
            groups.add(block.groups[chosen], block.scores[chosen])
