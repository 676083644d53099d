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
    """The tail fit's rate for a row; never a PASS."""

    label: Extrapolation
    rate: float
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the documented table, and what was measured at its threshold.

    ``measured_at`` is the threshold on the axis of the scores, which differs from ``threshold``
    only for bare similarities. ``k_above`` counts score > t where ``k`` counts score >= t.
    The lower bound of ``sensitivity`` counts all refused comparisons as no match, the upper one as
    false matches. ``gfar``: FMR * (1 - refused share).
    ``fmr_by_pair_of_people`` and ``fnmr_by_person`` are means over pairs of people and over people,
    each of which counts once, however many comparisons there are. ``people_needed`` is not 0 if
    these people cannot provide the comparisons ``still_needed``. ``answers_missing``: no further
    comparisons are needed, but scores for those that have none.
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
    """A judged requirement, for a ``group`` or for all: k events in n comparisons of ``people``.

    ``open_still`` further comparisons may be events. ``rate`` is k / n, or the ratio of a
    differential, and ``interval`` its bounds at ``confidence``. ``people_needed`` is not 0 if these
    people cannot provide the comparisons ``still_needed``.
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
    confidence: float
    people: int
    design_effect: float
    still_needed: int
    people_needed: int = 0
    group: str | None = None


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """The threshold at which the measured FMR reaches a target, and the TMR there."""

    fmr: float
    threshold: float | None
    tmr: Rate | None


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """Error rates of one label at every row; a label across groups has no mated comparisons.

    ``k``: false matches at each row; ``refused``: mated comparisons that were refused.
    ``acquisition``: the FTA of the group's photos. ``median`` and ``slowest`` are the 50 % and 95 %
    quantiles of the latency in seconds, None if not measured. A single group has a ``verdict`` on
    the row at the recommended threshold.
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
    """The ratio of groups' rates at the recommended threshold.

    ``differ``: the interval is above 1. ``highest`` is the group with the highest rate,
    ``left_out`` are those with too few people.
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
    """A row of impostors of the same group, or of look-alikes.

    ``k``: their false matches; ``k_across``: those of people of two groups, or of all others.
    ``factor``: their FMR divided by that of random pairs.
    """

    threshold: float
    k: int
    k_across: int
    factor: float
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Impostors:
    """Impostors of the same group, or look-alikes, compared with random ones.

    ``share`` of random pairs are of this kind. ``n`` comparisons of ``people`` people are of them;
    ``n_across`` are of people of two groups, or of all others.
    """

    kind: ImpostorKind
    share: float
    n: int
    people: int
    n_across: int
    rows: list[ImpostorRow]

    @property
    def judged_alone(self) -> bool:
        """Whether verdicts are about these impostors instead of random ones."""
        return self.kind == ImpostorKind.SAME_GROUP


@dataclass(frozen=True, kw_only=True)
class DegradedRow:
    """The same pairs with photos degraded in one setting; all settings are judged together.

    ``strength`` counts from 1; ``component`` is OFIQ's name of what is degraded. ``verdict`` is on
    the whole table. Of ``asked`` comparisons that were answered, ``refused`` were refused. The
    rates, with ``k`` false matches in ``n``, are those at the recommended threshold; ``confidence``
    is that of each interval, so that all settings hold together.
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
    confidence: float


@dataclass(frozen=True, kw_only=True)
class RejectCurve:
    """FNMR at a threshold if mated comparisons of low quality are rejected.

    The FNMR of the ``worst`` share of them is ``times`` that of the rest; None if too many have the
    lowest quality.
    """

    threshold: float
    points: list[Kept]
    worst: float | None
    times: float | None
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The relation of quality and errors in ``n`` mated comparisons of ``people`` people.

    Both their photos have a quality in the ``column`` of ``source``; in ``unknown`` further
    comparisons a photo has none, and ``unanswered`` ones have neither a score nor a refusal.
    """

    source: str
    column: str
    n: int
    unknown: int
    unanswered: int
    people: int
    rows: list[RejectCurve]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A comparison to review: the names of its photos and its score."""

    first: str
    second: str
    score: float


@dataclass(frozen=True, kw_only=True)
class MostFalseMatches:
    """A person, and the false matches with that person at each threshold."""

    person: str
    comparisons: int
    false_matches: list[int]


@dataclass(frozen=True, kw_only=True)
class Acquired:
    """Failure to acquire: the photos without a face, and those of which the answers do not tell."""

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
    """A review of ``reviewed`` comparisons, ``reviewed_mated`` of them labelled as mated.

    ``to_mated`` comparisons labelled as non-mated are mated, and ``to_non_mated`` the other way
    round. ``rows``: whether every false match at a row was reviewed. ``verdict`` and ``before`` are
    the results by the labels alone.
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
        """The review with the results by the labels alone."""
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
        """Whether it turns most of the reviewed false matches into mated comparisons."""
        return self.to_mated > (self.reviewed - self.reviewed_mated) / 2


@dataclass(frozen=True, kw_only=True)
class PairedRow:
    """A new and an old system on the same ``n`` pairs, at a threshold.

    ``only_new`` and ``only_old`` are the pairs on which one system alone errs. ``difference`` is
    the rate of the new system minus that of the old; ``shown`` is what its interval shows, in
    words. ``open_still`` further pairs one system alone has answered: the interval allows for
    them. ``in_one_file`` are in one file alone, and do not count.
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
    open_still: int
    in_one_file: int


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All findings.

    ``verdict`` is on the required rows if there are any, else on the table. ``operating`` is the
    index of the row nearest to the recommended threshold. ``supports_rates``: the pairs are meant
    to show rates. ``unanswered_mated`` of ``not_measured`` comparisons are mated.
    ``attempted_people`` include those of whom every mated comparison was refused. ``impostors`` is
    None if they are random, ``clusters`` if groups were given or there are none. ``claims`` names
    the file of the table, "" for the documented one. Lists by row follow ``rows``.
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
    attempted_people: int
    people_given: int
    people_inferred: int
    people_from: str
    people_unknown: bool
    objections: list[Objection]
    refused: dict[int, int]
    not_measured: int
    unanswered_mated: int
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
    claims: str = ""
