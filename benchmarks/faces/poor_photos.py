"""How well the score keeps the documented table where one or both photos are poor.

The people shown here took no part in fitting the penalty (training/penalty.py), nor the score that
it is subtracted from; nor do their photos become poor in the ways that it was fitted to. All pairs
of them are compared. Writes a row for each pair of conditions and each documented threshold: the
false match rate as a multiple of the claim, with its lowest and highest value over ten random
halves of the people, and the false non-match rate; "before" without penalty.

    verikit templates ../shared/data/lfw --out lfw.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    python -m benchmarks.faces.poor_photos lfw.npz --work /tmp/poor \\
        --out docs/evidence/poor-photos.csv

The work folder holds templates, which are biometric data: put it outside the project.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.fitting.fit import Fit
from reference_server.faces.fitting.pairs import Statistics
from reference_server.faces.scoring.penalty import Penalty
from reference_server.faces.scoring.scorer import SHIPPED
from training.penalty import PEOPLE, SEED, SHOWN, score_of_others
from training.photos import data_folder, lfw_people
from training.poor_faces import Faces, collected, costs_of
from training.poor_photos import CONDITIONS
from verikit.contract import load_contract

HALVES = 10
ROWS = tuple(row for row in load_contract().error_rates.rows if row[0] < 0.85)
"""What these pairs can tell of: up to 0.8."""
COLUMNS = (
    *("first", "second", "threshold", "fmr_before", "fmr_lowest", "fmr", "fmr_highest"),
    *("fnmr_before", "fnmr"),
)
Table = dict[tuple[str, str], dict[str, NDArray[np.float64]]]
"""By pair of conditions; each array has an entry for every row."""


def main() -> None:
    """Collect, compare, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    people = list(lfw_people(given.data, PEOPLE + SHOWN, SEED).items())
    shown = people[PEOPLE:]
    two_each = [(person, photo) for person, photos in shown for photo in photos[:2]]
    conditions = collected(given.work / "conditions", CONDITIONS, two_each)
    fitted = score_of_others(given.templates, given.data, given.work / "score")
    penalty = Penalty.load(SHIPPED / f"{fitted.score_map.model}-penalty.json")
    names = [person for person, _ in shown]
    halves = [
        np.random.default_rng(seed).permutation(names)[::2].tolist() for seed in range(HALVES)
    ]
    whole, *parts = (
        measured({name: faces.of(some) for name, faces in conditions.items()}, penalty, fitted)
        for some in (names, *halves)
    )
    write(whole, parts, given.out)


def measured(faces: Mapping[str, Faces], penalty: Penalty, fitted: Fit) -> Table:
    """Rates of all pairs of conditions, without and with the penalty."""
    similarity, log10_rate = zip(*fitted.score_map.knots, strict=True)
    claimed = np.log10([rate for _, rate in ROWS])
    thresholds = np.interp(claimed, log10_rate[::-1], similarity[::-1])
    statistics = {
        name: Statistics.of(each.templates, fitted.cohort) for name, each in faces.items()
    }
    costs = {name: costs_of(each, penalty) for name, each in faces.items()}
    table: Table = {}
    for pair in combinations_with_replacement(faces, 2):
        one, other = (faces[name] for name in pair)
        first, second = (statistics[name] for name in pair)
        cosines = one.templates @ other.templates.T
        rows = (cosines - first.means[:, None]) / first.spreads[:, None]
        columns = (cosines - second.means) / second.spreads
        plain = (rows + columns) / 2
        paid = plain - np.minimum(costs[pair[0]][:, None], costs[pair[1]])
        same = one.people[:, None] == other.people
        mated = same & (one.photos[:, None] != other.photos)
        table[pair] = {
            "fmr_before": shares(plain[~same], thresholds),
            "fmr": shares(paid[~same], thresholds),
            "fnmr_before": 1 - shares(plain[mated], thresholds),
            "fnmr": 1 - shares(paid[mated], thresholds),
        }
    return table


def shares(
    similarities: NDArray[np.floating[Any]], thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The share at or above each threshold."""
    return np.array([(similarities >= threshold).mean() for threshold in thresholds])


def write(whole: Table, parts: Sequence[Table], path: Path) -> None:
    """A row for each pair of conditions and each threshold."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for pair, found in whole.items():
            for row, (threshold, claimed) in enumerate(ROWS):
                in_parts = [part[pair]["fmr"][row] for part in parts]
                rates = (found["fmr_before"][row], min(in_parts), found["fmr"][row], max(in_parts))
                figures = (
                    *(rate / claimed for rate in rates),
                    *(found["fnmr_before"][row], found["fnmr"][row]),
                )
                writer.writerow([*pair, threshold, *(f"{figure:.4g}" for figure in figures)])


if __name__ == "__main__":
    main()
