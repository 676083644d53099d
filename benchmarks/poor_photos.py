"""How well the score keeps the documented table where one or both photos are poor.

The score is fitted to people who are not shown here. For several ways to part those who are in two
halves, what poor photos cost is fitted to one half by training/penalty.py, with other kinds of poor
photos than these, and all pairs of the other half are compared. Writes a row for each pair of
conditions and each documented threshold: the false match rate as a multiple of the claim (lowest,
median and highest over the splits) and the median false non-match rate; "before" without penalty.

    verikit templates ../shared/data/lfw --out lfw.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    python benchmarks/poor_photos.py lfw.npz --work /tmp/poor --out docs/evidence/poor-photos.csv

The work folder holds templates, which are biometric data: put it outside the project.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.fitting.fit import Fit
from reference_server.faces.fitting.pairs import Statistics
from reference_server.faces.photo_quality import Measures
from reference_server.faces.scoring.penalty import Penalty
from training.penalty import PEOPLE, SEED, fit, poor_faces, score_of_others
from training.photos import data_folder, lfw_people
from training.poor_faces import NAMES, Faces, collected, good_portraits, people_of
from training.poor_photos import CONDITIONS
from verikit.contract import load_contract

ROWS = tuple(row for row in load_contract().error_rates.rows if row[0] < 0.85)
"""What these pairs can tell of: up to 0.8."""
COLUMNS = (
    *("first", "second", "threshold", "fmr_before", "fmr_lowest", "fmr", "fmr_highest"),
    *("fnmr_before", "fnmr"),
)
Table = dict[tuple[str, str], dict[str, NDArray[np.float64]]]
"""By pair of conditions; each array has an entry for every row."""


def main() -> None:
    """Collect, part, fit, compare, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    kinds = poor_faces(given.data, given.work / "kinds")
    two_each = [
        (person, photo)
        for person, photos in lfw_people(given.data, PEOPLE, SEED).items()
        for photo in photos[:2]
    ]
    conditions = collected(given.work / "conditions", CONDITIONS, two_each)
    shown = people_of(kinds) | people_of(conditions)
    fitted = score_of_others(given.templates, shown)
    portraits = good_portraits(given.data)
    tables = []
    for seed in range(given.splits):
        people = np.random.default_rng(seed).permutation(sorted(shown))
        one, other = people[: len(people) // 2], people[len(people) // 2 :]
        penalty = fit({kind: faces.of(one) for kind, faces in kinds.items()}, portraits, fitted)
        checked = {name: faces.of(other) for name, faces in conditions.items()}
        tables.append(measured(checked, penalty, fitted))
        print(f"split {seed} is done", flush=True)
    write(tables, given.out)


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


def costs_of(faces: Faces, penalty: Penalty) -> NDArray[np.float64]:
    """What each photo costs."""
    rows = faces.measures.tolist()
    return np.array([penalty.of(Measures(**dict(zip(NAMES, row, strict=True)))) for row in rows])


def shares(
    similarities: NDArray[np.floating[Any]], thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The share at or above each threshold."""
    return np.array([(similarities >= threshold).mean() for threshold in thresholds])


def write(tables: list[Table], path: Path) -> None:
    """A row for each pair of conditions and each threshold."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for pair in tables[0]:
            for row, (threshold, claimed) in enumerate(ROWS):
                found = {
                    name: [table[pair][name][row] for table in tables] for name in tables[0][pair]
                }
                multiples = np.array(found["fmr"]) / claimed
                figures = (
                    np.median(found["fmr_before"]) / claimed,
                    *(multiples.min(), np.median(multiples), multiples.max()),
                    *(np.median(found["fnmr_before"]), np.median(found["fnmr"])),
                )
                writer.writerow([*pair, threshold, *(f"{figure:.4g}" for figure in figures)])


if __name__ == "__main__":
    main()
