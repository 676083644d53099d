"""When the next request is due: at once (closed model) or at its arrival time (open model)."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import gevent
from gevent.event import AsyncResult

from loadtests.generator.answers import Recorder
from loadtests.profile import CONSTANT, POISSON, Stage

Clock = Callable[[], float]


@dataclass(frozen=True)
class Share:
    """A worker's part of the arrivals: every ``workers``-th, starting at ``index``."""

    workers: int = 1
    index: int = 0


def arrivals(
    stages: Sequence[Stage], share: Share, *, spacing: str = CONSTANT, seed: int = 0
) -> Iterator[float]:
    """The arrival times of one worker, in seconds, at the rate of each stage.

    ``spacing`` is one of :data:`loadtests.profile.SPACINGS`. All workers draw the same arrivals
    and each takes its share: how many workers there are changes nothing.
    """
    draw = random.Random(seed)  # noqa: S311 - arrivals, not a secret
    start, number = 0.0, 0
    for stage in stages:
        for due in _poisson(stage, draw) if spacing == POISSON else _constant(stage):
            if number % share.workers == share.index:
                yield start + due
            number += 1
        start += stage.seconds


def _constant(stage: Stage) -> Iterator[float]:
    return (number / stage.level for number in range(round(stage.seconds * stage.level)))


def _poisson(stage: Stage, draw: random.Random) -> Iterator[float]:
    """Independent arrivals: the gaps between them are exponential."""
    due = draw.expovariate(stage.level)
    while due < stage.seconds:
        yield due
        due += draw.expovariate(stage.level)


class ClosedModel:
    """Every user sends its next request as soon as it has its response, until the time is over."""

    def __init__(self, clock: Clock, seconds: float, recorder: Recorder) -> None:
        self._clock, self._seconds, self._recorder = clock, seconds, recorder

    def next_due(self) -> float | None:
        """When the next request is due, in seconds since the start; None once the load is over."""
        now = self._clock()
        if now >= self._seconds:
            return None
        self._recorder.window(now).arrived += 1
        return now

    def close(self) -> None:
        """End the load now."""
        self._seconds = 0


class OpenModel:
    """Requests arrive on schedule; the user that became free last takes the next one.

    The last one, so that few connections carry a low rate and none goes stale. An arrival that
    finds no free user waits, and is dropped once it waited ``patience`` seconds.
    """

    def __init__(
        self,
        clock: Clock,
        schedule: Iterator[float],
        patience: float,
        recorder: Recorder,
        *,
        sleep: Callable[[float], None] = gevent.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._patience, self._recorder = patience, recorder
        self._free: list[AsyncResult[float | None]] = []
        self._waiting: deque[float] = deque()
        self._arriving = gevent.spawn(self._arrive, schedule)

    def next_due(self) -> float | None:
        """Wait for an arrival: when it was due, None once the load is over."""
        self._drop_late()
        if self._waiting:
            return self._waiting.popleft()
        if self._arriving.ready():
            return None
        mine: AsyncResult[float | None] = AsyncResult()
        self._free.append(mine)
        try:
            return mine.get()
        finally:
            if mine in self._free:
                self._free.remove(mine)

    def close(self) -> None:
        """End the load now: nothing arrives any more, and what waits is dropped."""
        self._arriving.kill()
        while self._waiting:
            self._recorder.window(self._waiting.popleft()).dropped += 1
        self._dismiss()

    def _arrive(self, schedule: Iterator[float]) -> None:
        for due in schedule:
            while (early := due - self._clock()) > 0:
                self._sleep(early)
            window = self._recorder.window(due)
            window.arrived += 1
            if self._free:
                window.lag = max(window.lag, self._clock() - due)
                self._free.pop().set(due)
            else:
                self._waiting.append(due)
                self._drop_late()
        gevent.spawn(self._dismiss)

    def _drop_late(self) -> None:
        while self._waiting and self._clock() - self._waiting[0] > self._patience:
            self._recorder.window(self._waiting.popleft()).dropped += 1

    def _dismiss(self) -> None:
        while self._free:
            self._free.pop().set(None)
