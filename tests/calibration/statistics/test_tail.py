import numpy as np
import pytest
import scipy

from calibration.counting.histogram import Histogram
from calibration.statistics import tail
from calibration.statistics.tail import Extrapolation
from verikit.contract import load_contract

RATES = load_contract().error_rates


def exact(n: int, seed: int, generosity: float = 0.0) -> Histogram:
    """Scores that follow the documented table."""
    u = np.random.default_rng(seed).random(n)
    histogram = Histogram(thresholds=RATES.thresholds)
    histogram.add(np.clip(0.3 - np.log10(u) / 10 + generosity, 0, 1))
    return histogram


def test_finds_the_exponential_tail_of_the_documented_table():
    fitted = tail.fit(exact(1_000_000, 1))
    assert fitted.shape == pytest.approx(0, abs=0.1)
    assert fitted.scale == pytest.approx(0.1 / np.log(10), rel=0.1)
    assert fitted.rate == pytest.approx(1e-3, rel=0.01)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    inside = 0
    for seed in range(60):
        bounds = tail.fit(exact(300_000, seed)).interval_at(0.8)
        inside += bounds.lower <= 1e-5 <= bounds.upper
    assert inside >= 51


@pytest.mark.parametrize(
    ("generosity", "threshold", "label"),
    [
        (0.0, 0.8, Extrapolation.CONSISTENT),
        (0.08, 0.8, Extrapolation.INCONSISTENT),
        (0.0, 0.5, Extrapolation.UNSUPPORTED),
    ],
)
def test_labels(generosity, threshold, label):
    fitted = tail.fit(exact(1_000_000, 3, generosity))
    assert tail.extrapolate(fitted, threshold, RATES.rate_at(threshold)) == label


@pytest.mark.parametrize(("claimed", "is_supported"), [(1e-3, True), (0.999e-3, False)])
def test_goes_no_further_than_three_decades(claimed, is_supported):
    fitted = tail.Tail(start=0.5, rate=1.0, exceedances=300, shape=0.0, scale=0.1)
    label = tail.extrapolate(fitted, 0.95, claimed)
    assert (label != Extrapolation.UNSUPPORTED) is is_supported


def test_too_few_scores_make_no_fit():
    assert tail.fit(exact(50_000, 5)) is None
    assert tail.fit(exact(200_000, 5), design_effect=4.0) is None
    assert tail.extrapolate(None, 0.8, 1e-5) == Extrapolation.UNSUPPORTED


def test_dependence_widens_the_interval():
    scores = exact(1_000_000, 6)
    alone, shared = tail.fit(scores).interval_at(0.8), tail.fit(scores, 4.0).interval_at(0.8)
    assert shared.lower < alone.lower < alone.upper < shared.upper


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "scores",
    [
        lambda rng: rng.normal(0.2, 0.08, 150_000),
        lambda rng: rng.beta(2, 12, 150_000),
        lambda rng: rng.triangular(0, 0.2, 0.6, 150_000),
        lambda rng: np.append(rng.normal(0.2, 0.05, 150_000), np.full(120, 0.95)),
        lambda rng: rng.normal(0.2, 0.08, 150_000).round(2),
        lambda rng: rng.uniform(0, 0.8, 150_000),
    ],
    ids=["normal", "beta", "triangular", "spike", "rounded", "uniform"],
)
def test_any_shape_of_scores_gets_an_interval_or_no_fit(scores, seed):
    histogram = Histogram(thresholds=RATES.thresholds)
    histogram.add(np.clip(scores(np.random.default_rng(seed)), 0, 1))
    fitted = tail.fit(histogram)
    for threshold in np.linspace(fitted.start, 1, 40) if fitted else ():
        bounds = fitted.interval_at(threshold)
        assert 0 <= bounds.lower <= fitted.rate_at(threshold) <= bounds.upper <= 1
    for threshold, claimed in RATES.rows:
        assert tail.extrapolate(fitted, threshold, claimed) in Extrapolation


def test_a_fit_that_ends_below_a_threshold_says_nothing_there():
    """Its rate there is 0 and its interval everything: that is consistent with any claim."""
    fitted = tail.Tail(start=0.6, rate=1e-3, exceedances=300, shape=-0.4, scale=0.04)
    assert fitted.rate_at(0.8) == 0
    assert tail.extrapolate(fitted, 0.8, 1e-5) == tail.Extrapolation.UNSUPPORTED


@pytest.mark.parametrize("shape", [-0.4, -0.1, 0.0, 0.2, 0.6])
def test_the_fit_is_the_most_likely_one(shape):
    genpareto = scipy.stats.genpareto
    excesses = genpareto.rvs(shape, scale=0.05, size=5_000, random_state=np.random.default_rng(8))
    found, scale = tail.fit_pareto(excesses)
    theirs, _, their_scale = genpareto.fit(excesses, floc=0)
    ours, other = (
        genpareto.logpdf(excesses, *each).sum()
        for each in ((found, 0, scale), (theirs, 0, their_scale))
    )
    assert ours >= other - 1e-3
    fitted = tail.Tail(start=0.5, rate=1.0, exceedances=5_000, shape=found, scale=scale)
    assert fitted.rate_at(0.54) == pytest.approx(genpareto.sf(0.04, found, scale=scale), rel=1e-9)
