import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from calibration.counting.histogram import BLOCK, Histogram

THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def counted(scores: np.ndarray) -> Histogram:
    histogram = Histogram(thresholds=THRESHOLDS)
    histogram.add(scores)
    return histogram


@given(arrays(np.float64, st.integers(0, 300), elements=st.floats(0, 1)))
def test_counts_exactly_at_the_thresholds(scores):
    histogram = counted(scores)
    assert histogram.n == scores.size
    assert histogram.matches.tolist() == [int((scores >= t).sum()) for t in THRESHOLDS]
    assert histogram.above.tolist() == [int((scores > t).sum()) for t in THRESHOLDS]


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_score_on_a_threshold_is_a_match(kind):
    histogram = counted(np.array(THRESHOLDS, kind))
    assert histogram.matches.tolist() == [6, 5, 4, 3, 2, 1]
    assert histogram.above.tolist() == [5, 4, 3, 2, 1, 0]


def test_blocks_make_no_difference():
    scores = np.random.default_rng(1).random(2 * BLOCK + 17)
    whole, parts = counted(scores), Histogram(thresholds=THRESHOLDS)
    for part in np.array_split(scores, 7):
        parts.add(part)
    assert (whole.bins == parts.bins).all()
    assert (whole.matches == parts.matches).all()


@pytest.mark.parametrize("wrong", [-0.1, 1.0001, np.nan, np.inf])
def test_refuses_what_is_no_score(wrong):
    with pytest.raises(ValueError, match="outside 0 to 1"):
        counted(np.array([0.5, wrong]))
