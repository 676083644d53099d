from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from loadtests.statistics.windows import CEILING_SECONDS, QUANTILES, Window, bucket, quantiles_ms

SECONDS = st.floats(0.001, CEILING_SECONDS)


@given(SECONDS)
def test_one_latency_is_told_within_one_percent(seconds: float) -> None:
    for value in quantiles_ms(Counter({bucket(seconds): 1})).values():
        assert abs(value / 1000 - seconds) <= 0.01 * seconds


@given(st.lists(SECONDS, min_size=1, max_size=300))
def test_quantiles_are_those_of_the_sorted_list(latencies: list[float]) -> None:
    found = quantiles_ms(Counter(map(bucket, latencies)))
    ordered = sorted(latencies)
    for name, percentile in QUANTILES.items():
        rank = max(1, int(percentile / 100 * len(ordered) + 0.5))
        assert abs(found[name] / 1000 / ordered[rank - 1] - 1) <= 0.01


def test_beyond_a_minute_is_a_minute() -> None:
    assert bucket(1000) == bucket(CEILING_SECONDS)


def test_nothing_has_no_quantiles() -> None:
    assert quantiles_ms(Counter()) == {}


def test_latencies_of_finer_buckets_are_counted_in_ours() -> None:
    plain = Window().plain() | {"latencies": [[1000, 1], [1001, 2], [2000, 4]]}
    assert sorted(Window.from_plain(plain).latencies.values()) == [3, 4]
