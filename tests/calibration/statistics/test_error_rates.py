import numpy as np
import pytest

from calibration.counting.histogram import Histogram
from calibration.statistics.det import crossing, det, overlap, thresholds_for
from calibration.statistics.intervals import measured

THRESHOLDS = (0.4, 0.7)


def histograms(non_mated: np.ndarray, mated: np.ndarray) -> tuple[Histogram, Histogram]:
    both = Histogram(thresholds=THRESHOLDS), Histogram(thresholds=THRESHOLDS)
    for histogram, scores in zip(both, (non_mated, mated), strict=True):
        histogram.add(scores)
    return both


@pytest.fixture
def scores():
    rng = np.random.default_rng(2)
    return np.round(rng.beta(2, 6, 4000), 3), np.round(rng.beta(6, 2, 900), 3)


def test_det_is_scikit_learns_on_scores_it_does_not_merge(scores):
    from sklearn.metrics import det_curve  # noqa: PLC0415 - slow to import

    curve = det(*histograms(*scores))
    truth = np.repeat([0, 1], [scores[0].size, scores[1].size])
    fmr, fnmr, thresholds = det_curve(truth, np.concatenate(scores))
    places = np.searchsorted(curve.thresholds, thresholds - 1e-9)
    assert curve.fmr[places] == pytest.approx(fmr)
    assert curve.fnmr[places] == pytest.approx(fnmr)


def test_equal_error_rate_lies_where_the_curves_cross(scores):
    curve = det(*histograms(*scores))
    place = crossing(curve)
    at = np.unique(np.concatenate(scores))
    gaps = [abs((scores[0] >= t).mean() - (scores[1] < t).mean()) for t in at]
    best = at[int(np.argmin(gaps))]
    assert (curve.fmr[place] + curve.fnmr[place]) / 2 == pytest.approx(
        ((scores[0] >= best).mean() + (scores[1] < best).mean()) / 2, abs=1e-3
    )


@pytest.mark.parametrize(
    ("mated", "both_err"), [([0.3, 0.9], True), ([0.6, 0.9], False), ([], False)]
)
def test_kinds_overlap_where_both_err_at_some_threshold(mated, both_err):
    assert overlap(*histograms(np.array([0.1, 0.5]), np.array(mated))) is both_err


def test_threshold_for_a_rate_brings_it_just_below(scores):
    non_mated, _ = histograms(*scores)
    threshold, beyond = thresholds_for(non_mated, [0.01, 1e-4])
    assert (scores[0] >= threshold).mean() <= 0.01 < (scores[0] >= threshold - 1.1e-3).mean()
    assert beyond is None


def test_dependence_widens_and_the_complement_turns_round():
    alone, shared = measured(30, 1000), measured(30, 1000, 4.0)
    assert shared.interval.lower < alone.interval.lower < 0.03 < alone.interval.upper
    assert alone.interval.upper < shared.interval.upper
    assert alone.complement.interval.lower == pytest.approx(1 - alone.interval.upper)
    assert np.isnan(measured(0, 0).rate)
