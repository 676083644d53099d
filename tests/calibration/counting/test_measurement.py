import numpy as np
import pytest

from calibration.counting.comparisons import Block, Measurement
from calibration.counting.histogram import FULL, Rounding, Trace
from calibration.counting.notable import Extremes

NO_FACE = 4000


def block(*rows: tuple[int, int, bool, float | None, int]) -> Block:
    first, second, mated, scores, codes = zip(*rows, strict=True)
    return Block(
        first=np.array(first),
        second=np.array(second),
        mated=np.array(mated),
        scores=np.array([np.nan if s is None else s for s in scores]),
        codes=np.array(codes),
    )


def measured(*rows: tuple[int, int, bool, float | None, int]) -> Measurement:
    measurement = Measurement((0.4, 0.7), NO_FACE)
    measurement.identities.add(["a/0", "a/1", "b/0", "c/0"])
    measurement.add(block(*rows))
    return measurement


def test_refused_comparisons_fail_and_unanswered_ones_are_in_no_rate():
    found = measured(
        (0, 1, True, 0.9, 0),
        (0, 2, False, 0.5, 0),
        (1, 2, False, None, NO_FACE),
        (1, 3, False, None, 0),
        (2, 3, False, None, 2003),
    )
    assert (found.mated.histogram.n, found.mated.failed) == (1, 0)
    assert (found.non_mated.histogram.n, found.non_mated.failed) == (1, 2)
    assert found.non_mated.attempted == 3
    assert found.not_measured == 1
    assert dict(found.codes) == {NO_FACE: 1, 2003: 1}
    assert found.non_mated.events.tolist() == [1, 0]
    assert found.mated.events.tolist() == [0, 0]


def test_a_photo_against_itself_is_no_comparison():
    found = measured((0, 0, True, 1.0, 0), (3, 3, True, None, NO_FACE))
    assert found.mated.attempted == found.non_mated.attempted == 0
    assert not found.codes
    assert found.acquirer.result().failed.tolist() == [3]


@pytest.mark.parametrize("highest", [True, False])
def test_extremes_are_those_of_all_scores_in_blocks(highest):
    scores = np.random.default_rng(1).random(5000)
    extremes = Extremes(20, highest=highest)
    for places in np.array_split(np.arange(5000), 13):
        extremes.add(places, places + 1, scores[places])
    order = np.argsort(-scores if highest else scores)[:20]
    assert [first for first, _, _ in extremes.listed()] == order.tolist()
    assert [score for _, _, score in extremes.listed()] == scores[order].tolist()


def test_a_trace_tells_the_counts_at_its_moments_however_the_scores_come():
    scores = np.random.default_rng(2).random(3000)
    whole, parts = Trace((0.4, 0.7)), Trace((0.4, 0.7))
    whole.add(scores)
    for part in np.array_split(scores, 7):
        parts.add(part)
    assert [(n, k.tolist()) for n, k in whole.moments] == [
        (n, k.tolist()) for n, k in parts.moments
    ]
    assert len(whole.moments) > 40
    for n, k in whole.moments:
        assert k.tolist() == [int((scores[:n] >= t).sum()) for t in (0.4, 0.7)]


@pytest.mark.parametrize("decimals", [0, 2, 5])
def test_rounding_is_noticed(decimals):
    rounding = Rounding()
    rounding.add(np.round(np.random.default_rng(3).random(500), decimals))
    assert rounding.decimals == decimals


def test_scores_that_are_not_rounded_are_not():
    rounding = Rounding()
    rounding.add(np.random.default_rng(4).random(500))
    assert rounding.decimals == FULL
