"""What the integers of the recogniser (training/int8.py) save, and what they cost.

    verikit templates ../shared/data/lfw --out int8.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    verikit templates ../shared/data/lfw --out fp32.npz --subject centre --precision fp32 \\
        --label-errors datasets/lfw/label-errors.csv
    python -m benchmarks.faces.int8 fp32.npz int8.npz --data ../shared/data

Prints CPU milliseconds for the four views of a comparison, and the false non-match rate by people
of both precisions, cohort and score map fitted anew to one half of the people and judged by the
other.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.fitting.fit import fit_to
from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.recognition.recogniser import DlibOnnx, Precision, templates
from reference_server.pictures import Pixels
from training.int8 import portrait_chips
from training.photos import data_folder

RATES = (1e-4, 1e-5)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("fp32", type=Path, help="templates")
    parser.add_argument("int8", type=Path, help="templates of the same photos")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--splits", type=int, default=10)
    given = parser.parse_args()
    print_speed(portrait_chips(given.data))
    fp32, int8 = map(LabelledTemplates.load, (given.fp32, given.int8))
    print_accuracy(fp32, int8, given.splits)


def print_speed(chips: list[Pixels]) -> None:
    """The two in turn."""
    recognisers = {precision: DlibOnnx(precision) for precision in Precision}
    spent: dict[Precision, list[float]] = {precision: [] for precision in Precision}
    for pair in list(pairwise(chips)) * 3:
        for precision, recogniser in recognisers.items():
            begun = time.thread_time()
            templates(recogniser, pair)
            spent[precision].append((time.thread_time() - begun) * 1000)
    for precision, ms in spent.items():
        print(f"{precision}: {statistics.median(ms):.2f} ms of CPU, least {min(ms):.2f}")


def print_accuracy(exact: LabelledTemplates, narrow: LabelledTemplates, splits: int) -> None:
    """Percent at each rate, and the difference: median and range over the splits."""
    found = []
    for seed in range(splits):
        found.append([fnmr(people, seed) for people in (exact, narrow)])
        print(f"split {seed}: {np.round(found[-1], 2).tolist()}", flush=True)
    rates = np.array(found)
    for column, rate in enumerate(RATES):
        one, other = rates[:, 0, column], rates[:, 1, column]
        gain = other - one
        print(
            f"FNMR at FMR {rate:g}: fp32 {np.median(one):.2f} %, int8 {np.median(other):.2f} %, "
            f"difference {np.median(gain):+.2f} ({gain.min():+.2f} to {gain.max():+.2f}) points"
        )


def fnmr(people: LabelledTemplates, seed: int) -> NDArray[np.float64]:
    """Percent at each of ``RATES``, each person counting once; on the half that is held out."""
    fitted, held_out = people.parted(0.5, seed)
    statistics_of = Statistics.of(held_out.templates, fit_to(fitted, seed).cohort)
    mated, persons, others = [], [], []
    for block in blocks(held_out, statistics_of):
        mated.append(block.similarities[block.mated])
        persons.append(block.first[block.mated])
        others.append(block.similarities[~block.mated])
    similarities, person = np.concatenate(mated), np.concatenate(persons)
    weights = 1 / np.bincount(person)[person]
    thresholds = np.quantile(np.concatenate(others), 1 - np.array(RATES))
    return np.array([100 * np.average(similarities < t, weights=weights) for t in thresholds])


if __name__ == "__main__":
    main()
