"""Error rates by group and across groups, and the differentials between groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from calibration.counting.acquisition import Acquisition
from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.counting.groups import ACROSS, LOOK_ALIKE, NOT_GIVEN, OTHERS, is_within
from calibration.judging.findings import GroupDifferential, GroupRow, ImpostorRow, Impostors
from calibration.judging.requirements import Requirement, acquisition_of, evidence_of
from calibration.statistics.arrays import Counts
from calibration.statistics.dependence import Shares, design_effects
from calibration.statistics.differentials import (
    DifferentialEvidence,
    against_random,
    differentials,
    same_group,
)
from calibration.statistics.intervals import ALPHA, Interval, Rate, interval, measured
from calibration.statistics.sequential import confidence_sequence
from calibration.statistics.verdicts import Evidence, Verdict
from verikit.contract import ErrorRates
from verikit.errors import WrongUse

LEAST_PEOPLE = 30
"""The design effect is a variance over people: fewer give no estimate worth the name."""
USUAL_FNMR = 0.05
"""Where a confidence sequence of a group's FNMR is narrowest."""
WITHIN, ACROSS_ALL = "within a group", "across groups"


def groups(
    measurement: Measurement,
    place: int,
    claimed: tuple[float, ...],
    judged: Callable[[list[Evidence]], list[Verdict]],
    alpha: float,
) -> list[GroupRow]:
    """Rates by label, then over all labels within a group and across groups.

    The row at ``place`` is judged within each group, all groups together; a group of few people is
    INCONCLUSIVE.
    """
    names = measurement.labels.names
    within, across = _kinds(names)
    if measurement.look_alikes or not within + across:
        return []
    counts = _Counts(measurement, claimed, alpha)
    rows = [counts.row(names[number], [number]) for number in within + across]
    able = [row for row in rows if not row.across and row.people >= LEAST_PEOPLE]
    verdicts = judged([counts.evidence(names.index(row.label), place) for row in able])
    verdict_of = {row.label: verdict for row, verdict in zip(able, verdicts, strict=True)}
    rows = [
        row if row.across
        else replace(row, verdict=verdict_of.get(row.label, Verdict.INCONCLUSIVE))
        for row in rows
    ]  # fmt: skip
    totals = [(WITHIN, within), (ACROSS_ALL, across)]
    return sorted(rows, key=lambda row: (row.across, row.label)) + [
        counts.row(label, numbers) for label, numbers in totals if numbers
    ]


def _kinds(names: list[str]) -> tuple[list[int], list[int]]:
    """Numbers of the labels within a group and across two; people without one are none."""
    given = [number for number, label in enumerate(names) if NOT_GIVEN not in label.split(ACROSS)]
    return (
        [number for number in given if is_within(names[number])],
        [number for number in given if not is_within(names[number])],
    )


def matrix(rows: list[GroupRow]) -> list[list[GroupRow | None]]:
    """The row of each group with each other, groups in the order of their names."""
    names = [row.label for row in rows if row.verdict is not None]
    found = {row.label: row for row in rows}
    return [[found.get(a if a == b else ACROSS.join(sorted((a, b)))) for b in names] for a in names]


def group_differentials(
    measurement: Measurement, rows: list[GroupRow], place: int, claimed: tuple[float, ...],
    alpha: float,
) -> list[GroupDifferential]:  # fmt: skip
    """How far FMR and FNMR of groups are apart at a row; groups of few people are left out."""
    names, found = measurement.labels.names, []
    if not rows:
        return []
    own = [row for row in rows if row.verdict is not None]
    for measure, people in (("FMR", "people"), ("FNMR", "mated_people")):
        able = [row.label for row in own if getattr(row, people) >= LEAST_PEOPLE]
        if len(able) < 2:
            continue
        counts = _Counts(measurement, claimed, alpha / len(able))
        rates = [getattr(counts.row(a, [names.index(a)]), measure.lower())[place] for a in able]
        left_out = [row.label for row in own if row.label not in able]
        found += [
            GroupDifferential(
                measure=measure,
                ratio=one.ratio,
                value=one.value,
                interval=one.interval,
                differ=one.interval.lower > 1,
                highest=able[int(np.argmax([rate.rate for rate in rates]))],
                left_out=left_out,
            )
            for one in differentials(rates)
        ]
    return found + _same_group(measurement, rows, place, claimed, alpha)


def _same_group(
    measurement: Measurement, rows: list[GroupRow], place: int, claimed: tuple[float, ...],
    alpha: float,
) -> list[GroupDifferential]:  # fmt: skip
    """People of one group against people of two, the FMR of each."""
    names = measurement.labels.names
    within, across = _kinds(names)
    totals = {row.label: row for row in rows}
    if (
        not (across and within)
        or min(totals[w].people for w in (WITHIN, ACROSS_ALL)) < LEAST_PEOPLE
    ):
        return []
    counts = _Counts(measurement, claimed, alpha / 2)
    one = same_group(*(counts.row("", numbers).fmr[place] for numbers in (within, across)))
    return [
        GroupDifferential(
            measure="FMR",
            ratio=one.ratio,
            value=one.value,
            interval=one.interval,
            differ=one.interval.lower > 1,
            highest="",
            left_out=[],
        )
    ]


