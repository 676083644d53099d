"""What photos of a kind are fitted to cost is enough at every rate; good ones cost nothing."""

import numpy as np
import pytest

from reference_server.faces.fitting.fit import BOUNDS, Fit
from reference_server.faces.photo_quality import Measures
from reference_server.faces.scoring.cohort import Cohort
from reference_server.faces.scoring.penalty import Penalty
from reference_server.faces.scoring.score_map import ScoreMap
from training.penalty import RATES, Pairs, fit
from training.poor_faces import NAMES, Faces
from training.poor_photos import GOOD

PEOPLE, SIZE = 120, 24
RNG = np.random.default_rng(5)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def faces(templates: np.ndarray, noise: np.ndarray) -> Faces:
    """Good in every measure but the noise."""
    measures = np.full((len(templates), len(NAMES)), -9.0)
    measures[:, NAMES.index("noise")] = noise
    names = np.array([f"person {number}" for number in range(len(templates))])
    return Faces(measures, unit(templates), names, names)


@pytest.fixture(scope="module")
def good() -> Faces:
    return faces(RNG.normal(size=(PEOPLE, SIZE)), np.full(PEOPLE, -2.0))


@pytest.fixture(scope="module")
def noisy(good) -> Faces:
    """The more of it there is, the more everybody looks like everybody else."""
    share = RNG.uniform(0.3, 1, (PEOPLE, 1))
    same = unit(RNG.normal(size=(1, SIZE)))
    return faces(good.templates + share * same, -0.8 + share[:, 0])


@pytest.fixture(scope="module")
def fitted(good) -> Fit:
    """A map that keeps its claims for the good photos."""
    vectors = unit(RNG.normal(size=(1000, SIZE))).astype(np.float16)
    found = Pairs.of(good, Cohort(vectors.astype(np.float32))).similarities
    log10_rates = np.linspace(-1, -3.5, 11)
    knots = tuple(zip(np.quantile(found, 1 - 10**log10_rates), log10_rates, strict=True))
    return Fit(ScoreMap(model="made up", bounds=BOUNDS, knots=knots), vectors)


def test_poor_photos_cost_enough_at_every_rate_and_good_ones_nothing(good, noisy, fitted):
    penalty = fit({GOOD: good, "noisy": noisy}, good.measures, fitted)
    assert list(penalty.knots) == ["noise"]
    costs = [
        np.array([penalty.of(Measures(**dict(zip(NAMES, row, strict=True)))) for row in measures])
        for measures in (noisy.measures, good.measures)
    ]
    similarity, log10_rates = zip(*fitted.score_map.knots, strict=True)
    claimed = np.interp(np.log10(RATES), log10_rates[::-1], similarity[::-1])
    pairs = Pairs.of(noisy, fitted.cohort)
    assert pairs.excess(np.zeros(PEOPLE), claimed) > 1
    assert abs(pairs.excess(costs[0], claimed)) < 0.2
    assert costs[1].max() == 0


def test_costs_of_other_measures_are_kept(good, noisy, fitted):
    kinds = {GOOD: good, "noisy": noisy}
    anew = fit(kinds, good.measures, fitted).knots["noise"]
    blur, wrong = ((1.82, 0.0), (3.5, 2.0)), ((-2.0, 9.0), (1.0, 9.0))
    shipped = Penalty(model="made up", weights="", people=3, knots={"blur": blur, "noise": wrong})
    penalty = fit(kinds, good.measures, fitted, shipped, ["noise"])
    assert penalty.knots == {"blur": blur, "noise": anew}
