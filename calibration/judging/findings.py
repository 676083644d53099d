"""The findings of an evaluation: every number of the report, ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from calibration.counting.groups import Clusters, ImpostorKind
from calibration.judging.requirements import Standard
from calibration.objections import Objection
from calibration.statistics.differentials import Ratio
from calibration.statistics.intervals import Interval, Rate
from calibration.statistics.rejection import Kept
from calibration.statistics.tail import Extrapolation, Tail
from calibration.statistics.verdicts import Rule, Verdict


@dataclass(frozen=True, kw_only=True)
class Extrapolated:
    """What the tail fit says of a row; never a PASS."""

    label: Extrapolation
    rate: float
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the documented table beside what was measured at its threshold.

    ``measured_at`` is the threshold on the axis of the scores, which differs from ``threshold``
    only for bare similarities. ``k_above`` counts score > t where ``k`` counts score >= t.
    ``sensitivity`` takes refused comparisons all as no match, and all as false matches.
    ``fmr_by_pair_of_people`` and ``fnmr_by_person`` are means over pairs of people and over people,
    each of which counts once, however many comparisons there are. ``people_needed`` is not 0 where
    ``still_needed`` comparisons of these people cannot be had. ``answers_missing``: what is needed
    are not comparisons, but answers to those that had none.
    """

    threshold: float
    measured_at: float
    claimed: float
    verdict: Verdict
    judged: bool
    k: int
    k_above: int
    n: int
    fmr: float
    interval: Interval
    design_effect: float
    still_needed: int
    people_needed: int
    answers_missing: bool
    sensitivity: Interval
    gfar: float
    fnmr: Rate
    tmr: Rate
    gfrr: Rate
    fmr_by_pair_of_people: float
    fnmr_by_person: float
    extrapolated: Extrapolated | None


@dataclass(frozen=True, kw_only=True)
class RequiredRow:
    """A requirement judged, in a ``group`` or in all: k events in n, of which ``people`` people are
    the source.

    ``open_still`` further ones may be events. ``rate`` is k / n, or the ratio of a differential,
    and ``interval`` its bounds.
    """

    requirement: str
    measure: str
    threshold: float | None
    limit: float
    verdict: Verdict
    k: int
    open_still: int
    n: int
    rate: float
    interval: Interval
    people: int
    design_effect: float
    still_needed: int
    group: str | None = None


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """The threshold that brings the measured FMR to a target, and the TMR there."""

    fmr: float
    threshold: float | None
    tmr: Rate | None


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """Error rates of one label at every row; across groups mated is empty.

    ``k`` are false matches at each row, ``refused`` mated comparisons. ``acquisition`` is the FTA
    of a group's photos. Half of the answers came within ``median`` seconds, all but 5 % within
    ``slowest``; None where nobody measured. A group of its own has a ``verdict`` on the row at the
    recommended threshold.
    """

    label: str
    across: bool
    people: int
    n: int
    k: list[int]
    fmr: list[Rate]
    mated_people: int
    mated_n: int
    fnmr: list[Rate]
    refused: int
    acquisition: Rate | None
    median: float | None = None
    slowest: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, kw_only=True)
class GroupDifferential:
    """How far a rate of groups is apart at the recommended threshold.

    ``differ``: the interval lies above 1. ``highest`` names the group of the highest rate,
    ``left_out`` those of too few people.
    """

    measure: str
    ratio: Ratio
    value: float
    interval: Interval
    differ: bool
    highest: str
    left_out: list[str]


@dataclass(frozen=True, kw_only=True)
class ImpostorRow:
    """A row of impostors of the same group or look-alikes: k false matches of them, and
    ``k_across`` of people of two groups or of all others. ``factor`` is their FMR divided by that
    of random pairs."""

    threshold: float
    k: int
    k_across: int
    factor: float
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Impostors:
    """Impostors of the same group, or look-alikes, against random ones, of whom ``share`` are such.

    ``n`` comparisons are of them, of ``people`` people; ``n_across`` are of people of two groups,
    or of all others.
    """

    kind: ImpostorKind
    share: float
    n: int
    people: int
    n_across: int
    rows: list[ImpostorRow]

    @property
    def judged_alone(self) -> bool:
        """Whether verdicts are about these impostors, and not about random ones."""
        return self.kind == ImpostorKind.SAME_GROUP


