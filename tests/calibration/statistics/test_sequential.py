import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.statistics.sequential import (
    chance_above,
    chance_below,
    confidence_sequence,
    log_martingale,
    projected,
)

P0 = 1e-4


@pytest.mark.parametrize(
    ("k", "n", "rate", "expected"),
    [
        (0, 22_000, 2e-4, 3.5572),
        (3, 60_000, 2e-4, 3.6520),
        (30, 150_000, 1e-4, 3.4396),
    ],
)
def test_log_martingale(k, n, rate, expected):
    assert log_martingale(k, n, rate, P0) == pytest.approx(expected, abs=5e-5)


def test_passes_and_fails_at_the_known_moments():
    assert chance_below(3, 60_000, 2 * P0, P0) <= 0.05
    assert chance_above(30, 150_000, P0, P0) <= 0.05
    assert chance_below(30, 150_000, 2 * P0, P0) > 0.05
    assert chance_above(3, 60_000, P0, P0) == 1


@given(k=st.integers(0, 300), n=st.integers(301, 1_000_000))
def test_the_sequence_holds_the_rate_seen_and_ends_where_the_evidence_does(k, n):
    bounds = confidence_sequence(k, n, P0)
    assert bounds.lower <= k / n <= bounds.upper
    for bound in (bounds.lower, bounds.upper):
        if 1e-14 < bound < 0.999:
            assert log_martingale(k, n, bound, P0) == pytest.approx(math.log(20), abs=1e-3)


def test_it_seldom_rules_out_the_truth_however_often_one_looks():
    rng = np.random.default_rng(5)
    looks = np.unique(np.geomspace(10, 100_000, 120).astype(int))
    wrong = 0
    for _ in range(300):
        events = np.cumsum(rng.binomial(np.diff(looks, prepend=0), 1e-2))
        wrong += any(
            log_martingale(int(k), int(n), 1e-2, 1e-2) >= math.log(20)
            for k, n in zip(events, looks, strict=True)
        )
    assert wrong / 300 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 300)


def test_the_projection_is_where_the_run_decides_at_that_rate():
    total = projected(10, 100_000, P0, 2)
    assert 100_000 < total < 300_000
    assert chance_below(total * P0, total, 2 * P0, P0) <= 0.05


@pytest.mark.parametrize(("times", "chance"), [(1.0, chance_above), (2.0, chance_below)])
def test_a_rate_at_the_limit_is_seldom_ruled_out_however_often_one_looks(times, chance):
    """The mean of two e-values: at most 5 % of 400 runs, and their simulation error."""
    rng, looks = np.random.default_rng(8), np.unique(np.geomspace(10, 3e5, 60).astype(np.int64))
    wrong = 0
    for _ in range(400):
        k = np.cumsum(rng.binomial(np.diff(looks, prepend=0), times * 1e-3))
        wrong += any(
            chance(int(a), int(n), times * 1e-3, 1e-3) <= 0.05
            for a, n in zip(k, looks, strict=True)
        )
    assert wrong <= 30


def test_a_right_server_is_told_sooner_than_by_the_mixture_alone():
    n = 115_000
    assert chance_below(11, n, 2 * P0, P0) < 0.05 < np.exp(-log_martingale(11, n, 2 * P0, P0))
