"""Clients are spread over the workers; benchmarks/clients/knee.py measures what that brings."""

from time import monotonic

import pytest

from reference_server.monitoring.metrics import Metrics
from reference_server.process.balancing import PATIENCE_SECONDS, ConnectionBalancer


@pytest.fixture
def metrics() -> Metrics:
    """Of two workers; this process is the one in row 1."""
    made = Metrics(500)
    for row in (0, 1):
        made.enter(row)
    return made


def hold(metrics: Metrics, row: int, requests: int) -> None:
    metrics.counters.use_row(row)
    metrics.change("held", requests)


@pytest.mark.parametrize(
    ("others", "own", "ahead"), [(0, 0, False), (1, 1, False), (2, 1, False), (0, 1, True)]
)
def test_a_worker_is_ahead_of_one_with_less(
    metrics: Metrics, others: int, own: int, ahead: bool
) -> None:
    hold(metrics, 0, others)
    hold(metrics, 1, own)
    assert ConnectionBalancer(metrics, 1).is_ahead is ahead
    assert ConnectionBalancer(metrics, 1).leaves_connection() is ahead


def test_the_only_worker_takes_every_connection() -> None:
    metrics = Metrics(500)
    metrics.enter(0)
    metrics.change("held", 5)
    assert not ConnectionBalancer(metrics, 0).leaves_connection()


def test_a_worker_that_has_ended_gets_nothing_left_to_it(metrics: Metrics) -> None:
    hold(metrics, 1, 3)
    metrics.leave(0)
    assert not ConnectionBalancer(metrics, 1).leaves_connection()


def test_nothing_is_left_for_long_to_a_worker_that_takes_nothing(
    metrics: Metrics,
) -> None:
    hold(metrics, 1, 1)
    ahead = ConnectionBalancer(metrics, 1)
    begun = monotonic()
    while ahead.leaves_connection():
        assert monotonic() - begun < 60, "it is left for ever to one that takes nothing"
    assert monotonic() - begun > PATIENCE_SECONDS
    assert ahead.leaves_connection(), "the next connection is again for the other one"