@dataclass(frozen=True, kw_only=True)
class DegradedRow:
    """The same pairs with photos degraded at a ``strength`` from 1 on, all settings together.

    ``component`` is OFIQ's name of what is degraded. ``verdict`` is that on the whole table; of
    ``asked`` comparisons that were answered ``refused`` were refused. The rates, with ``k`` false
    matches in ``n``, are those at the recommended threshold.
    """

    kind: str
    component: str
    strength: int
    setting: str
    verdict: Verdict
    asked: int
    refused: int
    fnmr: Rate
    gfrr: Rate
    k: int
    n: int
    fmr: float
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class RejectCurve:
    """FNMR at a threshold where mated comparisons of low quality are rejected.

    The ``worst`` share of them is not matched ``times`` as often as the rest; None where so many
    are of the lowest quality that it cannot be told.
    """

    threshold: float
    points: list[Kept]
    worst: float | None
    times: float | None
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What quality tells of errors: ``n`` mated comparisons whose two photos have one in the
    ``column`` of ``source``, of so many people; of ``unknown`` more a photo has none."""

    source: str
    column: str
    n: int
    unknown: int
    people: int
    rows: list[RejectCurve]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A comparison to look at."""

    first: str
    second: str
    score: float


@dataclass(frozen=True, kw_only=True)
class MostFalseMatches:
    """A person and the false matches he is part of at each threshold."""

    person: str
    comparisons: int
    false_matches: list[int]


@dataclass(frozen=True, kw_only=True)
class Acquired:
    """Failure to acquire: photos in which no face was found, and those left open."""

    tried: int
    failed: list[str]
    left_open: list[str]
    rate: Rate | None


@dataclass(frozen=True, kw_only=True)
class AsLabelled:
    """A row before the review."""

    threshold: float
    k: int
    n: int
    verdict: str


_ONE_WAY = (
    "Most of the false matches that were looked at are said to be wrongly labelled: have somebody "
    "else look at the photos before you rely on this verdict."
)


@dataclass(frozen=True, kw_only=True)
class Review:
    """What was looked at: ``reviewed`` comparisons, ``reviewed_mated`` of them labelled as mated.

    ``to_mated`` non-mated ones turned out to be mated and ``to_non_mated`` mated ones not to be.
    ``rows``: at which of them every false match was looked at. ``verdict`` and ``before`` are what
    the labels alone come to.
    """

    source: str
    reviewed: int
    reviewed_mated: int
    to_mated: int
    to_non_mated: int
    rows: tuple[bool, ...]
    verdict: str = ""
    before: tuple[AsLabelled, ...] = ()

    def after(self, findings: Findings) -> Review:
        """With what was found before it."""
        return replace(
            self,
            verdict=findings.verdict,
            before=tuple(
                AsLabelled(threshold=row.threshold, k=row.k, n=row.n, verdict=row.verdict)
                for row in findings.rows
            ),
        )

    def __str__(self) -> str:
        return (
            f"{self.reviewed:,} comparisons were looked at ({self.source}): {self.to_mated:,} "
            f"non-mated ones are mated, {self.to_non_mated:,} mated ones are not. As labelled the "
            f"verdict is {self.verdict}.{' ' + _ONE_WAY if self.one_way else ''}"
        )

    @property
    def one_way(self) -> bool:
        """Whether it takes most of the false matches away that it looked at."""
        return self.to_mated > (self.reviewed - self.reviewed_mated) / 2


@dataclass(frozen=True, kw_only=True)
class PairedRow:
    """A new and an old system on the same ``n`` pairs, at a threshold.

    ``only_new`` pairs went wrong with the new one alone. ``difference`` is the rate of the new one
    minus that of the old one; ``shown`` says what its interval says.
    """

    measure: str
    threshold: float
    n: int
    people: int
    new: float
    old: float
    only_new: int
    only_old: int
    difference: float
    interval: Interval
    shown: str


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The whole of it.

    ``verdict`` is of the required rows where there are any, else of the table's. ``operating`` is
    the place of the row nearest to the recommended threshold. ``supports_rates``: whether the pairs
    were ever meant to show rates. ``impostors`` is None where they are random, ``clusters``
    where groups were given, or there are none.
    """

    verdict: Verdict
    table_verdict: Verdict
    standard: Standard | None
    required: list[RequiredRow]
    complete: bool
    remarks: list[str]
    rule: Rule
    up_to: float
    review: Review | None
    rows: list[Row]
    operating: int
    supports_rates: bool
    equal_error: Rate | None
    operating_points: list[OperatingPoint]
    acquired: Acquired
    non_mated: int
    mated: int
    refused_non_mated: int
    refused_mated: int
    people: int
    mated_people: int
    people_given: int
    people_inferred: int
    people_from: str
    people_unknown: bool
    objections: list[Objection]
    refused: dict[int, int]
    not_measured: int
    troubles: dict[str, int]
    decimals: int | None
    ties: int
    impostors: Impostors | None
    groups: list[GroupRow]
    differentials: list[GroupDifferential]
    highest_non_mated: list[Listed]
    lowest_mated: list[Listed]
    most_false_matches: list[MostFalseMatches]
    tail: Tail | None
    required_of_groups: list[RequiredRow] = field(default_factory=list)
    against: list[PairedRow] = field(default_factory=list)
    degraded: list[DegradedRow] = field(default_factory=list)
    quality: Quality | None = None
    clusters: Clusters | None = None
