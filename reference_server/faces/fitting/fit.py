"""Makes the scorer of a model from the templates of labelled people."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.fitting.tail import Histogram, Tail, knots
from reference_server.faces.recognition.recogniser import Templates
from reference_server.faces.scoring.cohort import Cohort
from reference_server.faces.scoring.score_map import ScoreMap
from reference_server.faces.scoring.scorer import Scorer
from verikit.errors import WrongUse

COMPONENTS, COHORT_SIZE, FOLDS = 16, 8192, 5
FEWEST_PEOPLE = 450  # 100,000 pairs of them, 100 in the tail
BOUNDS = (-20.0, 20.0)
NEAR_IDENTICAL = ((0.98, 0.0), (0.99, 0.95), (1.0, 1.0))
"""No two people's cosine comes near .98 (LFW without label errors: .973, twins), so lifting the
score there breaks no claim; where many look alike, AS-norm alone scores an identical photo .85."""


def fit_scorer(people: LabelledTemplates, seed: int = 0) -> Scorer:
    """Cohort and map, fitted to all non-mated pairs.

    Raises:
        WrongUse: so few people tell nothing of rare false matches.
    """
    if len(people.names) < FEWEST_PEOPLE:
        raise WrongUse(
            f"{len(people.names)} people to fit to tell nothing of rare false matches: "
            f"give at least {FEWEST_PEOPLE}, and as many again to hold out."
        )
    cohort = draw_cohort(people.means(), seed)
    return Scorer(_map(people, _out_of_fold(people, seed)), cohort)


def draw_cohort(means: Templates, seed: int) -> Cohort:
    """Unit vectors drawn from a mixture of Gaussians that is fitted to mean templates."""
    with threadpool_limits(1):  # sums of several threads differ from run to run
        mixture = GaussianMixture(COMPONENTS, random_state=seed).fit(means)
        mixture.set_params(random_state=seed)
        drawn, _ = mixture.sample(COHORT_SIZE)
    vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return Cohort(vectors.astype(np.float16).astype(np.float32))  # as it is stored


def _out_of_fold(people: LabelledTemplates, seed: int) -> Statistics:
    """Each person's statistics against a cohort that was drawn without that person.

    The cohort is denser around the people it was fitted to than around anybody else, so that their
    own similarities would come out too low: by a factor of 2 in the FMR at 1e-4.
    """
    fold = np.random.default_rng(seed).permutation(len(people.names)) % FOLDS
    means, of_photo = people.means(), fold[people.people]
    statistics = np.zeros((2, len(people.templates)), np.float32)
    for i in range(FOLDS):
        cohort = draw_cohort(means[fold != i], seed)
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
        near_identical=NEAR_IDENTICAL,
    )
