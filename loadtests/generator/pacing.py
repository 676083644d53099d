"""When the next request is due: at once (closed model) or at its arrival time (open model)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import gevent
from gevent.event import AsyncResult

from loadtests.generator.answers import Recorder
from loadtests.profile import Stage

Clock = Callable[[], float]


def arrivals(stages: Sequence[Stage], workers: int = 1, index: int = 0) -> Iterator[float]:
    """The arrival times of one worker, in seconds, at the constant rate of each stage.

    The arrivals of all workers together are evenly spaced: worker ``index`` has every
    ``workers``-th of them.
    """
    start, number = 0.0, 0
    for stage in stages:
        for each in range(round(stage.seconds * stage.level)):
            if number % workers == index:
                yield start + each / stage.level
            number += 1
        start += stage.seconds


class ClosedModel:
    """Every user asks again as soon as it has its answer, until the time is over."""

    def __init__(self, clock: Clock, seconds: float, recorder: Recorder) -> None:
        self._clock, self._seconds, self._recorder = clock, seconds, recorder

    def take(self) -> float | None:
        """When the next request is due, None once the load is over."""
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
        self, clock: Clock, due: Iterator[float], patience: float, recorder: Recorder
    ) -> None:
        self._clock, self._patience, self._recorder = clock, patience, recorder
        self._free: list[AsyncResult[float | None]] = []
        self._waiting: deque[float] = deque()
        self._arriving = gevent.spawn(self._arrive, due)

    def take(self) -> float | None:
        """Wait for an arrival: when it was due, None once the load is over."""
        self._drop_late()
        if self._waiting:
            return self._waiting.popleft()
        if self._arriving.ready():
            return None
        mine: AsyncResult[float | None] = AsyncResult()
        self._free.append(mine)
        try:
            due = mine.get()
        finally:
            if mine in self._free:
                self._free.remove(mine)
        return due

    def close(self) -> None:
        """End the load now: nothing arrives any more, and what waits is dropped."""
        self._arriving.kill()
        while self._waiting:
            self._recorder.window(self._waiting.popleft()).dropped += 1
        self._dismiss()

    def _arrive(self, schedule: Iterator[float]) -> None:
        for due in schedule:
            while (early := due - self._clock()) > 0:
                gevent.sleep(early)
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
