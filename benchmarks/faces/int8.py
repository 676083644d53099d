"""What a recogniser with 8 bits (training/int8.py) would save, and what it would cost.

    verikit templates ../shared/data/lfw --out lfw.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    python -m benchmarks.faces.int8 lfw.npz --data ../shared/data --work /tmp/int8

Prints CPU milliseconds of the four chips of a comparison; how far cosines and scores move when
onnxruntime runs the same network without its integer kernels, which is to say, with other rounding;
and the false non-match rate by people of fp32 and of 8 bits, cohort and score map fitted anew to
one half of the people and judged by the other. The work folder keeps templates, which are biometric
data: put it outside the project.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from reference_server.faces.alignment import Recipe
from reference_server.faces.fitting.fit import fit_to
from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.recognition.recogniser import DlibOnnx, Recogniser, templates
from reference_server.faces.runtime import session
from reference_server.faces.scoring.scorer import load_scorer
from reference_server.pictures import Photo, Pixels
from reference_server.stages import Stages
from training.int8 import portrait_chips, quantised
from training.photos import data_folder, read
from training.poor_faces import subject_engine

RATES = (1e-4, 1e-5)


@dataclass(frozen=True, eq=False)
class OnnxFile:
    """A recogniser in a file."""

    network: onnxruntime.InferenceSession
    name: str = "Dlib"
    digest: str | None = None
    recipe: Recipe = DlibOnnx.recipe

    def forward(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See ``Recogniser``."""
        (vectors,) = self.network.run(None, {"chips": chips})
        return np.asarray(vectors, np.float32)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path, help="of the shipped recogniser")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--splits", type=int, default=10)
    given = parser.parse_args()
    given.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    chips, file = portrait_chips(given.data), given.work / "recogniser-int8.onnx"
    quantised(chips, file)
    exact, narrow = DlibOnnx(), OnnxFile(session(file))
    print_speed(exact, narrow, chips)
    print_agreement(narrow, OnnxFile(_without_integer_kernels(file)), chips)
    people = LabelledTemplates.load(given.templates)
    also = _templates(narrow, people, given.data, given.work / "templates.npy")
    print_accuracy(people, replace(people, templates=also), given.splits)


def print_speed(exact: Recogniser, narrow: Recogniser, chips: list[Pixels]) -> None:
    """The two in turn."""
    spent: dict[str, list[float]] = {"fp32": [], "int8": []}
    for pair in list(pairwise(chips)) * 3:
        for name, recogniser in zip(spent, (exact, narrow), strict=True):
            begun = time.thread_time()
            templates(recogniser, pair)
            spent[name].append((time.thread_time() - begun) * 1000)
    for name, ms in spent.items():
        print(f"{name}: {statistics.median(ms):.2f} ms of CPU, least {min(ms):.2f}")


def print_agreement(narrow: Recogniser, other: Recogniser, chips: list[Pixels]) -> None:
    """Differences in the cosines and scores of all pairs."""
    scorer = load_scorer(DlibOnnx())
    first, second = (templates(each, chips) for each in (narrow, other))
    pairs = list(zip(*np.triu_indices(len(chips), 1), strict=True))
    scores = np.array([[scorer.score(t[a], t[b]) for a, b in pairs] for t in (first, second)])
    cosines, moved = abs(first @ first.T - second @ second.T), abs(scores[0] - scores[1])
    print(f"with other rounding, cosines move by up to {cosines.max():.1e}")
    print(f"and scores by {np.median(moved):.1e} in the median, up to {moved.max():.1e}")


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


def _templates(
    recogniser: Recogniser, people: LabelledTemplates, data: Path, kept: Path
) -> NDArray[np.float32]:
    """Of the same photos as the file's."""
    if not kept.exists():
        np.save(kept, np.concatenate(list(_rows(recogniser, people, data))))
    return np.asarray(np.load(kept), np.float32)


def _rows(
    recogniser: Recogniser, people: LabelledTemplates, data: Path
) -> Iterator[NDArray[np.float32]]:
    engine = subject_engine()
    for name in people.photos.tolist():
        face = engine.find(Photo(read(data / "lfw" / name)), stages=Stages())
        yield templates(recogniser, [face.chip])


def _without_integer_kernels(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
