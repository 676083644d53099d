import numpy as np
import pytest

from conformance.calibration.dependence import Shares, design_effects


def all_pairs(matches: np.ndarray) -> Shares:
    """The shares of a symmetric matrix of false matches, every pair tried once."""
    people = len(matches)
    return Shares(
        tried=np.full(people, people - 1), events=matches.sum(axis=0)[None], per_comparison=2
    )


def symmetric(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    upper = np.triu(rng.random(chances.shape) < chances, 1)
    return (upper | upper.T).astype(np.int64)


def of_the_notes(matches: np.ndarray) -> float:
    """deff = Var M / (p (1 - p)) with zeta1 as the U-statistic has it."""
    g = len(matches)
    d, m = matches.sum(axis=0), g * (g - 1) / 2
    p = d.sum() / 2 / m
    zeta = (d * (d - 1)).sum() / (g * (g - 1) * (g - 2)) - p**2
    variance = (4 * (g - 2) * zeta + 2 * p * (1 - p)) / (g * (g - 1))
    return variance * m / (p * (1 - p))


def test_is_the_formula_for_all_pairs():
    rng = np.random.default_rng(3)
    lambs = rng.gamma(1.0, 0.2, 200)
    matches = symmetric(np.minimum(np.outer(lambs, lambs), 1), rng)
    assert of_the_notes(matches) > 1.5
    assert design_effects(all_pairs(matches)) == pytest.approx([of_the_notes(matches)])


def test_is_near_one_where_people_are_alike():
    matches = symmetric(np.full((400, 400), 0.02), np.random.default_rng(4))
    assert design_effects(all_pairs(matches))[0] == pytest.approx(1, abs=0.2)


def test_of_random_pairs_grows_with_the_expected_errors():
    """deff ~ 1 + 4 E cv^2 / G for E expected false matches among random pairs of G people."""
    rng = np.random.default_rng(6)
    people, n, cv2 = 500, 400_000, 1.0
    lambs = rng.gamma(1 / cv2, cv2, people)
    first, second = rng.integers(0, people, (2, n))
    wrong = rng.random(n) < 0.01 * lambs[first] * lambs[second]
    tried = np.bincount(first, minlength=people) + np.bincount(second, minlength=people)
    events = np.bincount(first[wrong], minlength=people)
    events += np.bincount(second[wrong], minlength=people)
    effect = design_effects(Shares(tried=tried, events=events[None], per_comparison=2))[0]
    spread = lambs.var() / lambs.mean() ** 2
    assert effect == pytest.approx(1 + 4 * wrong.sum() * spread / people, rel=0.25)


def test_a_row_without_errors_takes_the_spread_of_the_row_below():
    tried = np.full(100, 99)
    events = np.zeros((2, 100), np.int64)
    events[0, :10] = 20
    shares = Shares(tried=tried, events=events, per_comparison=2)
    assert design_effects(shares) == [pytest.approx(design_effects(shares)[0]), 1.0]
    lifted = design_effects(shares, (1e-2, 1e-3))
    assert 1 < lifted[1] < lifted[0]


def test_mated_comparisons_cluster_by_person():
    shares = Shares(tried=np.full(50, 10), events=np.array([[10] * 5 + [0] * 45]), per_comparison=1)
    assert design_effects(shares) == [pytest.approx(10.0)]
