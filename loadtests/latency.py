"""Latencies in the buckets of an HDR histogram, kept as counts so that they add up anywhere.

Two significant digits from 1 microsecond to a minute: at 1 ms and above a bucket is less than
1 % wide (Gil Tene, HdrHistogram). Locust itself rounds to two digits only from 100 ms on, by up
to 5 %, which a latency gate cannot use.
"""

from __future__ import annotations

from collections import Counter

from hdrh.histogram import HdrHistogram

CEILING_SECONDS = 60
QUANTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p99.9": 99.9, "max": 100.0}
_MICROSECONDS = 1_000_000
_CEILING = CEILING_SECONDS * _MICROSECONDS


def _histogram() -> HdrHistogram:
    return HdrHistogram(1, _CEILING, 2)


_bucket = _histogram().get_lowest_equivalent_value


def bucket(seconds: float) -> int:
    """The bucket of a latency, as its lowest value in microseconds; a minute is the ceiling."""
    found: int = _bucket(min(max(int(seconds * _MICROSECONDS), 0), _CEILING))
    return found


def quantiles_ms(counts: Counter[int]) -> dict[str, float]:
    """The :data:`QUANTILES` in milliseconds, each the upper end of its bucket; {} for none."""
    if not counts:
        return {}
    histogram = _histogram()
    for value, count in counts.items():
        histogram.record_value(value, count)
    found = histogram.get_percentile_to_value_dict(list(QUANTILES.values()))
    return {name: found[percentile] / 1000 for name, percentile in QUANTILES.items()}