def chosen_impostors(
    measurement: Measurement, claimed: tuple[float, ...], alpha: float, *, at_any_time: bool
) -> Impostors | None:
    """The FMR of impostors of the same group, or of look-alikes, divided by that of random pairs.

    Both rates within it are bounded at alpha / 2, so both hold together, for each row by itself.
    """
    chosen, names = measurement.impostors, measurement.labels.names
    if chosen is None:
        return None
    share, kinds = chosen.share, _kinds(names)
    if measurement.look_alikes:
        kinds = [measurement.labels.number(LOOK_ALIKE)], [measurement.labels.number(OTHERS)]
    counts = _Counts(measurement, claimed, alpha / 2)
    within, across = (counts.row("", numbers) for numbers in kinds)
    bounds = [counts.bounds(numbers, at_any_time=at_any_time) for numbers in kinds]
    few = min(within.people, across.people) < LEAST_PEOPLE
    rows = []
    for place, threshold in enumerate(measurement.thresholds):
        found = same_group(bounds[0][place], bounds[1][place])
        ends = found.interval
        low, value, high = (
            against_random(ratio, share) for ratio in (ends.lower, found.value, ends.upper)
        )
        rows.append(
            ImpostorRow(
                threshold=measurement.sign * threshold,
                k=within.k[place],
                k_across=across.k[place],
                factor=value,
                interval=Interval(0.0, 1 / share) if few else Interval(low, high),
            )
        )
    return Impostors(
        kind=chosen.kind,
        share=share,
        n=within.n,
        people=within.people,
        n_across=across.n,
        rows=rows,
    )


def evidence_of_groups(
    measurement: Measurement, requirement: Requirement, thresholds: tuple[float, ...]
) -> dict[str, tuple[Evidence, int]]:
    """What a requirement comes to in each group of enough people, and how many these are.

    ``thresholds`` are those of the rows, on the scale that is counted on.
    """
    if requirement.between_groups or measurement.look_alikes:
        return {}
    counts = _Counts(measurement, (), ALPHA)
    row = 0
    if requirement.measure != "fta":
        row = requirement.row(tuple(measurement.sign * threshold for threshold in thresholds))
    found = {}
    names = measurement.labels.names
    for number in _kinds(names)[0]:
        one = counts.required(number, requirement, row)
        if one is not None:
            found[names[number]] = one
    return dict(sorted(found.items()))


def differential_evidence(
    measurement: Measurement,
    requirement: Requirement,
    rates: ErrorRates,
    *,
    at_any_time: bool,
) -> tuple[Evidence, int]:
    """What the rates of groups of enough people say of a differential, and of how many people.

    Raises:
        WrongUse: the comparisons have no groups.
    """
    names = measurement.labels.names
    if measurement.look_alikes:
        raise WrongUse(f"{requirement} does not go with --impostors look-alike.")
    within = _kinds(names)[0]
    if not within:
        raise WrongUse(f"{requirement} needs groups: add --groups TABLE (person,group).")
    row = requirement.row(tuple(measurement.sign * one for one in rates.thresholds))
    claimed = tuple(rate for _, rate in rates.rows)
    counts = _Counts(measurement, claimed, ALPHA)
    kind = measurement.mated if requirement.of_mated else measurement.non_mated
    able = [number for number in within if counts.shares(kind, [number]).people >= LEAST_PEOPLE]
    limit, people = requirement.limit, 0
    if len(able) < 2:
        nobody = DifferentialEvidence(claimed=limit, k=0, n=0, rates_at=lambda _: ())
        return nobody, people
    bounds, k, n = [], 0, 0
    for number in able:
        bound, shares = counts.bound(kind, number, row, at_any_time=at_any_time)
        bounds.append(bound)
        k += round(float(shares.events[row].sum()) / shares.per_comparison)
        n, people = n + round(shares.comparisons), people + shares.people
    evidence = DifferentialEvidence(
        claimed=limit,
        k=k,
        n=n,
        rates_at=lambda alpha: [bound(alpha / len(bounds)) for bound in bounds],
    )
    return evidence, people


class _Counts:
    """The counts of labels, and rates with intervals at ``alpha`` from them."""

    def __init__(self, measurement: Measurement, claimed: tuple[float, ...], alpha: float) -> None:
        self._measurement = measurement
        self._claimed = claimed
        self._alpha = alpha
        self._person = measurement.identities.people().person
        self._repeats = [
            counts.pairs.result().times if counts.attempted else 1.0 for counts in measurement.kinds
        ]
        self._acquired = measurement.acquirer.result()

    def row(self, label: str, numbers: list[int]) -> GroupRow:
        """The rates of labels taken together."""
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
        """The FMR of labels taken together at each row, valid wherever a run stops if need be."""
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
        """The non-mated comparisons of a label at a row; refused ones may have been matches."""
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
        """What a label says of a requirement, and of how many people; None if not known."""
        if requirement.measure == "fta":
            chosen = self._acquired_of([number])
            return None if chosen is None else acquisition_of(requirement, self._person, chosen)
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
        """The rate of a label at a row with its interval at an alpha; refused non-mated comparisons
        may have been matches."""
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
        """What each person contributes to one kind of comparison under labels."""
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
        size = int(self._person.max()) + 1
        shares = Shares(
            tried=np.bincount(self._person[chosen.photos], minlength=size),
            events=np.bincount(self._person[chosen.failed], minlength=size)[None, :],
            per_comparison=1,
        )
        effect = design_effects(shares)[0]
        return measured(chosen.failed.size, chosen.tried, effect, self._alpha)

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
