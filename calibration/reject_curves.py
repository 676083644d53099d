"""Which customers are not matched because of poor photos: FNMR against the share rejected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from calibration.evaluation import Evaluation
from calibration.judging.findings import Quality, RejectCurve
from calibration.sources.formats.people_tables import photo_people
from calibration.sources.formats.run_file import FILE
from calibration.sources.pair_log import read_pairs
from calibration.sources.quality import PhotoQualities
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.intervals import Interval
from calibration.statistics.rejection import error_against_reject, worst_against_rest
from calibration.statistics.verdicts import Rule
from verikit.errors import WrongUse


def reject_curves(  # noqa: PLR0913 - how files of scores are read
    scores: Path,
    qualities: PhotoQualities,
    evaluation: Evaluation,
    *,
    columns: Mapping[str, str],
    people: Path | None,
    rule: Rule,
) -> Quality:
    """FNMR at each row where mated comparisons of low quality are rejected.

    ``scores`` is a file, or the folder of a run; ``evaluation`` is what it came to.

    Raises:
        WrongUse: the file has no names of photos, or the table tells the quality of none of them.
    """
    path = scores / FILE if scores.is_dir() else scores
    measurement = evaluation.measurement
    log = read_pairs(path, measurement, columns, photo_people(people) if people else {})
    names = measurement.identities.photos.names
    quality = np.array([qualities.of(name) for name in names])
    if np.isnan(quality).all():
        raise WrongUse(
            f"{qualities.source} tells the quality of none of the photos, such as "
            f"{names[0] if names else 'any'}."
        )
    scored = log.scored[True]
    photos, wrong = log.photos(mated=True)[scored], log.wrong[True][:, scored]
    person = measurement.identities.people().person[photos[:, 0]]
    of_pair = quality[photos].min(axis=1) if len(photos) else np.zeros(0)
    known = ~np.isnan(of_pair)
    people_known = int(np.unique(person[known]).size)
    few = people_known < LEAST_PEOPLE
    quality, wrong, person = of_pair[known], wrong[:, known], person[known]
    missing = measurement.mated.unanswered
    curves = error_against_reject(quality, wrong, person, rule, missing)
    rows = []
    for (threshold, _), errors, points in zip(
        evaluation.claims.rates.rows, wrong, curves, strict=True
    ):
        worst = worst_against_rest(quality, errors, person, rule)
        rows.append(
            RejectCurve(
                threshold=measurement.sign * threshold,
                points=points,
                worst=worst[0] if worst else None,
                times=worst[1].value if worst else None,
                interval=worst[1].interval if worst and not few else Interval(0.0, np.inf),
            )
        )
    return Quality(
        source=qualities.source,
        column=qualities.column,
        n=int(known.sum()),
        unknown=int((~known).sum()),
        unanswered=log.unanswered[True].size,
        people=people_known,
        rows=rows,
    )
