"""All counts of mated and non-mated comparisons, for any source of scores."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from calibration.counting.acquisition import Acquirer, Acquisition
from calibration.counting.checks import PairCounter, Spread
from calibration.counting.groups import (
    LOOK_ALIKE,
    OTHERS,
    ChosenImpostors,
    Groups,
    ImpostorKind,
    Latencies,
    is_within,
)
from calibration.counting.histogram import Histogram, Rounding, Trace
from calibration.counting.identities import CountsByPhoto, Identities, Index
from calibration.counting.notable import Extremes
from calibration.counting.people_pairs import EveryPair, smaller_side
from calibration.statistics.arrays import Counts, Floats
from calibration.statistics.dependence import Shares

LOOKED_AT = 500
"""Comparisons of each kind that a person may be asked to look at."""


class ComparisonCounts:
    """The counts of one kind of comparison; ``failed`` were refused, so they have no score.

    ``unanswered`` have neither a score nor a refusal.

    ``every_pair`` counts instead of ``pairs`` where all pairs of photos are compared.
    """

    def __init__(self, histogram: Histogram, *, mated: bool) -> None:
        self.mated = mated
        self.histogram = histogram
        self.by_photo = CountsByPhoto(histogram.thresholds, mated=mated)
        self.extremes = Extremes(LOOKED_AT, highest=not mated)
        self.trace = Trace(histogram.thresholds)
        self.rounding = Rounding()
        self.spread = Spread()
        self.pairs = PairCounter()
        self.every_pair: EveryPair | None = None
        self.failed = 0
        self.unanswered = 0
        self._refused = np.zeros(0, np.int64)

    def add(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Count completed comparisons: numbers of photos and scores, each of shape (n,)."""
        if not scores.size:
            return
        self.histogram.add(scores)
        self.by_photo.add(first, second, scores)
        self.extremes.add(first, second, scores)
        self.spread.add(scores)
        self.trace.add(scores)
        self.rounding.add(scores)

    def take_back(self, first: Counts, second: Counts, scores: Floats) -> None:
        """Undo ``add``, likewise, except in the sample of pairs and the trace of the order."""
        undone = ComparisonCounts(
            Histogram(
                thresholds=self.histogram.thresholds,
                low=self.histogram.low,
                high=self.histogram.high,
                open_ended=self.histogram.open_ended,
            ),
            mated=self.mated,
        )
        undone.add(first, second, scores)
        self.histogram.take_back(undone.histogram)
        self.by_photo.take_back(undone.by_photo)
        self.extremes.drop(first, second)
        self.pairs.drop(first, second)
        if self.every_pair:
            self.every_pair.add(first, second, scores, times=-1)

    @property
    def kind(self) -> str:
        """The name of the kind: mated or non-mated."""
        return "mated" if self.mated else "non-mated"

    def refuse(self, first: Counts) -> None:
        """Count refused comparisons: numbers of their first photos, shape (n,)."""
        self.failed += first.size
        if first.size:
            size = max(self._refused.size, int(first.max()) + 1)
            self._refused = np.pad(self._refused, (0, size - self._refused.size))
            self._refused += np.bincount(first, minlength=size)

    def refused(self, person: Counts) -> Counts:
        """Refused comparisons by the person of their first photo, shape (people,).

        ``person`` gives the person of each photo, shape (photos,).
        """
        people = int(person.max()) + 1 if person.size else 0
        weights = self._refused[: person.size]
        by_person: Counts = np.bincount(
            person[: weights.size], weights=weights, minlength=people
        ).astype(np.int64)
        return by_person

    def merge(self, other: ComparisonCounts) -> None:
        """Add what was counted elsewhere, in any order: the trace of the order does not change."""
        self.histogram.merge(other.histogram)
        self.by_photo.merge(other.by_photo)
        self.spread.merge(other.spread)
        self.pairs.merge(other.pairs)
        if self.every_pair and other.every_pair:
            self.every_pair.merge(other.every_pair)
        self.extremes.merge(other.extremes)
        self.rounding.merge(other.rounding)
        self.failed += other.failed
        self.unanswered += other.unanswered

    @property
    def attempted(self) -> int:
        """The number of completed and refused comparisons."""
        return self.histogram.n + self.failed

    @property
    def events(self) -> Counts:
        """False matches (mated: false non-matches) at each threshold, shape (rows,)."""
        return self.histogram.n - self.histogram.matches if self.mated else self.histogram.matches


@dataclass(frozen=True, kw_only=True)
class Block:
    """Comparisons as arrays of shape (n,).

    Attributes:
        first: the numbers of the first photos.
        second: the numbers of the second photos.
        mated: whether both photos show one person.
        scores: NaN without one.
        codes: the system code of a refusal, 0 if nothing was measured.
        groups: the numbers of the labels of groups, if there are groups.
        seconds: the latency of each answer, if it was measured.
    """

    first: Counts
    second: Counts
    mated: np.ndarray
    scores: Floats
    codes: Counts
    groups: Counts | None = None
    seconds: Floats | None = None


