"""The compute thread of a process, so that dlib's objects are never used concurrently."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any, Generic, TypeVar

from reference_server.limits import Busy

T = TypeVar("T")

WEIGHT = 0.1
"""Of the last call in the mean time of a call."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Job(Generic[T]):
    call: Callable[[], T]
    due: float
    is_awaited: Callable[[], bool]
    result: Future[T] = field(default_factory=Future)


class ComputeThread:
    """Runs calls one after the other in a thread of this process, and none that is too late.

    The thread starts with the first call, and anew in a process that was forked after it. Moments
    are those of ``time.monotonic``.
    """

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = Lock()
        self._jobs: SimpleQueue[_Job[Any]] = SimpleQueue()
        self._waiting: set[_Job[Any]] = set()
        self._running: _Job[Any] | None = None
        self._since = self._ended = self._mean = 0.0
        self._thread: Thread | None = None
        self._given_up = False

    def run(
        self,
        call: Callable[[], T],
        due: float = inf,
        is_awaited: Callable[[], bool] = lambda: True,
    ) -> T:
        """The call's result or its exception.

        Raises:
            Busy: the result will not be there when it is due, or is not there then, or nobody
                awaited it any more when its turn had come.
        """
        job = _Job(call=call, due=due, is_awaited=is_awaited)
        try:
            self._take(job)
            return job.result.result(None if due == inf else max(0, due - monotonic()))
        except TimeoutError:
            if job.result.cancel() or not job.result.done():
                raise Busy("deadline") from None
            return job.result.result()  # it came just now, or is the call's own error
        finally:
            del job  # an error's traceback leads here, and would hold itself and the photos

    @property
    def age(self) -> float:
        """The seconds that the running call has taken so far; 0 where none runs."""
        return monotonic() - self._since if self._running else 0.0

    @property
    def idle(self) -> float:
        """The seconds since the last call ended; 0 where one runs."""
        return 0.0 if self._running else monotonic() - self._ended

    def give_up(self) -> None:
        """The running call hangs: answer whoever waits, and take no further call."""
        with self._lock:
            self._given_up = True
            for job in (*self._waiting, *([self._running] if self._running else [])):
                if not job.result.done():
                    job.result.set_exception(Busy("deadline"))

    def forget_who_left(self) -> None:
        """Answer the calls that nobody awaits any more, so that their place is free."""
        with self._lock:
            waiting = list(self._waiting)
        for job in waiting:
            if not job.is_awaited():
                with self._lock, suppress(InvalidStateError):  # it has just been answered
                    job.result.set_exception(Busy("client_gone"))
                    self._waiting.discard(job)

    def expect(self, due: float) -> None:
        """Raises Busy where a call that came now would not be done when it is due."""
        with self._lock:
            self._expect(due)

    def _expect(self, due: float) -> None:
        expected = self._expected_seconds()
        if self._given_up or monotonic() + expected > due:
            raise Busy("deadline", min(expected, due - monotonic()))

    def _take(self, job: _Job[Any]) -> None:
        with self._lock:
            self._expect(job.due)
            self._waiting.add(job)
            if self._thread is None:
                self._thread = Thread(target=self._work, name="compute", daemon=True)
                self._thread.start()
        self._jobs.put(job)

    def _expected_seconds(self) -> float:
        """Until a call that came now would be done.

        What runs for longer than the others did is expected to run for as long again.
        """
        rest = abs(self._mean - self.age) if self._running else 0.0
        return rest + (len(self._waiting) + 1) * self._mean

    def _work(self) -> None:
        while True:
            self._do(self._jobs.get())

    def _do(self, job: _Job[Any]) -> None:
        with self._lock:
            self._waiting.discard(job)
            if job.result.done() or monotonic() >= job.due:
                return
            if not job.is_awaited():
                job.result.set_exception(Busy("client_gone"))
                return
            job.result.set_running_or_notify_cancel()
            self._running, self._since = job, monotonic()
        result, error = _outcome(job.call)
        with self._lock:
            self._ended = monotonic()
            self._mean += WEIGHT * (self._ended - self._since - self._mean)
            self._running = None
            if not job.result.done():
                _settle(job.result, result, error)
        del job, error  # as in run


def _settle(future: Future[T], result: T, error: BaseException | None) -> None:
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _outcome(call: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    """The call's result and its error, one of them None."""
    try:
        return call(), None
    except BaseException as error:
        return None, error
