"""The conditions of a run, and what they say of a verdict on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from calibration.counting.comparisons import Measurement
from calibration.counting.groups import Clusters
from calibration.counting.identities import Origin
from calibration.judging.findings import Review
from calibration.judging.requirements import Standard
from calibration.objections import Objection
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.terms import Terms
from verikit.plural import counted

MOST_NOT_MEASURED = 0.01
"""The share of comparisons of a kind without an answer above which a run cannot PASS."""


@dataclass(frozen=True, kw_only=True)
class RunConditions:
    """The conditions of a run that the counts do not contain.

    Attributes:
        complete: the run reached its end.
        supports_rates: the pairs are meant to show rates.
        up_to: the strictest threshold that is judged.
        known_direction: a higher score certainly means more alike.
        standard: the required rates; the overall verdict is then about them.
        objections: those of the source of the pairs.
        begun: the terms of judgement when the run began.
        review: a person's review of comparisons.
        clusters: how groups were made, if nobody gave them.
        troubles: the reasons why nothing was measured, with their counts, the commonest first.
    """

    complete: bool = True
    supports_rates: bool = True
    up_to: float = math.inf
    known_direction: bool = False
    standard: Standard | None = None
    objections: tuple[Objection, ...] = ()
    begun: Terms | None = None
    review: Review | None = None
    clusters: Clusters | None = None
    troubles: Mapping[str, int] = field(default_factory=dict)


_TOO_FEW = (
    f"with fewer than {LEAST_PEOPLE} nobody can tell how much comparisons depend on who is in them."
)


def unsupported(measurement: Measurement, conditions: RunConditions) -> list[str]:
    """The reasons why these comparisons support no verdict, in sentences."""
    if not conditions.supports_rates:
        return ["These photos do not support error rates: they only try out the command."]
    if measurement.identities.people().origin == Origin.UNKNOWN:
        return []  # the audit says so
    people = measurement.shares(measurement.non_mated).people
    if 0 < people < LEAST_PEOPLE:
        return [f"Only {counted(people, 'person takes', 'people take')} part: {_TOO_FEW}"]
    if people and (few := measurement.smaller_side(LEAST_PEOPLE)) < LEAST_PEOPLE:
        only = counted(few, "person is", "people are")
        return [f"Only {only} compared with all {people - few:,} others: {_TOO_FEW}"]
    if measurement.look_alikes and (missing := _missing_stratum(measurement)):
        return [f"No comparison of {missing} has a score: both kinds are needed for a rate."]
    return []


def _missing_stratum(measurement: Measurement) -> str:
    """Which of look-alikes and others was not compared; "" if both were, or nothing was."""
    top, rest = (shares.comparisons for shares in measurement.strata())
    if bool(top) == bool(rest):
        return ""
    return "people who do not look alike" if top else "look-alikes"


def incomplete(measurement: Measurement, conditions: RunConditions) -> list[str]:
    """The reasons why a run cannot PASS, whatever its counts are, in sentences."""
    remarks = []
    if not conditions.complete:
        remarks.append("The run was interrupted: run the same command again to resume it.")
    missing = [
        f"{counts.unanswered:,} of {asked:,} {counts.kind}"
        for counts in measurement.kinds
        if counts.unanswered > MOST_NOT_MEASURED * (asked := counts.attempted + counts.unanswered)
    ]
    if missing:
        hint = (
            "In a file of scores these are empty ones without a code: if they were refused, add a "
            "column `code`."
        )
        if conditions.troubles:
            hint = "Fix the cause, then run the same command again."
        remarks.append(f"{' and '.join(missing)} comparisons got no response. {hint}")
    return remarks
