"""What the penalty of poor photos costs photos as they are, and whether the map needs a new fit.

All pairs of the people of Labeled Faces in the Wild to whom the penalty was not fitted and of whom
there are several photos are compared by the shipped score, without and with the penalty. Prints for
each documented threshold the false non-match rate of all mated pairs in percent, and the false
match rate as a multiple of the claim: as long as that does not change, neither need the map.

    verikit templates ../shared/data/lfw --out lfw.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    python -m benchmarks.faces.good_photos lfw.npz
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.scoring.cohort import Cohort
from reference_server.faces.scoring.score_map import ScoreMap
from reference_server.faces.scoring.scorer import SHIPPED
from training.penalty import PEOPLE, SEED
from training.photos import data_folder, lfw_people
from verikit.contract import load_contract

ROWS = load_contract().error_rates.rows


def main() -> None:
    """Compare all pairs twice."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path)
    parser.add_argument("--data", type=Path, default=data_folder())
    given = parser.parse_args()
    people = LabelledTemplates.load(given.templates)
    singles = np.array(people.names)[np.bincount(people.people) == 1]
    people = people.without({*lfw_people(given.data, PEOPLE, SEED), *singles.tolist()})
    without, with_it = (
        rates(replace(people, penalties=some))
        for some in (np.zeros_like(people.penalties), people.penalties)
    )
    print(f"{len(people.names)} people, {len(people.templates)} photos")
    for (threshold, claimed), before, after in zip(ROWS, without.T, with_it.T, strict=True):
        fmr, fnmr = (f"{a:.3f} -> {b:.3f}" for a, b in zip(before, after, strict=True))
        print(f"{threshold}: FNMR {fnmr} %, FMR / {claimed:g} {fmr}")


def rates(people: LabelledTemplates) -> NDArray[np.float64]:
    """FMR as a multiple of the claim and FNMR in percent at each threshold, shape (2, rows)."""
    score_map = ScoreMap.load(SHIPPED / f"{people.model}.json")
    statistics = Statistics.of(people.templates, Cohort.load(SHIPPED / f"{people.model}.npz"))
    matched, totals = np.zeros((2, len(ROWS))), np.zeros((2, 1))
    for block in blocks(people, statistics):
        scores = score_map.scores(block.similarities)
        for row, kept in enumerate((~block.mated, block.mated)):
            matched[row] += [(scores[kept] >= threshold).sum() for threshold, _ in ROWS]
            totals[row] += kept.sum()
    shares = matched / totals
    return np.array([shares[0] / [claimed for _, claimed in ROWS], 100 * (1 - shares[1])])


if __name__ == "__main__":
    main()
