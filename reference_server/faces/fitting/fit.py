"""Fits the scorer of a model to the templates of labelled people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.fitting.tail import Histogram, Tail, knots
from reference_server.faces.recognition.recogniser import Templates
from reference_server.faces.scoring.cohort import Cohort
from reference_server.faces.scoring.score_map import ScoreMap
from verikit.errors import WrongUse
from verikit.plural import counted

COMPONENTS, COHORT_SIZE, FOLDS = 16, 8192, 5
FEWEST_PEOPLE = 450  # 100,000 pairs of them, 100 in the tail
BOUNDS = (-20.0, 20.0)


@dataclass(frozen=True, eq=False)
class Fit:
    """A score map, and the vectors of its cohort in half precision, shape (COHORT_SIZE, D)."""

    score_map: ScoreMap
    vectors: NDArray[np.float16]

    @cached_property
    def cohort(self) -> Cohort:
        """The cohort as the server loads it."""
        return Cohort(self.vectors.astype(np.float32))

    def save(self, folder: Path) -> list[Path]:
        """Write both files for the server; their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / f"{self.score_map.model}.{suffix}" for suffix in ("json", "npz")]
        self.score_map.save(files[0])
        np.savez_compressed(files[1], vectors=self.vectors)
        return files


def fit_to(people: LabelledTemplates, seed: int = 0) -> Fit:
    """Fit the cohort and the score map to all non-mated pairs.

    Raises:
        WrongUse: there are too few people whose templates differ for rare false matches.
    """
    means = people.means()
    different = len(np.unique(means.round(3), axis=0))
    if different < FEWEST_PEOPLE:
        raise WrongUse(
            f"{counted(different, 'person has', 'people have')} templates of their own, too few "
            f"for rare false matches: a fit takes at least {FEWEST_PEOPLE}, besides those held out."
        )
    score_map = _map(people, _out_of_fold(people, means, seed))
    return Fit(score_map, draw_cohort(means, seed))


def draw_cohort(means: Templates, seed: int) -> NDArray[np.float16]:
    """Draw unit vectors from a Gaussian mixture fitted to the mean templates, shape (people, D).

    Returns an array of shape (COHORT_SIZE, D).
    """
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415 - slow to import, seldom needed

    with threadpool_limits(1):  # sums of several threads differ from run to run
        mixture = GaussianMixture(COMPONENTS, random_state=seed).fit(means)
        mixture.set_params(random_state=seed)
        drawn, _ = mixture.sample(COHORT_SIZE)
    vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return np.asarray(vectors, np.float16)


def _out_of_fold(people: LabelledTemplates, means: Templates, seed: int) -> Statistics:
    """Each person's statistics against a cohort that was drawn without that person.

    The cohort is denser around the people it was fitted to than around anybody else, so that their
    own similarities would come out too low: by a factor of 2 in the FMR at 1e-4.
    """
    fold = np.random.default_rng(seed).permutation(len(people.names)) % FOLDS
    of_photo = fold[people.people]
    statistics = np.zeros((2, len(people.templates)), np.float32)
    for i in range(FOLDS):
        cohort = Cohort(draw_cohort(means[fold != i], seed).astype(np.float32))
        statistics[:, of_photo == i] = cohort.statistics(people.templates[of_photo == i])
    return Statistics(*statistics)


def _map(people: LabelledTemplates, statistics: Statistics) -> ScoreMap:
    histogram = Histogram.empty(BOUNDS)
    for block in blocks(people, statistics):
        histogram.add(block.similarities[~block.mated])
    tail = Tail.of(histogram)
    return ScoreMap(
        model=people.model,
        weights=people.weights,
        people=people.digest(),
        photos=len(people.templates),
        pairs=int(histogram.counts.sum()),
        tail=asdict(tail),
        bounds=BOUNDS,
        knots=tuple(knots(histogram, tail)),
    )
