import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.control.plan import KneeSearch


def search(capacity: float, start: float) -> tuple[KneeSearch, list[float]]:
    found, tried = KneeSearch(start, growth=1.25, precision=0.05), []
    while (rate := found.next_rate()) is not None:
        tried.append(rate)
        found.judged(rate, kept=rate <= capacity)
    return found, tried


@given(st.floats(1, 1000), st.floats(0.5, 2))
def test_the_knee_is_found_within_precision(capacity: float, guess: float) -> None:
    found, tried = search(capacity, capacity * guess)
    assert found.knee is not None
    assert capacity / 1.05 <= found.knee <= capacity
    assert len(tried) <= 12


def test_a_server_that_keeps_no_rate_has_no_knee() -> None:
    found, tried = search(0, 10)
    assert found.knee is None
    assert len(tried) <= 24


def test_a_lucky_step_above_a_broken_one_is_no_knee() -> None:
    found = KneeSearch(10, growth=2, precision=0.05)
    found.judged(10, kept=True)
    found.judged(40, kept=True)
    found.judged(20, kept=False)
    assert found.knee == pytest.approx(10)
