"""Everything that is counted about the comparisons of one kind, mated or non-mated."""

from __future__ import annotations

from calibration.arrays import Counts, Floats
from calibration.extremes import Extremes
from calibration.people import People
from calibration.rounding import Rounding
from calibration.tally import Tally
from calibration.trace import Trace

LISTED = 60


class Side:
    """One kind of comparison; ``failed`` were refused, so they have no score."""

    def __init__(self, tally: Tally, *, mated: bool) -> None:
        self.mated = mated
        self.tally = tally
        self.people = People(tally.thresholds, mated=mated)
        self.extremes = Extremes(LISTED, highest=not mated)
        self.trace = Trace(tally.thresholds)
        self.rounding = Rounding()
        self.failed = 0

    def add(
        self, photos: tuple[Counts, Counts], people: tuple[Counts, Counts], scores: Floats
    ) -> None:
        """Count completed comparisons: photos, people and scores, each of shape (n,)."""
        if not scores.size:
            return
        self.tally.add(scores)
        self.people.add(*people, scores)
        self.extremes.add(*photos, scores)
        self.trace.add(scores)
        self.rounding.add(scores)

    def merge(self, other: Side) -> None:
        """Add what was counted elsewhere, in no particular order: the trace stays as it is."""
        self.tally.merge(other.tally)
        self.people.merge(other.people)
        self.extremes.merge(other.extremes)
        self.rounding.merge(other.rounding)
        self.failed += other.failed

    @property
    def attempted(self) -> int:
        """Completed and refused comparisons."""
        return self.tally.n + self.failed

    @property
    def events(self) -> Counts:
        """What went wrong at each threshold: false matches, or false non-matches."""
        return self.tally.n - self.tally.matches if self.mated else self.tally.matches
