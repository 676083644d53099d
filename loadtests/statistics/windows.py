"""What was seen, counted in one window for each short stretch of time.

Windows add up over time and over workers. Latencies are counted in the buckets of an HDR histogram
with two significant digits from 1 microsecond to a minute: at 1 ms and above a bucket is less than
1 % wide (Gil Tene, HdrHistogram). Locust itself rounds to two digits only from 100 ms on, by up
to 5 %, which a latency gate cannot use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hdrh.histogram import HdrHistogram

CEILING_SECONDS = 60
_MOST = 1e15
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


@dataclass
class Window:
    """The requests that arrived within one stretch of time.

    ``latencies`` counts by bucket, ``answers`` by HTTP status and system code, ``failures`` by
    reason. ``finished`` counts the correct answers that came in this stretch, whenever their
    request began; ``lag`` is the worst delay, in seconds, that the generator itself caused.
    """

    latencies: Counter[int] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    arrived: int = 0
    dropped: int = 0
    finished: int = 0
    lag: float = 0.0

    @property
    def requests(self) -> int:
        """Requests made: arrivals less those dropped or still under way."""
        return self.answers.total()

    def add(self, other: Window) -> None:
        """Take the counts of another window in."""
        self.latencies.update(other.latencies)
        self.answers.update(other.answers)
        self.failures.update(other.failures)
        self.arrived += other.arrived
        self.dropped += other.dropped
        self.finished += other.finished
        self.lag = max(self.lag, other.lag)

    def plain(self) -> dict[str, Any]:
        """As plain values, for a message or a report."""
        return {
            **vars(self),
            "latencies": sorted(self.latencies.items()),
            "answers": dict(self.answers),
            "failures": dict(self.failures),
        }

    @classmethod
    def from_plain(cls, entry: Mapping[str, Any]) -> Window:
        """Undo :meth:`plain`, also after JSON or msgpack.

        Raises:
            ValueError, TypeError, KeyError: the entry is no window.
        """
        return cls(
            **{name: _number(value) for name, value in entry.items() if name not in _COUNTERS},
            latencies=_latencies(entry["latencies"]),
            answers=_counter(entry["answers"]),
            failures=_counter(entry["failures"]),
        )


_COUNTERS = ("latencies", "answers", "failures")


def _counter(entry: Mapping[str, Any]) -> Counter[str]:
    return Counter({str(name): _count(times) for name, times in entry.items()})


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        raise ValueError("a count is not a number")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or _number(value) < 0:
        raise ValueError("a count is not a whole number")
    return value


def _latencies(entries: Iterable[tuple[Any, Any]]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for microseconds, times in entries:
        if _count(microseconds) > _CEILING:
            raise ValueError(f"a latency is above {CEILING_SECONDS} seconds")
        counts[_bucket(microseconds)] += _count(times)
    return counts


def total(windows: Iterable[Window]) -> Window:
    """The sum of windows."""
    whole = Window()
    for window in windows:
        whole.add(window)
    return whole
