"""Each statistic beside an independent implementation of it."""

import math
from unittest.mock import patch

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from calibration.counting.histogram import Histogram
from calibration.statistics import det, tail
from calibration.statistics.dependence import Shares
from calibration.statistics.intervals import (
    chance_of_at_least,
    chance_of_at_most,
    interval,
    lower_bound,
    measured,
    upper_bound,
)
from calibration.statistics.planning import to_fail, to_pass, without_errors
from calibration.statistics.sequential import log_martingale
from calibration.statistics.verdicts import holm
from tests.support.effects import design_effects
from verikit.contract import load_contract

RATES = load_contract().error_rates


@given(n=st.integers(1, 1_000_000), share=st.floats(0, 1), alpha=st.floats(0.001, 0.2))
def test_intervals_are_statsmodels_exact_ones(n: int, share: float, alpha: float) -> None:
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - slow to import

    k = round(share * n)
    low, high = proportion_confint(k, n, 2 * alpha, method="beta")
    assert lower_bound(k, n, alpha) == pytest.approx(low, rel=1e-9, abs=1e-15)
    assert upper_bound(k, n, alpha) == pytest.approx(high, rel=1e-9, abs=1e-15)
    if 0 < k < n:
        both = interval(k, n, 2 * alpha)
        assert (both.lower, both.upper) == pytest.approx((low, high), rel=1e-9)


@given(n=st.integers(1, 1_000_000), share=st.floats(0, 1))
def test_the_complement_is_the_rate_of_what_did_not_happen(n: int, share: float) -> None:
    k = round(share * n)
    found, expected = measured(k, n).complement, measured(n - k, n)
    assert found.rate == pytest.approx(expected.rate)
    assert found.interval.lower == pytest.approx(expected.interval.lower, abs=1e-9)
    assert found.interval.upper == pytest.approx(expected.interval.upper, abs=1e-9)


@given(n=st.integers(1, 100_000), share=st.floats(0, 1), p=st.floats(1e-6, 0.999))
def test_chances_are_scipys_binomial_tails(n: int, share: float, p: float) -> None:
    k = round(share * n)
    binom = scipy.stats.binom
    assert chance_of_at_most(k, n, p) == pytest.approx(binom.cdf(k, n, p), rel=1e-6, abs=1e-100)
    assert chance_of_at_least(k, n, p) == pytest.approx(binom.sf(k - 1, n, p), rel=1e-6, abs=1e-100)


