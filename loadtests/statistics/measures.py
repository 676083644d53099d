"""The measurements of a period of load, for gates and reports."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from loadtests.statistics.windows import Window, quantiles_ms

MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Counts, rates a second, shares of 1, latencies in ms from the moment a request was due.

    ``rate`` counts correct answers only. ``memory`` is the growth of the server's RSS in MiB an
    hour with its 95 % interval (slope, low, high), where it was sampled.
    """

    seconds: float
    arrived: int
    requests: int
    failed: int
    dropped: int
    offered: float
    rate: float
    latency_ms: dict[str, float]
    answers: dict[str, int]
    failures: dict[str, int]
    lag_ms: float
    memory: tuple[float, float, float] | None = None

    @property
    def error_share(self) -> float:
        """Wrong or missing answers among the requests made."""
        return self.failed / self.requests if self.requests else 0.0

    @property
    def dropped_share(self) -> float:
        """Arrivals that found no free connection in time, among all arrivals."""
        return self.dropped / self.arrived if self.arrived else 0.0

    def plain(self) -> dict[str, Any]:
        """As plain values, for a report."""
        shares = {"error_share": self.error_share, "dropped_share": self.dropped_share}
        return {**dataclasses.asdict(self), **shares}


def measure(
    window: Window, seconds: float, memory: tuple[float, float, float] | None = None
) -> Measures:
    """The measures of a sum of windows that took ``seconds``."""
    return Measures(
        seconds=seconds,
        arrived=window.arrived,
        requests=window.requests,
        failed=window.failures.total(),
        dropped=window.dropped,
        offered=window.arrived / seconds if seconds else 0.0,
        rate=window.finished / seconds if seconds else 0.0,
        latency_ms=quantiles_ms(window.latencies),
        answers=dict(window.answers.most_common()),
        failures=dict(window.failures.most_common()),
        lag_ms=window.lag * 1000,
        memory=memory,
    )
