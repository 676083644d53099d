"""What the penalty of poor photos costs good ones, and whether the map should be fitted with it.

Those people of Labeled Faces in the Wild to whom the penalty was not fitted are parted in two
halves in several ways. The score is fitted to one half, and all pairs of the other half are
compared: without penalty, with it, and with it where the map was fitted with it too. Writes for
each documented threshold the false match rate as a multiple of the claim, and the false non-match
rate: the lowest, the median and the highest over the splits.

    verikit templates ../shared/data/lfw --out lfw.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    python benchmarks/good_photos.py lfw.npz --out docs/evidence/good-photos.csv
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.fitting.fit import Fit, fit_to
from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.people import LabelledTemplates
from training.penalty import PEOPLE, SEED
from training.photos import data_folder, lfw_people
from verikit.contract import load_contract

ROWS = load_contract().error_rates.rows
WAYS = ("without", "with", "with, and fitted with it")
SPREAD = ("lowest", "median", "highest")


def main() -> None:
    """Part, fit, compare, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    fitted_to = lfw_people(given.data, PEOPLE, SEED)
    people = LabelledTemplates.load(given.templates).without(fitted_to)
    found = []
    for seed in range(given.splits):
        found.append(split(people, seed))
        print(f"split {seed} is done", flush=True)
    write(np.array(found), given.out)


def split(people: LabelledTemplates, seed: int) -> NDArray[np.float64]:
    """FMR and FNMR of each way at each threshold, shape (ways, 2, rows)."""
    half, other = people.parted(0.5, seed)
    plain, refitted = fit_to(_unpenalised(half), seed), fit_to(half, seed)
    return np.array(
        [rates(_unpenalised(other), plain), rates(other, plain), rates(other, refitted)]
    )


def _unpenalised(people: LabelledTemplates) -> LabelledTemplates:
    return replace(people, penalties=np.zeros_like(people.penalties))


def rates(people: LabelledTemplates, fitted: Fit) -> NDArray[np.float64]:
    """FMR and FNMR of all pairs at each threshold."""
    similarity, log10_rate = zip(*fitted.score_map.knots, strict=True)
    claimed = np.log10([rate for _, rate in ROWS])
    thresholds = np.interp(claimed, log10_rate[::-1], similarity[::-1])
    counts = np.zeros((2, len(ROWS)))
    totals = np.zeros((2, 1))
    for block in blocks(people, Statistics.of(people.templates, fitted.cohort)):
        for row, kept in enumerate((~block.mated, block.mated)):
            counts[row] += [(block.similarities[kept] >= each).sum() for each in thresholds]
            totals[row] += kept.sum()
    matched = counts / totals
    return np.array([matched[0], 1 - matched[1]])


def write(found: NDArray[np.float64], path: Path) -> None:
    """A row for each way and threshold; ``found``: (splits, ways, 2, rows)."""
    claimed = np.array([rate for _, rate in ROWS])
    found[:, :, 0] /= claimed
    low, middle, high = found.min(axis=0), np.median(found, axis=0), found.max(axis=0)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [f"{rate}_{which}" for rate in ("fmr", "fnmr") for which in SPREAD]
        writer.writerow(["penalty", "threshold", *names])
        for way, name in enumerate(WAYS):
            for row, (threshold, _) in enumerate(ROWS):
                figures = [each[way, rate, row] for rate in (0, 1) for each in (low, middle, high)]
                writer.writerow([name, threshold, *(f"{figure:.4g}" for figure in figures)])


if __name__ == "__main__":
    main()
