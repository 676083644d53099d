import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verikit.client import ErrorRate, Verification, threshold_for
from verikit.contract import load_contract

RATES = load_contract().error_rates
ROWS = [ErrorRate(*row) for row in RATES.rows]


def scored(score: float) -> Verification:
    return Verification(score=score, code=1000, request_id="r")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_score_at_a_threshold_matches_at_its_rate(row: ErrorRate) -> None:
    assert threshold_for(row.rate) == row.threshold
    assert scored(row.threshold).matches(at_rate=row.rate)
    assert not scored(math.nextafter(row.threshold, 0)).matches(at_rate=row.rate)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_row_is_the_highest_one_reached(row: ErrorRate) -> None:
    assert scored(row.threshold).row == row
    assert scored(math.nextafter(row.threshold, 1)).row == row


def test_a_score_below_the_table_is_in_no_row() -> None:
    assert scored(math.nextafter(ROWS[0].threshold, 0)).row is None


def test_the_recommended_threshold_decides_unless_told_otherwise() -> None:
    assert scored(RATES.recommended_above).matches()
    assert not scored(math.nextafter(RATES.recommended_above, 0)).matches()


@given(st.floats(ROWS[-1].rate, ROWS[0].rate))
def test_between_rows_the_claimed_rate_is_the_one_asked_for(rate: float) -> None:
    assert RATES.rate_at(threshold_for(rate)) == pytest.approx(rate)


@pytest.mark.parametrize(
    "rate", [0, -1, 1, math.nan, math.nextafter(ROWS[0].rate, 1), math.nextafter(ROWS[-1].rate, 0)]
)
def test_outside_the_table_nothing_is_promised(rate: float) -> None:
    with pytest.raises(ValueError, match="from 1/10 to 1/1,000,000"):
        scored(1).matches(at_rate=rate)