class Measurement:
    """Counts blocks of comparisons; ``no_face`` is the code that says a face was not found.

    Scores lie between ``low`` and ``high``; where the scale is ``open_ended``, these only bound
    what the histogram tells apart. ``sign`` is -1 where lower scores are closer: all scores and
    thresholds here are then negated, and told the other way round. ``self_pairs`` are photos
    compared with themselves, ``sentinels`` scores that stood for a failure,
    ``scored_refusals`` comparisons with a score and a code of a refusal. ``tells_refusals``: the
    source can say that a comparison was refused, so that their number is known.

    Where ``impostors`` are of the same group, comparisons across groups count in ``groups`` alone,
    and ``set_aside`` tells how many brought an answer. Where they are look-alikes, ``groups`` tells
    these from the others.
    """

    def __init__(  # noqa: PLR0913 - what an axis is
        self,
        thresholds: tuple[float, ...],
        no_face: int,
        *,
        low: float = 0.0,
        high: float = 1.0,
        open_ended: bool = False,
        sign: float = 1.0,
    ) -> None:
        self.thresholds = thresholds
        self.sign = sign
        self.limits = None if open_ended else (low, high)
        self.identities = Identities()
        self.non_mated, self.mated = (
            ComparisonCounts(
                Histogram(thresholds=thresholds, low=low, high=high, open_ended=open_ended),
                mated=mated,
            )
            for mated in (False, True)
        )
        self.self_pairs = 0
        self.sentinels = 0
        self.scored_refusals = 0
        self.impostors: ChosenImpostors | None = None
        self.set_aside = 0
        self.as_float32 = False
        self.drop_groups()
        self.groups_dropped = False
        self.acquirer = Acquirer()
        self.codes: Counter[int] = Counter()
        self.not_measured = 0
        self.tells_refusals = False
        self.no_face = no_face

    @property
    def kinds(self) -> tuple[ComparisonCounts, ComparisonCounts]:
        """The non-mated and the mated counts."""
        return self.non_mated, self.mated

    def add(self, block: Block) -> None:
        """Count a block; a photo compared with itself only shows whether it has a face."""
        scores = self._as_written(block.scores)
        completed = ~np.isnan(scores)
        answered = completed | (block.codes != 0)
        self.not_measured += int(np.count_nonzero(~answered))
        compared = block.first != block.second
        self.self_pairs += int(np.count_nonzero(~compared))
        refused = answered & ~completed & compared
        self.acquirer.add(
            block.first, block.second, completed, ~completed & (block.codes == self.no_face)
        )
        if block.groups is not None and block.seconds is not None:
            self.latencies.add(block.groups[answered], block.seconds[answered])
        aside = self.aside(block)
        self.set_aside += int(np.count_nonzero(aside & answered))
        hidden = ~completed & compared & ~block.mated & ~aside
        self.acquirer.refuse(block.first[hidden], block.second[hidden])
        self.codes.update(block.codes[refused & ~aside].tolist())
        for counts in self.kinds:
            ours = compared & (block.mated == counts.mated)
            self._add_groups(counts, block, scores, ours, completed, refused)
            ours &= ~aside
            counts.unanswered += int(np.count_nonzero(ours & ~answered))
            counts.refuse(block.first[ours & refused])
            counts.pairs.add(block.first[ours], block.second[ours], scores[ours])
            self.identities.see(block.first[ours], block.second[ours], mated=counts.mated)
            self._add_scores(counts, block, scores, ours & completed)

    def aside(self, block: Block) -> np.ndarray:
        """The comparisons across groups, if impostors are of the same group: a mask, shape (n,)."""
        if not self.of_same_group or block.groups is None:
            return np.zeros(block.mated.shape, bool)
        within = np.array([is_within(label) for label in self.labels.names], bool)
        aside: np.ndarray = ~block.mated & ~within[block.groups]
        return aside

    @property
    def of_same_group(self) -> bool:
        """Whether impostors are of the same group."""
        return self.impostors is not None and self.impostors.kind == ImpostorKind.SAME_GROUP

    @property
    def look_alikes(self) -> ChosenImpostors | None:
        """The look-alikes, if these were asked first."""
        chosen = self.impostors
        return chosen if chosen and chosen.kind == ImpostorKind.LOOK_ALIKE else None

    def drop_groups(self) -> None:
        """Forget what was counted by group, where groups turn out to be none."""
        self.groups_dropped = True
        self.labels = Index()
        self.groups = {
            mated: Groups(self.thresholds, self.labels, mated=mated) for mated in (False, True)
        }
        self.latencies = Latencies()

    def acquisition(self) -> Acquisition:
        """The photos with and without a face; none if the source does not tell refusals."""
        if self.tells_refusals:
            return self.acquirer.result()
        none = np.zeros(0, np.int64)
        return Acquisition(photos=none, failed=none, open_=none, unanswered=none)

    def strata(self) -> tuple[Shares, Shares]:
        """Each person's share of the comparisons of look-alikes, and of all others."""
        person = self.identities.people().person
        top, rest = (
            self.groups[False].shares(self.labels.numbers([label]), person)
            for label in (LOOK_ALIKE, OTHERS)
        )
        pairs = self.impostors.pairs_of_people if self.impostors else None
        return replace(top, pairs=pairs), replace(rest, pairs=None)

    def refused_strata(self) -> tuple[int, int]:
        """The numbers of refused comparisons of look-alikes, and of all others."""
        person = self.identities.people().person
        top, rest = (
            int(self.groups[False].refused(self.labels.numbers([label]), person).sum())
            for label in (LOOK_ALIKE, OTHERS)
        )
        return top, rest

    def matches_at_random(self) -> Floats:
        """The false matches expected in as many random comparisons, shape (rows,)."""
        histogram = self.non_mated.histogram
        if not (chosen := self.look_alikes):
            return histogram.matches.astype(float)
        rates = np.zeros(len(self.thresholds))
        for weight, shares in zip((chosen.share, 1 - chosen.share), self.strata(), strict=True):
            rates += weight * shares.events.sum(axis=1) / max(2 * shares.comparisons, 1)
        return histogram.n * rates

    def relabel(
        self, counts: ComparisonCounts, first: list[int], second: list[int], scores: list[float]
    ) -> None:
        """Count completed comparisons of one kind as the other; not in the rates of groups."""
        other = self.mated if counts is self.non_mated else self.non_mated
        for a, b, score in zip(first, second, scores, strict=True):
            narrow = np.float32(score)
            written = np.array([narrow if self.as_float32 and narrow == score else score])
            photos = np.array([a]), np.array([b])
            counts.take_back(*photos, written)
            other.add(*photos, written)
            other.pairs.add(*photos, written)

    def merge(self, other: Measurement) -> None:
        """Add completed comparisons that were counted elsewhere, with the same numbers of photos
        and people."""
        for ours, theirs in zip(self.kinds, other.kinds, strict=True):
            ours.merge(theirs)
        labels = self.labels.numbers(other.labels.names)
        for mated, groups in other.groups.items():
            self.groups[mated].merge(groups, labels)

    def shares(self, counts: ComparisonCounts) -> Shares:
        """Each person's share of one kind of comparison."""
        person = self.identities.people().person
        shares = counts.by_photo.shares(person)
        if counts.mated or not self.of_same_group:
            return shares
        names = self.labels.names
        within = np.array([n for n, label in enumerate(names) if is_within(label)], np.int64)
        return replace(shares, pairs=self.groups[False].pairs(within, person))

    def fmr_by_pair_of_people(self) -> Floats:
        """The mean false match rate over pairs of people, shape (rows,).

        NaN if pairs were not compared at random.
        """
        counts = self.non_mated
        if self.look_alikes:
            return np.full(len(self.thresholds), np.nan)
        if counts.every_pair:
            return counts.every_pair.rates
        return counts.pairs.mean_rates(self.identities.people().person, self.thresholds)

    def smaller_side(self, most: int, among: np.ndarray | None = None) -> int:
        """The number of people on the smaller side of the non-mated comparisons, as of probes.

        ``most`` if there are no fewer. ``among`` counts the comparisons of some people alone: a
        mask of shape (people,).
        """
        person = self.identities.people().person
        first, second = self.non_mated.pairs.kept()
        if among is not None:
            ours = among[person[first]] & among[person[second]]
            first, second = first[ours], second[ours]
        return smaller_side(person, first, second, most)

    def _add_scores(
        self, counts: ComparisonCounts, block: Block, scores: Floats, chosen: np.ndarray
    ) -> None:
        counts.add(block.first[chosen], block.second[chosen], scores[chosen])

    def _add_groups(  # noqa: PLR0913, PLR0917 - what a block says of one kind
        self, counts: ComparisonCounts, block: Block, scores: Floats,
        ours: np.ndarray, completed: np.ndarray, refused: np.ndarray,
    ) -> None:  # fmt: skip
        if block.groups is None:
            return
        groups = self.groups[counts.mated]
        first, second, labels = block.first, block.second, block.groups
        done, not_done = ours & completed, ours & refused
        missed = ours & ~completed & ~refused
        groups.add(first[done], second[done], labels[done], scores[done])
        groups.refuse(first[not_done], second[not_done], labels[not_done])
        groups.miss(first[missed], second[missed], labels[missed])

    def _as_written(self, scores: Floats) -> Floats:
        """Numbers of 32 bits as such: 0.7 is a little less when it is widened to 64."""
        if scores.dtype == np.float32:
            self.as_float32 = True
            return scores
        narrow = scores.astype(np.float32)
        if not np.array_equal(narrow, scores, equal_nan=True):
            return scores
        coarse = np.nan_to_num(narrow) * np.float32(4096)
        self.as_float32 |= not np.array_equal(coarse, np.round(coarse))
        return narrow
