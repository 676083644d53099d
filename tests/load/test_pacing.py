from __future__ import annotations

import time
from itertools import chain

import gevent
from hypothesis import given
from hypothesis import strategies as st

from loadtests.generator.answers import Recorder
from loadtests.generator.pacing import ClosedModel, OpenModel, arrivals
from loadtests.profile import Stage
from loadtests.statistics.windows import total

STAGES = st.lists(
    st.builds(Stage, rate=st.floats(0.5, 50), seconds=st.floats(0.5, 5)), min_size=1, max_size=4
)


@given(STAGES, st.integers(1, 5))
def test_workers_share_the_arrivals_evenly(stages: list[Stage], workers: int) -> None:
    shares = [list(arrivals(stages, workers, index)) for index in range(workers)]
    assert sorted(chain.from_iterable(shares)) == list(arrivals(stages))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(STAGES)
def test_arrivals_keep_the_rate_of_their_stage(stages: list[Stage]) -> None:
    due, start = list(arrivals(stages)), 0.0
    for stage in stages:
        within = [each for each in due if start <= each < start + stage.seconds - 1e-9]
        assert abs(len(within) - stage.seconds * stage.level) <= 1
        start += stage.seconds


def stopwatch() -> tuple[float, object]:
    start = time.perf_counter()
    return start, lambda: time.perf_counter() - start


def drive(pacing: OpenModel, clock: object, users: int, service: float) -> list[float]:
    """Users who take ``service`` seconds for each request; latencies since the due time."""
    latencies: list[float] = []

    def user() -> None:
        while (due := pacing.take()) is not None:
            gevent.sleep(service)
            latencies.append(clock() - due)  # type: ignore[operator]

    gevent.joinall([gevent.spawn(user) for _ in range(users)])
    return latencies


def test_a_slow_server_does_not_slow_the_arrivals_and_queueing_counts() -> None:
    _, clock = stopwatch()
    recorder = Recorder(1)
    pacing = OpenModel(clock, arrivals([Stage(rate=50, seconds=0.4)]), 5, recorder)
    latencies = drive(pacing, clock, users=1, service=0.05)
    assert total(recorder.windows.values()).arrived == 20
    assert len(latencies) == 20
    # One user can serve 20 a second of the 50 that arrive: the last one waited for the rest.
    assert max(latencies) > 0.5


def test_arrivals_that_nobody_takes_in_time_are_dropped_and_counted() -> None:
    _, clock = stopwatch()
    recorder = Recorder(1)
    pacing = OpenModel(clock, arrivals([Stage(rate=50, seconds=0.4)]), 0.1, recorder)
    latencies = drive(pacing, clock, users=1, service=0.1)
    whole = total(recorder.windows.values())
    assert whole.dropped > 0
    assert whole.arrived == 20 == len(latencies) + whole.dropped
    assert max(latencies) < 0.35


def test_a_low_rate_keeps_to_one_connection() -> None:
    _, clock = stopwatch()
    pacing = OpenModel(clock, arrivals([Stage(rate=50, seconds=0.3)]), 5, Recorder(1))
    served = [0, 0, 0, 0]

    def user(number: int) -> None:
        while pacing.take() is not None:
            served[number] += 1

    gevent.joinall([gevent.spawn(user, number) for number in range(4)])
    # A machine that falls behind may wake two users at once; by turns each would have four.
    assert sum(served) == 15
    assert max(served) >= 10


def test_closing_drops_what_waits_and_dismisses_who_waits() -> None:
    _, clock = stopwatch()
    recorder = Recorder(1)
    pacing = OpenModel(clock, arrivals([Stage(rate=100, seconds=10)]), 5, recorder)
    gevent.sleep(0.1)
    waiting = total(recorder.windows.values()).arrived
    pacing.close()
    assert waiting > 0
    assert total(recorder.windows.values()).dropped == waiting
    assert pacing.take() is None


def test_a_closed_pace_is_due_at_once_until_the_time_is_over() -> None:
    now = [1.5]
    recorder = Recorder(1)
    pacing = ClosedModel(lambda: now[0], 3, recorder)
    assert pacing.take() == 1.5
    now[0] = 3.0
    assert pacing.take() is None
    assert recorder.windows[1].arrived == 1
