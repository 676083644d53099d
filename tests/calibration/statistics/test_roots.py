import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from calibration.statistics.roots import root


@given(zero=st.floats(-30, -1e-6), power=st.sampled_from([1, 3, 5]), steep=st.floats(0.01, 1e4))
def test_finds_the_change_of_sign(zero, power, steep):
    def of(x):
        return steep * (x - zero) ** power + math.expm1((x - zero) / 10)

    found = root(of, -35.0, 0.0)
    assert found == pytest.approx(brentq(of, -35.0, 0.0, xtol=1e-12), abs=1e-6)


def test_one_sign_is_refused_and_an_end_may_be_the_root():
    with pytest.raises(ValueError, match="one sign"):
        root(lambda x: x * x + 1, 0.0, 1.0)
    assert root(lambda x: x - 1, 0.0, 1.0) == 1.0


@pytest.mark.parametrize("sign", [-1, 1])
def test_values_may_be_small_at_both_ends(sign):
    assert root(lambda x: sign * (x - 0.25) / 8, 0.0, 1.0) == pytest.approx(0.25)
