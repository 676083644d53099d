"""Gates: the limits of a profile, which decide the exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loadtests.statistics.measures import Measures


@dataclass(frozen=True)
class Limit:
    """What a gate reads and which side of the limit is good.

    ``early``: whether it can be judged before the end, to abort a test that is lost already.
    """

    read: Callable[[Measures], float | None]
    about: str
    at_most: bool = True
    early: bool = True

    def keeps(self, value: float | None, limit: float) -> bool:
        """Whether a value is within the limit; what was not measured is not kept."""
        if value is None:
            return False
        return value <= limit if self.at_most else value >= limit


def _latency(name: str) -> Callable[[Measures], float | None]:
    return lambda measures: measures.latency_ms.get(name)


LIMITS: dict[str, Limit] = {
    "p50_ms": Limit(_latency("p50"), "median latency, ms"),
    "p95_ms": Limit(_latency("p95"), "95th percentile of latency, ms"),
    "p99_ms": Limit(_latency("p99"), "99th percentile of latency, ms"),
    "error_share": Limit(lambda seen: seen.error_share, "share of wrong or missing responses"),
    "dropped_share": Limit(lambda seen: seen.dropped_share, "share of arrivals dropped"),
    "min_rate": Limit(
        lambda seen: seen.rate, "correct responses a second", at_most=False, early=False
    ),
    "rate_share": Limit(
        lambda seen: seen.rate / seen.offered if seen.offered else None,
        "correct responses for each arrival",
        at_most=False,
        early=False,
    ),
    "memory_slope": Limit(
        lambda seen: seen.memory[1] if seen.memory else None,
        "growth of the server's memory, MiB an hour, lower end of its interval",
        early=False,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One gate, what was measured for it, and whether it was kept."""

    gate: str
    about: str
    limit: float
    value: float | None
    kept: bool


def judge_gates(
    gates: Mapping[str, float], seen: Measures, *, early: bool = False
) -> list[Judgement]:
    """Judge the gates of a profile; ``early``: only those that can be judged before the end."""
    return [
        Judgement(
            gate=name,
            about=LIMITS[name].about,
            limit=limit,
            value=LIMITS[name].read(seen),
            kept=LIMITS[name].keeps(LIMITS[name].read(seen), limit),
        )
        for name, limit in gates.items()
        if LIMITS[name].early or not early
    ]
