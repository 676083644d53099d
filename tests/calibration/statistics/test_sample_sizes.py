import pytest

from calibration.statistics.planning import to_fail, to_pass, without_errors
from verikit.contract import load_contract

RATES = [rate for _, rate in load_contract().error_rates.rows]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (without_errors, [29, 299, 2_995, 29_956, 299_572, 2_995_731]),
        (lambda rate: to_fail(rate, 2), [109, 1_235, 12_375, 123_779, 1_237_812, 12_378_142]),
        (lambda rate: to_pass(rate, 2), [112, 1_271, 12_746, 127_492, 1_274_958, 12_749_611]),
    ],
    ids=["without errors", "detect twice the rate", "pass if exactly right"],
)
def test_comparisons_for_each_documented_row(count, expected):
    assert [count(rate) for rate in RATES] == expected


def test_a_wider_tolerance_needs_fewer():
    assert to_pass(1e-3, 10**0.5) < to_pass(1e-3, 2) < to_pass(1e-3, 1.5)