@given(chances=st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(chances: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests  # noqa: PLC0415 - slow to import

    with patch("gc.collect"):  # which statsmodels does in each call
        _, expected, *_ = multipletests(chances, method="holm")
    assert holm(chances) == pytest.approx(expected)


@pytest.mark.parametrize(("k", "n"), [(0, 2_000), (3, 5_000), (40, 9_000)])
@pytest.mark.parametrize("rate", [5e-4, 2e-3])
def test_the_martingale_is_the_mixture_integrated_numerically(k: int, n: int, rate: float) -> None:
    """Over all rates p, weighted by the beta distribution with a = 1/2 and b = 1/2 / claimed."""
    claimed = 1e-3
    a, b = 0.5, 0.5 / claimed
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    def integrand(root: float) -> float:
        p = root * root  # takes the pole of p ** (a - 1) away
        evidence = k * math.log(p / rate) + (n - k) * (math.log1p(-p) - math.log1p(-rate))
        return 2 * math.exp(evidence + (b - 1) * math.log1p(-p) - log_beta)

    peak = math.sqrt((k + 0.5) / n)
    found, _ = scipy.integrate.quad(integrand, 1e-12, 0.5, limit=500, points=[peak])
    assert log_martingale(k, n, rate, claimed) == pytest.approx(math.log(found), rel=1e-6)


def test_curves_are_those_of_scikit_learn() -> None:
    """Bins have the contract's thresholds among their edges, so scores stand on edges here."""
    from sklearn.metrics import det_curve  # noqa: PLC0415 - slow to import

    rng = np.random.default_rng(7)
    non_mated, mated = (
        Histogram(thresholds=RATES.thresholds),
        Histogram(thresholds=RATES.thresholds),
    )
    edges = non_mated.edges
    scores = [
        edges[np.clip(rng.normal(centre, 0.08, 4_000) * len(edges), 0, len(edges) - 2).astype(int)]
        for centre in (0.3, 0.5)
    ]
    non_mated.add(scores[0])
    mated.add(scores[1])
    labels = np.repeat([0, 1], 4_000)
    fmr, fnmr, thresholds = det_curve(labels, np.concatenate(scores))
    curve = det.det(non_mated, mated)
    places = np.searchsorted(curve.thresholds, thresholds)
    assert curve.thresholds[places] == pytest.approx(thresholds)
    assert curve.fmr[places] == pytest.approx(fmr)
    assert curve.fnmr[places] == pytest.approx(fnmr)
    nearest = np.argmin(np.abs(fmr - fnmr))
    place = det.crossing(curve)
    found = (curve.fmr[place] + curve.fnmr[place]) / 2
    assert found == pytest.approx((fmr[nearest] + fnmr[nearest]) / 2, abs=2 / 4_000)


@pytest.mark.parametrize("seed", range(5))
def test_the_design_effect_is_a_variance_clustered_by_person(seed: int) -> None:
    """Mated comparisons: statsmodels' sandwich of groups over the variance of independence."""
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415 - slow to import

    rng = np.random.default_rng(seed)
    tried = rng.integers(1, 30, 300)
    chance = rng.beta(0.5, 5, 300)
    people = np.repeat(np.arange(300), tried)
    events = rng.random(len(people)) < chance[people]
    fitted = OLS(events.astype(float), np.ones(len(people))).fit()
    clustered = fitted.get_robustcov_results(
        "cluster", groups=people, use_correction=False, df_correction=False
    ).cov_params()[0, 0]
    p = events.mean()
    expected = clustered / (p * (1 - p) / len(people))
    counted = np.bincount(people, events, 300).astype(np.int64)
    shares = Shares(tried=tried, events=counted[None, :], per_comparison=1)
    assert design_effects(shares) == [pytest.approx(max(1.0, expected))]


@pytest.mark.parametrize("seed", range(3))
def test_the_tail_is_as_likely_as_any_other_fit(seed: int) -> None:
    """On a grid around it, no generalized Pareto distribution is more likely."""
    u = np.random.default_rng(seed).random(400_000)
    scores = Histogram(thresholds=RATES.thresholds)
    scores.add(np.clip(0.3 - np.log10(u) / 10, 0, 1))
    fitted = tail.fit(scores)
    assert fitted is not None
    first = int(np.argmax(scores.edges >= fitted.start))
    middles = (scores.edges[first:-1] + scores.edges[first + 1 :]) / 2 - fitted.start

    def likelihood(shape: float, scale: float) -> float:
        logs = scipy.stats.genpareto.logpdf(middles, shape, scale=scale)
        return float(logs @ scores.bins[first:])

    best = likelihood(fitted.shape, fitted.scale)
    around = [
        likelihood(fitted.shape + up, fitted.scale * wider)
        for up in (-0.05, 0, 0.05)
        for wider in (0.95, 1, 1.05)
        if (up, wider) != (0, 1)
    ]
    assert best >= max(around)


@pytest.mark.parametrize("rate", [1e-2, 1e-3])
def test_plans_hold_by_scipys_binomial(rate: float) -> None:
    """Enough comparisons, and one fewer would not do."""
    alpha, binom = 0.05, scipy.stats.binom
    n = without_errors(rate)
    assert binom.cdf(0, n, rate) <= alpha < binom.cdf(0, n - 1, rate)
    n = to_pass(rate, 2.0, power=0.8)
    allowed = max(k for k in range(200) if binom.cdf(k, n, 2 * rate) <= alpha)
    assert binom.cdf(allowed, n, rate) >= 0.8
    n = to_fail(rate, 2.0, power=0.8)
    needed = min(k for k in range(400) if binom.sf(k - 1, n, rate) <= alpha)
    assert binom.sf(needed - 1, n, 2 * rate) >= 0.8
