"""The counts of labels, and rates from them with the dependence within people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from calibration.counting.acquisition import Acquisition
from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.counting.groups import ACROSS, LOOK_ALIKE, NOT_GIVEN, is_within
from calibration.judging.findings import GroupRow
from calibration.judging.requirements import (
    USUAL_FTA,
    Requirement,
    acquisition_of,
    evidence_of,
)
from calibration.statistics.arrays import Counts
from calibration.statistics.dependence import Shares, design_effects
from calibration.statistics.intervals import Interval, Rate, interval, measured
from calibration.statistics.sequential import confidence_sequence
from calibration.statistics.verdicts import Evidence, Rule

USUAL_FNMR = 0.05
"""Where a confidence sequence of a group's FNMR is narrowest."""
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
    """The counts of labels, and rates with intervals at ``alpha`` from them."""

    def __init__(self, measurement: Measurement, claimed: tuple[float, ...], alpha: float) -> None:
        self._measurement = measurement
        self._claimed = claimed
        self._alpha = alpha
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
        return GroupRow(
            label=label,
            across=ACROSS in label or label == ACROSS_ALL,
            people=non_mated.people,
            n=round(non_mated.comparisons),
            k=k.astype(int).tolist(),
            fmr=self._rates(self._measurement.non_mated, non_mated),
            mated_people=mated.people,
            mated_n=round(mated.comparisons),
            fnmr=self._rates(self._measurement.mated, mated),
            refused=int(refused.sum()),
            acquisition=self._acquisition(numbers),
            median=seconds[0],
            slowest=seconds[1],
        )

    def bounds(self, numbers: list[int], *, at_any_time: bool) -> list[Rate]:
        """The FMR of some labels together at each row; ``at_any_time``: wherever a run stops."""
        shares = self.shares(self._measurement.non_mated, numbers)
        rates = self._rates(self._measurement.non_mated, shares)
        if not (at_any_time and shares.comparisons):
            return rates
        rows = zip(
            rates, shares.events, self._effects(self._measurement.non_mated, shares),
            self._claimed, strict=True,
        )  # fmt: skip
        return [
            replace(
                rate,
                interval=confidence_sequence(
                    float(events.sum()) / 2 / effect, shares.comparisons / effect, claimed,
                    self._alpha,
                ),
            )
            for rate, events, effect, claimed in rows
        ]  # fmt: skip

    def evidence(self, number: int, place: int) -> Evidence:
        """The non-mated comparisons of a label at a row; refused ones may be false matches."""
        shares = self.shares(self._measurement.non_mated, [number])
        refused = self._measurement.groups[False].refused(np.array([number]), self._person)
        return Evidence(
            claimed=self._claimed[place],
            k=int(shares.events[place].sum()) // 2,
            n=round(shares.comparisons),
            design_effect=self._effects(self._measurement.non_mated, shares)[place],
            open_still=int(refused.sum()),
        )

    def required(
        self, number: int, requirement: Requirement, row: int
    ) -> tuple[Evidence, int] | None:
        """The evidence of a label for a requirement, and its people; None if unknown."""
        if requirement.measure == "fta":
            chosen = self._acquired_of([number])
            return (
                None if chosen is None else acquisition_of(requirement.limit, self._person, chosen)
            )
        counts = self._measurement.mated if requirement.of_mated else self._measurement.non_mated
        refused = self._measurement.groups[counts.mated].refused(np.array([number]), self._person)
        shares, repeats = self.shares(counts, [number]), self._repeats[counts.mated]
        evidence, people = evidence_of(requirement, row, shares, refused, repeats)
        if not counts.mated:  # refused ones may have been matches
            evidence = replace(evidence, open_still=int(refused.sum()))
        return evidence, people

    def bound(
        self, counts: ComparisonCounts, number: int, row: int, *, at_any_time: bool
    ) -> tuple[Callable[[float], Rate], Shares]:
        """The rate of a label at a row as a function of alpha, and the people's shares.

        Refused non-mated comparisons may be false matches.
        """
        shares = self.shares(counts, [number])
        effect = self._effects(counts, shares)[row]
        k, n = float(shares.events[row].sum()) / shares.per_comparison, shares.comparisons
        refused = self._measurement.groups[counts.mated].refused(np.array([number]), self._person)
        most = k if counts.mated else min(n, k + int(refused.sum()))
        expected = USUAL_FNMR if counts.mated else self._claimed[row]

        def ends(events: float, alpha: float) -> Interval:
            if at_any_time:
                return confidence_sequence(events / effect, n / effect, expected, alpha)
            return interval(events / effect, n / effect, alpha)

        def at(alpha: float) -> Rate:
            return Rate(
                rate=k / n, interval=Interval(ends(k, alpha).lower, ends(most, alpha).upper)
            )

        return at, shares

    def shares(self, counts: ComparisonCounts, numbers: list[int]) -> Shares:
        """Each person's share of one kind of comparison under some labels."""
        shares = self._measurement.groups[counts.mated].shares(np.array(numbers), self._person)
        alike = self._measurement.look_alikes
        if not alike or counts.mated:
            return shares
        near = numbers == [self._measurement.labels.number(LOOK_ALIKE)]
        return replace(shares, pairs=alike.pairs_of_people if near else None)

    def _effects(self, counts: ComparisonCounts, shares: Shares) -> list[float]:
        repeats = self._repeats[counts.mated]
        distinct = replace(shares, tried=shares.tried / repeats, events=shares.events / repeats)
        claimed = () if counts.mated else self._claimed
        return [repeats * effect for effect in design_effects(distinct, claimed)]

    def _rates(self, counts: ComparisonCounts, shares: Shares) -> list[Rate]:
        n = round(shares.comparisons)
        if not n:
            return [measured(0, 0)] * len(shares.events)
        return [
            measured(int(events.sum()) // shares.per_comparison, n, effect, self._alpha)
            for events, effect in zip(shares.events, self._effects(counts, shares), strict=True)
        ]

    def _acquisition(self, numbers: list[int]) -> Rate | None:
        """FTA of the photos of a group; by person as all photos are."""
        chosen = self._acquired_of(numbers)
        if chosen is None:
            return None
        evidence, _ = acquisition_of(USUAL_FTA, self._person, chosen)
        bounds = evidence.interval(Rule(tolerance=1.0, alpha=self._alpha))
        return Rate(rate=evidence.rate, interval=bounds)

    def _acquired_of(self, numbers: list[int]) -> Acquisition | None:
        """What became of the photos of a group, if they are of no other."""
        names = self._measurement.labels.names
        own = self._photos([n for n in numbers if ACROSS not in names[n]])
        others = self._photos(
            [n for n in range(len(names)) if n not in numbers and ACROSS not in names[n]]
        )
        tried = np.intersect1d(self._acquired.photos, np.setdiff1d(own, others))
        if not tried.size or np.intersect1d(own, others).size:
            return None
        return Acquisition(
            photos=tried,
            failed=np.intersect1d(self._acquired.failed, tried),
            open_=np.intersect1d(self._acquired.open_, tried),
        )

    def _photos(self, numbers: list[int]) -> Counts:
        of_label = [
            groups.photos(number)
            for groups in self._measurement.groups.values()
            for number in numbers
        ]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *of_label]))
