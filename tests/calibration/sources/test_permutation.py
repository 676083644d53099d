import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.sources.pairs.permutation import Permutation


@given(size=st.integers(1, 2000), seed=st.integers(0, 2**32))
def test_every_number_comes_once(size, seed):
    order = Permutation(size, seed)
    assert sorted(order[place] for place in range(size)) == list(range(size))


def test_seeds_and_names_give_other_orders():
    orders = {
        tuple(Permutation(1000, seed, name)[p] for p in range(20))
        for seed in range(3)
        for name in "ab"
    }
    assert len(orders) == 6


def test_beginnings_of_a_huge_order_are_spread_evenly():
    size = 87_000_000
    order = Permutation(size, 1)
    tenths = [0] * 10
    for place in range(5000):
        tenths[order[place] * 10 // size] += 1
    assert min(tenths) > 400
    assert max(tenths) < 600


def test_outside_there_is_nothing():
    with pytest.raises(IndexError):
        Permutation(5, 1)[5]
