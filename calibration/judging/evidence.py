"""The evidence of each rate: the table, required rows and thresholds are all judged by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.counting.acquisition import Acquisition
from calibration.counting.comparisons import Measurement
from calibration.judging.requirements import Requirement
from calibration.statistics.arrays import Counts
from calibration.statistics.dependence import Shares
from calibration.statistics.evidence import USUAL, evidence_of
from calibration.statistics.strata import stratified
from calibration.statistics.verdicts import Evidence
from verikit.contract import ErrorRates

_NOTHING = Evidence(claimed=USUAL, k=0, n=0)


def of_table(measurement: Measurement, rates: ErrorRates) -> list[Evidence]:
    """The evidence of the FMR at each row of the table."""
    return _of_strangers(measurement, tuple(rate for _, rate in rates.rows))


def of_customers(measurement: Measurement, *, refused: bool = False) -> list[Evidence]:
    """The evidence of the FNMR at each row; ``refused``: of the GFRR, none if nothing tells which
    comparisons were refused. Comparisons without an answer may be errors."""
    shares, missing = measurement.shares(measurement.mated), measurement.mated.unanswered
    if refused and not measurement.tells_refusals:
        return [_NOTHING] * len(measurement.thresholds)
    if refused:
        shares = with_refused(
            shares, measurement.mated.refused(measurement.identities.people().person)
        )
    rows = evidence_of(shares, (), _repeats(measurement, mated=True))
    return [replace(row, open_still=missing) for row in rows]


def of_photos(person: Counts, result: Acquisition) -> tuple[Evidence, int]:
    """The evidence of the FTA, by person, and the number of people; photos of which no answer tells
    may have failed.

    ``person`` gives the person of each photo, shape (photos,).
    """
    people = int(person.max()) + 1 if person.size else 0

    def by_person(photos: Counts) -> Counts:
        return np.bincount(person[photos], minlength=people)

    shares = Shares(
        tried=by_person(result.photos), events=by_person(result.failed)[None, :], per_comparison=1
    )
    (evidence,) = evidence_of(shares)
    open_still = result.open_.size + result.unanswered.size
    return replace(evidence, open_still=open_still), shares.people


def of_required(
    measurement: Measurement, requirement: Requirement, rates: ErrorRates
) -> tuple[Evidence, Evidence, int]:
    """The evidence of a required rate as it is judged, that of the rate alone, and its people.

    Raises:
        WrongUse: the requirement is at a threshold that was not counted.
    """
    person = measurement.identities.people().person
    judged = None
    if requirement.of_refusals and not measurement.tells_refusals:
        evidence, people = _NOTHING, 0
    elif requirement.measure == "fta":
        evidence, people = of_photos(person, measurement.acquisition())
    else:
        row = requirement.row(tuple(measurement.sign * one for one in rates.thresholds))
        counts = measurement.mated if requirement.of_mated else measurement.non_mated
        shares = measurement.shares(counts)
        if requirement.of_mated:
            refused = requirement.measure == "gfrr"
            evidence = of_customers(measurement, refused=refused)[row]
            shares = with_refused(shares, counts.refused(person)) if refused else shares
        else:
            evidence = of_table(measurement, rates)[row]
        people = shares.people
        if not requirement.of_mated and measurement.look_alikes:
            limits = tuple(requirement.limit for _ in rates.rows)
            judged = _of_strangers(measurement, limits)[row]
    return judged or replace(evidence, claimed=requirement.limit), evidence, people


def with_refused(shares: Shares, refused: Counts) -> Shares:
    """Mated comparisons and refused ones, which are errors.

    ``refused``: those of each person, shape (people,).
    """
    missing = refused.size - shares.tried.size
    return replace(
        shares,
        tried=np.pad(shares.tried.astype(np.int64), (0, missing)) + refused,
        events=np.pad(shares.events.astype(np.int64), ((0, 0), (0, missing))) + refused,
    )


def _of_strangers(measurement: Measurement, claimed: tuple[float, ...]) -> list[Evidence]:
    counts, repeats = measurement.non_mated, _repeats(measurement, mated=False)
    if alike := measurement.look_alikes:
        return list(stratified(claimed, *measurement.strata(), alike.share, repeats))
    return evidence_of(measurement.shares(counts), claimed, repeats)


def _repeats(measurement: Measurement, *, mated: bool) -> float:
    counts = measurement.mated if mated else measurement.non_mated
    return counts.pairs.result().times if counts.histogram.n else 1.0
