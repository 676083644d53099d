import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from calibration.statistics.intervals import (
    chance_of_at_least,
    chance_of_at_most,
    interval,
    lower_bound,
    upper_bound,
)

MANY = 1e8


@pytest.mark.parametrize(
    ("k", "lower", "upper"),
    [(0, 0, 3.69), (3, 0.62, 8.77), (10, 4.80, 18.4), (30, 20.2, 42.8)],
)
def test_two_sided_bounds_on_the_poisson_scale(k, lower, upper):
    assert lower_bound(k, MANY, 0.025) * MANY == pytest.approx(lower, rel=5e-3)
    assert upper_bound(k, MANY, 0.025) * MANY == pytest.approx(upper, rel=5e-3)


@pytest.mark.parametrize(("k", "upper"), [(0, 3.00), (1, 4.74), (3, 7.75), (10, 16.96), (30, 40.7)])
def test_one_sided_upper_bounds_on_the_poisson_scale(k, upper):
    assert upper_bound(k, MANY) * MANY == pytest.approx(upper, rel=2e-3)


def test_without_events_the_interval_gives_all_of_alpha_to_its_upper_side():
    assert interval(0, 1000).lower == 0
    assert interval(0, 1000).upper == pytest.approx(1 - 0.05 ** (1 / 1000))
    assert interval(1000, 1000).lower == pytest.approx(0.05 ** (1 / 1000))
    assert interval(1000, 1000).upper == 1


@given(n=st.integers(2, 100_000), share=st.floats(0.001, 0.999))
def test_agrees_with_scipys_exact_interval(n, share):
    k = min(max(1, round(n * share)), n - 1)
    theirs = scipy.stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    ours = interval(k, n)
    assert (ours.lower, ours.upper) == pytest.approx((theirs.low, theirs.high), rel=1e-6)


@given(k=st.integers(0, 50), n=st.integers(51, 100_000), p=st.floats(1e-5, 0.9))
def test_bounds_and_tails_are_one_statement(k, n, p):
    if abs(upper_bound(k, n) - p) > 1e-9:
        assert (upper_bound(k, n) <= p) == (chance_of_at_most(k, n, p) <= 0.05)
    if abs(lower_bound(k, n) - p) > 1e-9:
        assert (lower_bound(k, n) >= p) == (chance_of_at_least(k, n, p) <= 0.05)
