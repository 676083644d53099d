from __future__ import annotations

import heapq
import itertools
import math
from itertools import chain

import gevent
import numpy as np
import pytest
import scipy
from gevent.event import Event
from hypothesis import given
from hypothesis import strategies as st

from loadtests.generator.answers import Recorder
from loadtests.generator.pacing import ClosedModel, OpenModel, Share, arrivals
from loadtests.profile import CONSTANT, POISSON, SPACINGS, Stage
from loadtests.statistics.windows import total

STAGES = st.lists(
    st.builds(Stage, rate=st.floats(0.5, 50), seconds=st.floats(0.5, 5)), min_size=1, max_size=4
)


SPACING = st.sampled_from(SPACINGS)


@given(STAGES, st.integers(1, 5), SPACING)
def test_workers_share_the_arrivals_evenly(stages: list[Stage], workers: int, spacing: str) -> None:
    shares = [
        list(arrivals(stages, Share(workers, index), spacing=spacing, seed=3))
        for index in range(workers)
    ]
    whole = list(arrivals(stages, Share(), spacing=spacing, seed=3))
    assert sorted(chain.from_iterable(shares)) == whole
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(STAGES)
def test_constant_arrivals_keep_the_rate_of_their_stage(stages: list[Stage]) -> None:
    due, start = list(arrivals(stages, Share())), 0.0
    for stage in stages:
        within = [each for each in due if start <= each < start + stage.seconds - 1e-9]
        assert abs(len(within) - stage.seconds * stage.level) <= 1
        start += stage.seconds


@given(STAGES, st.integers(0, 9))
def test_poisson_arrivals_are_in_order_and_repeat_for_a_seed(
    stages: list[Stage], seed: int
) -> None:
    due, again = (list(arrivals(stages, Share(), spacing=POISSON, seed=seed)) for _ in range(2))
    assert due == again == sorted(due)
    assert all(0 <= each < sum(stage.seconds for stage in stages) for each in due)


def test_poisson_arrivals_come_at_the_rate_and_at_random() -> None:
    due = np.array(list(arrivals([Stage(rate=50, seconds=400)], Share(), spacing=POISSON, seed=1)))
    assert abs(len(due) - 20_000) <= 4 * math.sqrt(20_000)
    assert scipy.stats.kstest(np.diff(due), "expon", args=(0, 1 / 50)).pvalue > 0.01
    counts = np.bincount(due.astype(int))
    assert 0.8 < counts.var() / counts.mean() < 1.25


def test_constant_arrivals_stay_in_phase_with_other_traffic_and_poisson_ones_do_not() -> None:
    def phases(spacing: str) -> np.ndarray:
        """When within a second, in which something else happens once, requests arrive."""
        stage = Stage(rate=4, seconds=200)
        return np.array(list(arrivals([stage], Share(), spacing=spacing, seed=1))) % 1

    assert set(phases(CONSTANT)) == {0, 0.25, 0.5, 0.75}
    assert scipy.stats.kstest(phases(POISSON), "uniform").pvalue > 0.01


class VirtualTime:
    """A clock that goes on only when everybody waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, Event]] = []
        self._numbers = itertools.count()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        woken = Event()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), woken))
        woken.wait()

    def run(self, until: float = math.inf) -> None:
        """Let time pass, as long as anybody sleeps."""
        self._settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self.now, _, woken = heapq.heappop(self._sleepers)
            woken.set()
            self._settle()

    def _settle(self) -> None:
        for _ in range(20):
            gevent.sleep(0)


def open_model(
    time: VirtualTime, stage: Stage, patience: float, recorder: Recorder | None = None
) -> OpenModel:
    return OpenModel(
        time.clock,
        arrivals([stage], Share()),
        patience,
        recorder or Recorder(1),
        sleep=time.sleep,
    )


def drive(model: OpenModel, time: VirtualTime, users: int, service: float) -> list[float]:
    """Users who take ``service`` seconds for each request; latencies since the due time."""
    latencies: list[float] = []

    def user() -> None:
        while (due := model.next_due()) is not None:
            time.sleep(service)
            latencies.append(time.clock() - due)

    crowd = [gevent.spawn(user) for _ in range(users)]
    time.run()
    gevent.joinall(crowd, timeout=60, raise_error=True)
    return latencies


def test_a_slow_server_does_not_slow_the_arrivals_and_queueing_counts() -> None:
    time, recorder = VirtualTime(), Recorder(1)
    model = open_model(time, Stage(rate=50, seconds=0.4), 5, recorder)
    latencies = drive(model, time, users=1, service=0.05)
    assert total(recorder.windows.values()).arrived == 20
    # One user serves 20 a second of the 50 that arrive: each waits 30 ms more than the one before.
    assert latencies == pytest.approx([0.05 + 0.03 * number for number in range(20)])


def test_arrivals_that_nobody_takes_in_time_are_dropped_and_counted() -> None:
    time, recorder = VirtualTime(), Recorder(1)
    model = open_model(time, Stage(rate=50, seconds=0.4), 0.1, recorder)
    latencies = drive(model, time, users=1, service=0.1)
    whole = total(recorder.windows.values())
    assert whole.dropped > 0
    assert whole.arrived == 20 == len(latencies) + whole.dropped
    assert 0.1 < max(latencies) <= 0.2 + 1e-9


def test_a_low_rate_keeps_to_one_connection() -> None:
    time = VirtualTime()
    model = open_model(time, Stage(rate=50, seconds=0.3), 5)
    served = [0, 0, 0, 0]

    def user(number: int) -> None:
        while model.next_due() is not None:
            served[number] += 1

    crowd = [gevent.spawn(user, number) for number in range(4)]
    time.run()
    gevent.joinall(crowd, timeout=60, raise_error=True)
    # The first request came before anybody was free.
    assert sorted(served) == [0, 0, 1, 14]


def test_closing_drops_what_waits_and_dismisses_who_waits() -> None:
    time, recorder = VirtualTime(), Recorder(1)
    model = open_model(time, Stage(rate=100, seconds=10), 5, recorder)
    time.run(until=0.1)
    waiting = total(recorder.windows.values()).arrived
    model.close()
    assert waiting > 0
    assert total(recorder.windows.values()).dropped == waiting
    assert model.next_due() is None


def test_a_closed_model_is_due_at_once_until_the_time_is_over() -> None:
    now = [1.5]
    recorder = Recorder(1)
    model = ClosedModel(lambda: now[0], 3, recorder)
    assert model.next_due() == 1.5
    now[0] = 3.0
    assert model.next_due() is None
    assert recorder.windows[1].arrived == 1
