import pytest

from loadtests.statistics.gates import LIMITS, judge_gates
from loadtests.statistics.measures import Measures

SEEN = Measures(
    seconds=10,
    arrived=110,
    requests=100,
    failed=5,
    dropped=10,
    offered=11,
    rate=9.5,
    latency_ms={"p50": 20.0, "p95": 50.0, "p99": 90.0},
    answers={},
    failures={},
    lag_ms=0,
    memory=(30.0, 10.0, 50.0),
)
ON_THE_LINE = {
    "p50_ms": 20.0,
    "p95_ms": 50.0,
    "p99_ms": 90.0,
    "error_share": 0.05,
    "dropped_share": 10 / 110,
    "min_rate": 9.5,
    "rate_share": 9.5 / 11,
    "memory_slope": 10.0,
}


def test_every_gate_is_tried_here() -> None:
    assert set(ON_THE_LINE) == set(LIMITS)


@pytest.mark.parametrize("name", LIMITS)
def test_a_gate_is_kept_on_its_limit_and_broken_beyond(name: str) -> None:
    limit = ON_THE_LINE[name]
    beyond = limit * (0.99 if LIMITS[name].at_most else 1.01)
    assert judge_gates({name: limit}, SEEN)[0].kept
    assert not judge_gates({name: beyond}, SEEN)[0].kept


def test_what_was_not_measured_is_not_kept() -> None:
    nothing = Measures(
        seconds=0, arrived=0, requests=0, failed=0, dropped=0, offered=0, rate=0, latency_ms={},
        answers={}, failures={}, lag_ms=0,
    )  # fmt: skip
    judged = judge_gates({"p95_ms": 1e9, "memory_slope": 1e9, "rate_share": 0}, nothing)
    assert [(each.value, each.kept) for each in judged] == [(None, False)] * 3


def test_before_the_end_only_what_cannot_recover_is_judged() -> None:
    gates = {"min_rate": 100.0, "p95_ms": 1.0, "memory_slope": 0.0, "rate_share": 1.0}
    assert [each.gate for each in judge_gates(gates, SEEN, early=True)] == ["p95_ms"]
