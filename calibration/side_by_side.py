"""Compares a new system with an old one on the same pairs: is the new release worse?

A pair counts if both have answered it, and a refused pair is a non-match. The rates are therefore
the generalized ones (ISO/IEC 19795-1): GFAR of non-mated and GFRR of mated pairs. Where a file has
pairs without a score and does not tell refusals, a pair counts if both have scored it, and the
rates are FMR and FNMR. A pair that both files hold and one alone has answered widens the interval:
it may be that the systems differ in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.counting.identities import Origin
from calibration.counting.people_pairs import smaller_side
from calibration.evaluation import Evaluation
from calibration.judging.findings import PairedRow
from calibration.sources.formats.people_tables import photo_people
from calibration.sources.formats.run_file import FILE
from calibration.sources.pair_log import photos_of, read_pairs
from calibration.statistics.arrays import Counts
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.intervals import Interval
from calibration.statistics.paired import difference
from calibration.statistics.verdicts import Rule
from verikit.errors import WrongUse

_MEASURES = {False: ("FMR", "GFAR"), True: ("FNMR", "GFRR")}
"""By kind, without and with refusals."""


def compare(  # noqa: PLR0913 - how files of scores are read
    new: Path,
    old: Path,
    evaluation: Evaluation,
    *,
    columns: Mapping[str, str],
    people: Path | None,
    rule: Rule,
) -> list[PairedRow]:
    """The difference at each threshold, on the pairs that both files hold.

    ``old`` may be the folder of a run; ``evaluation`` is that of the new system.

    Raises:
        WrongUse: a file cannot be read, or they share no pair of either kind.
    """
    old = old / FILE if old.is_dir() else old
    measurement = evaluation.measurement
    if measurement.look_alikes:  # so many look-alikes are no random pairs
        raise WrongUse("--against does not apply to --impostors look-alike: remove it.")
    person = measurement.identities.people().person
    given = photo_people(people) if people else {}
    logs = [read_pairs(path, measurement, columns, given) for path in (new, old)]
    refusals = any(log.tells_refusals for log in logs) and all(
        log.tells_refusals or not any(pairs.size for pairs in log.unanswered.values())
        for log in logs
    )
    if not refusals:
        for log in logs:
            log.leave_out_refusals()
    known = np.arange(person.size)
    rows = []
    for mated in (False, True):
        alone = np.setxor1d(logs[0].keys[mated], logs[1].keys[mated])
        open_ = np.isin(alone, np.union1d(logs[0].unanswered[mated], logs[1].unanswered[mated]))
        pairs, ours, theirs = np.intersect1d(
            logs[0].keys[mated], logs[1].keys[mated], assume_unique=True, return_indices=True
        )
        photos = photos_of(pairs)
        inside = np.isin(photos, known).all(axis=1)
        wrong = [
            log.wrong[mated][:, places[inside]]
            for log, places in zip(logs, (ours, theirs), strict=True)
        ]
        counted = _Pairs(
            measure=_MEASURES[mated][refusals],
            per_comparison=1 if mated else 2,
            people=person[photos[inside]],
            wrong=wrong,
            open_still=int(open_.sum()),
            in_one_file=int((~open_).sum()),
        )
        rows += _rows(counted, evaluation, rule)
    if not any(row.n for row in rows):
        raise WrongUse(f"{new} and {old} share no pair, labelled alike, that both have answered.")
    return rows


@dataclass(frozen=True, kw_only=True)
class _Pairs:
    """The pairs of a kind that both have answered: the people of each, shape (n, 2), and where the
    new and the old system err, each of shape (rows, n)."""

    measure: str
    per_comparison: int
    people: Counts
    wrong: list[np.ndarray]
    open_still: int
    in_one_file: int


def _rows(pairs: _Pairs, evaluation: Evaluation, rule: Rule) -> list[PairedRow]:
    ends = pairs.people[:, : pairs.per_comparison]
    size = int(ends.max()) + 1 if ends.size else 0
    people = np.unique(ends).size
    if pairs.per_comparison == 2:
        people = min(people, smaller_side(np.arange(size), ends[:, 0], ends[:, 1], LEAST_PEOPLE))
    doubt = "too few people" if people < LEAST_PEOPLE else ""
    if evaluation.measurement.identities.people().origin == Origin.UNKNOWN:
        doubt = "people unknown"

    def by_person(chosen: np.ndarray) -> Counts:
        return np.bincount(ends[chosen].ravel(), minlength=size)

    rows = []
    new, old = pairs.wrong
    unknown = pairs.open_still / len(ends) if len(ends) else 0.0
    for place, (threshold, _) in enumerate(evaluation.claims.rates.rows):
        only_new, only_old = new[place] & ~old[place], old[place] & ~new[place]
        found = difference(
            by_person(np.ones(len(ends), bool)),
            by_person(only_new),
            by_person(only_old),
            pairs.per_comparison,
            rule,
        )
        reach = Interval(
            max(-1.0, found.interval.lower - unknown), min(1.0, found.interval.upper + unknown)
        )
        rows.append(
            PairedRow(
                measure=pairs.measure,
                threshold=evaluation.measurement.sign * threshold,
                n=len(ends),
                people=int(np.unique(ends).size),
                new=float(new[place].mean()) if len(ends) else 0.0,
                old=float(old[place].mean()) if len(ends) else 0.0,
                only_new=int(only_new.sum()),
                only_old=int(only_old.sum()),
                difference=found.value,
                interval=reach,
                shown=doubt or _shown(reach),
                open_still=pairs.open_still,
                in_one_file=pairs.in_one_file,
            )
        )
    return rows


def _shown(difference: Interval) -> str:
    if difference.lower > 0:
        return "worse"
    return "better" if difference.upper < 0 else "no difference shown"
