"""The time limit of an exchange, and the rate limit of requests."""

from __future__ import annotations

import time
from threading import Lock

from verikit.errors import TimedOut
from verikit.transport.endpoint import Endpoint


class Clock:
    """The time that is left of one exchange: for its next step, and in all."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._where = endpoint.address.shown
        self._step = endpoint.timeout
        self._all = endpoint.seconds
        self._started = self._sending = time.perf_counter()

    def sending(self) -> None:
        """The connection is there; the time of the exchange itself begins."""
        self._sending = time.perf_counter()

    @property
    def taken(self) -> float:
        """Seconds since the request began to be sent."""
        return time.perf_counter() - self._sending

    @property
    def _passed(self) -> float:
        return time.perf_counter() - self._started

    def left(self) -> float:
        """Seconds that the next step may take; more than 0.

        Raises:
            TimedOut: the deadline is over.
        """
        left = self._all - self._passed
        if left <= 0:
            raise self.over()
        return min(left, self._step)

    def over(self) -> TimedOut:
        """That the server took too long: for a step, or in all."""
        if self._passed >= self._all:
            return TimedOut(
                f"{self._where} did not answer in time: the response was not complete after "
                f"{self._all:g} s"
            )
        return TimedOut(f"{self._where} did not answer in time: nothing came for {self._step:g} s")


class Pace:
    """Places for requests in time, evenly spaced; shared by threads and tasks."""

    def __init__(self, rate: float | None) -> None:
        self._apart = 1 / rate if rate else 0.0
        self._next = time.monotonic()
        self._lock = Lock()

    def seconds_to_wait(self) -> float:
        """Take the next place; how long it is until then."""
        if not self._apart:
            return 0.0
        with self._lock:
            now = time.monotonic()
            place = max(now, self._next)
            self._next = place + self._apart
        return place - now
