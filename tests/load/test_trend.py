import numpy as np
import pytest

from loadtests.trend import fit_trend


def test_a_leak_is_found_and_measured() -> None:
    random = np.random.default_rng(1)
    times = np.arange(600.0)
    trend = fit_trend(times, 1e8 + 1000 * times + random.normal(0, 5000, 600))
    assert trend is not None
    assert trend.shown
    assert trend.low <= 1000 <= trend.high


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
    trend = fit_trend([0.0, 1.0, 2.0, 3.0], [5.0] * 4)
    assert trend is not None
    assert (trend.slope, trend.low, trend.high) == (0, 0, 0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_samples_show_nothing(count: int) -> None:
    assert fit_trend(list(range(count)), [1.0] * count) is None
