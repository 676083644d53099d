"""The counts of labels, and rates from them with the dependence within people."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from calibration.counting.acquisition import Acquisition
from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.counting.groups import ACROSS, LOOK_ALIKE, NOT_GIVEN, is_within
from calibration.judging.evidence import of_photos, with_refused
from calibration.judging.findings import GroupRow
from calibration.judging.requirements import Requirement
from calibration.statistics.arrays import Counts
from calibration.statistics.dependence import LEAST_PEOPLE, Shares
from calibration.statistics.evidence import evidence_of
from calibration.statistics.intervals import Rate
from calibration.statistics.verdicts import Evidence, Rule

WITHIN, ACROSS_ALL = "within a group", "across groups"


def label_kinds(names: list[str]) -> tuple[list[int], list[int]]:
    """The numbers of the labels within a group, and of those across two groups.

    Labels of people without a group are left out.
    """
    given = [number for number, label in enumerate(names) if NOT_GIVEN not in label.split(ACROSS)]
    return (
        [number for number in given if is_within(names[number])],
        [number for number in given if not is_within(names[number])],
    )


class GroupCounts:
    """The counts of labels, and rates from them with intervals by ``rule``."""

    def __init__(self, measurement: Measurement, claimed: tuple[float, ...], rule: Rule) -> None:
        self._measurement = measurement
        self._claimed = claimed
        self._rule = rule
        self._person = measurement.identities.people().person
        self._repeats = [
            counts.pairs.result().times if counts.attempted else 1.0 for counts in measurement.kinds
        ]
        self._acquired = measurement.acquisition()

    def row(self, label: str, numbers: list[int]) -> GroupRow:
        """The rates of some labels together; ``label`` names them."""
        non_mated, mated = (self.shares(kind, numbers) for kind in self._measurement.kinds)
        refused = self._measurement.groups[True].refused(np.array(numbers), self._person)
        k = non_mated.events.sum(axis=1) // 2
        seconds = self._measurement.latencies.quantiles(numbers, (0.5, 0.95)) or (None, None)
        photos = self._acquired_of(numbers)
        acquired = of_photos(self._person, photos)[0] if photos else None
        return GroupRow(
            label=label,
            across=ACROSS in label or label == ACROSS_ALL,
            people=non_mated.people,
            n=round(non_mated.comparisons),
            k=k.astype(int).tolist(),
            fmr=self.rates(self._measurement.non_mated, numbers),
            mated_people=mated.people,
            mated_n=round(mated.comparisons),
            fnmr=self.rates(self._measurement.mated, numbers),
            refused=int(refused.sum()),
            acquisition=acquired.measured(self._rule) if acquired else None,
            median=seconds[0],
            slowest=seconds[1],
        )

    def rates(self, counts: ComparisonCounts, numbers: list[int]) -> list[Rate]:
        """The FMR, or FNMR, of some labels together at each row."""
        return [one.measured(self._rule) for one in self._evidence(counts, numbers)]

    def evidence(self, number: int, place: int) -> Evidence:
        """The non-mated comparisons of a label at a row; refused ones may be false matches."""
        row = self._evidence(self._measurement.non_mated, [number])[place]
        return replace(row, open_still=self._refused(self._measurement.non_mated, number))

    def required(
        self, number: int, requirement: Requirement, row: int
    ) -> tuple[Evidence, Evidence, int] | None:
        """As ``of_required``, of a label; None if unknown."""
        if requirement.measure == "fta":
            chosen = self._acquired_of([number])
            if chosen is None:
                return None
            evidence, people = of_photos(self._person, chosen)
            return replace(evidence, claimed=requirement.limit), evidence, people
        counts = self._measurement.mated if requirement.of_mated else self._measurement.non_mated
        refused = requirement.measure == "gfrr"
        evidence = self._evidence(counts, [number], refused=refused)[row]
        judged = replace(evidence, claimed=requirement.limit)
        if not counts.mated:  # refused ones may have been matches
            judged = replace(judged, open_still=self._refused(counts, number))
        return judged, evidence, self.shares(counts, [number], refused=refused).people

    def differing(
        self, counts: ComparisonCounts, number: int, row: int
    ) -> tuple[Evidence, Evidence]:
        """The evidence of a label at a row as a differential is judged, and of the rate alone.

        Refused non-mated comparisons may be false matches.
        """
        evidence = self._evidence(counts, [number])[row]
        if counts.mated:
            return evidence, evidence
        return replace(evidence, open_still=self._refused(counts, number)), evidence

    def shares(
        self, counts: ComparisonCounts, numbers: list[int], *, refused: bool = False
    ) -> Shares:
        """Each person's share of one kind of comparison under some labels; ``refused``: refused
        ones are errors."""
        groups = self._measurement.groups[counts.mated]
        shares = groups.shares(np.array(numbers), self._person)
        if refused:
            shares = with_refused(shares, groups.refused(np.array(numbers), self._person))
        alike = self._measurement.look_alikes
        if not alike or counts.mated:
            return shares
        near = numbers == [self._measurement.labels[LOOK_ALIKE]]
        return replace(shares, pairs=alike.pairs_of_people if near else None)

    def enough(self, counts: ComparisonCounts, numbers: list[int]) -> bool:
        """Whether some labels have enough people, on both sides, to be judged."""
        shares = self.shares(counts, numbers)
        if counts.mated or shares.people < LEAST_PEOPLE:
            return shares.people >= LEAST_PEOPLE
        return self._measurement.smaller_side(LEAST_PEOPLE, shares.tried > 0) >= LEAST_PEOPLE

    def _evidence(
        self, counts: ComparisonCounts, numbers: list[int], *, refused: bool = False
    ) -> list[Evidence]:
        shares = self.shares(counts, numbers, refused=refused)
        claimed = () if counts.mated else self._claimed
        rows = evidence_of(shares, claimed, self._repeats[counts.mated])
        if counts.mated:
            missing = self._measurement.groups[True].unanswered(np.array(numbers))
            rows = [replace(row, open_still=missing) for row in rows]
        if round(shares.comparisons) == counts.histogram.n:  # the whole, as the table has it
            return rows
        return [replace(row, shown_effect=math.inf) for row in rows]

    def _refused(self, counts: ComparisonCounts, number: int) -> int:
        """Comparisons of a label that were refused, or have no score."""
        groups, numbers = self._measurement.groups[counts.mated], np.array([number])
        return int(groups.refused(numbers, self._person).sum()) + groups.unanswered(numbers)

    def _acquired_of(self, numbers: list[int]) -> Acquisition | None:
        """What became of the photos of a group, if they are of no other.

        Where groups share no people, these are all photos of its people, also those that were only
        compared across groups.
        """
        names = self._measurement.labels.names
        own = self._photos([n for n in numbers if ACROSS not in names[n]])
        others = self._photos(
            [n for n in range(len(names)) if n not in numbers and ACROSS not in names[n]]
        )
        people = np.unique(self._person[own])
        if not np.isin(self._person[others], people).any():
            own = np.flatnonzero(np.isin(self._person, people))
        tried = np.intersect1d(self._acquired.photos, np.setdiff1d(own, others))
        if not tried.size or np.intersect1d(own, others).size:
            return None
        return Acquisition(
            photos=tried,
            failed=np.intersect1d(self._acquired.failed, tried),
            open_=np.intersect1d(self._acquired.open_, tried),
            unanswered=np.intersect1d(self._acquired.unanswered, np.setdiff1d(own, others)),
        )

    def _photos(self, numbers: list[int]) -> Counts:
        of_label = [
            groups.photos(number)
            for groups in self._measurement.groups.values()
            for number in numbers
        ]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *of_label]))
