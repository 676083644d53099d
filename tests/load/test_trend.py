from collections.abc import Callable

import numpy as np
import pytest

from loadtests.statistics.trend import fit_trend


def test_a_leak_is_found_and_measured() -> None:
    random = np.random.default_rng(1)
    times = np.arange(600.0)
    trend = fit_trend(times, 1e8 + 1000 * times + random.normal(0, 5000, 600))
    assert trend is not None
    assert trend.shown
    assert trend.low <= 1000 <= trend.high


Growth = Callable[[np.random.Generator], np.ndarray]
TIMES = np.arange(600.0)


def steps(up: int) -> Growth:
    """A server that takes so many times a mebibyte, and keeps it."""
    return lambda random: 2**20 * np.searchsorted(np.sort(random.uniform(0, 600, up)), TIMES)


def shown_in(growth: Growth) -> int:
    """In how many of 200 runs the memory is said to grow."""
    shown = 0
    for seed in range(200):
        memory = 7e8 + growth(np.random.default_rng(seed))
        trend = fit_trend(TIMES, memory)
        assert trend is not None
        shown += trend.low > 0
    return shown


@pytest.mark.parametrize(
    "growth", [steps(1), steps(2), lambda random: np.cumsum(random.normal(0, 1e5, 600))]
)
def test_a_step_or_two_and_mere_wandering_are_no_leak(growth: Growth) -> None:
    assert shown_in(growth) <= 10


def test_growth_again_and_again_is_a_leak() -> None:
    assert shown_in(steps(8)) >= 180
    assert shown_in(steps(20)) == 200


def test_noise_around_a_level_is_no_leak_in_about_95_of_100_cases() -> None:
    times = np.arange(600.0)
    shown = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        # Memory stays as it is for a while: each sample leans on the one before.
        noise = np.zeros(600)
        for at in range(1, 600):
            noise[at] = 0.8 * noise[at - 1] + random.normal(0, 1000)
        trend = fit_trend(times, 1e8 + noise)
        assert trend is not None
        shown += trend.shown
    assert shown <= 25


def test_a_constant_has_no_slope() -> None:
    trend = fit_trend([0.0, 1.0, 2.0, 3.0, 4.0], [5.0] * 5)
    assert trend is not None
    assert (trend.slope, trend.low, trend.high) == (0, 0, 0)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_samples_show_nothing(count: int) -> None:
    assert fit_trend(list(range(count)), [1.0] * count) is None
