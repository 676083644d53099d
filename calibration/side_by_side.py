"""Compares a new system with an old one on the same pairs: is the new release worse?

A pair counts if both have answered it, and a refused pair is a non-match. The rates are therefore
the generalized ones (ISO/IEC 19795-1): GFAR of non-mated and GFRR of mated pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from calibration.counting.identities import Origin
from calibration.evaluation import Evaluation
from calibration.judging.findings import PairedRow
from calibration.sources.formats.people_tables import photo_people
from calibration.sources.formats.run_file import FILE
from calibration.sources.pair_log import photos_of, read_pairs
from calibration.statistics.arrays import Counts
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.paired import Difference, difference
from calibration.statistics.verdicts import Rule
from verikit.errors import WrongUse


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
    known = np.arange(person.size)
    rows = []
    for mated in (False, True):
        pairs, ours, theirs = np.intersect1d(
            logs[0].keys[mated], logs[1].keys[mated], assume_unique=True, return_indices=True
        )
        photos = photos_of(pairs)
        inside = np.isin(photos, known).all(axis=1)
        wrong = [
            log.wrong[mated][:, places[inside]]
            for log, places in zip(logs, (ours, theirs), strict=True)
        ]
        rows += _rows(person[photos[inside]], wrong, evaluation, rule, mated=mated)
    if not any(row.n for row in rows):
        raise WrongUse(f"{new} and {old} share no pair, labelled alike, that both have answered.")
    return rows


def _rows(
    people: Counts, wrong: list[np.ndarray], evaluation: Evaluation, rule: Rule, *, mated: bool
) -> list[PairedRow]:
    ends = people[:, :1] if mated else people
    size = int(people.max()) + 1 if people.size else 0
    doubt = "too few people" if np.unique(ends).size < LEAST_PEOPLE else ""
    if evaluation.measurement.identities.people().origin == Origin.UNKNOWN:
        doubt = "people unknown"

    def by_person(chosen: np.ndarray) -> Counts:
        return np.bincount(ends[chosen].ravel(), minlength=size)

    rows = []
    new, old = wrong
    for place, (threshold, _) in enumerate(evaluation.claims.rates.rows):
        only_new, only_old = new[place] & ~old[place], old[place] & ~new[place]
        found = difference(
            by_person(np.ones(len(ends), bool)),
            by_person(only_new),
            by_person(only_old),
            ends.shape[1],
            rule,
        )
        rows.append(
            PairedRow(
                measure="GFRR" if mated else "GFAR",
                threshold=evaluation.measurement.sign * threshold,
                n=len(ends),
                people=int(np.unique(ends).size),
                new=float(new[place].mean()) if len(ends) else 0.0,
                old=float(old[place].mean()) if len(ends) else 0.0,
                only_new=int(only_new.sum()),
                only_old=int(only_old.sum()),
                difference=found.value,
                interval=found.interval,
                shown=doubt or _shown(found),
            )
        )
    return rows


def _shown(found: Difference) -> str:
    if found.interval.lower > 0:
        return "worse"
    return "better" if found.interval.upper < 0 else "no difference shown"
