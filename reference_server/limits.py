"""How much the server takes on; requests beyond that are refused at once.

Busy    one of the limits is reached
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_UN, lockf
from math import ceil
from mmap import mmap
from struct import Struct
from threading import Lock
from time import monotonic
from typing import Literal, get_args

Limit = Literal["client_gone", "concurrency", "deadline", "memory", "rate"]
LIMITS: tuple[Limit, ...] = get_args(Limit)

STATE = Struct("dd")
"""Of a bucket: its tokens, and when it held them by the clock that all processes share."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is taken on, and the HTTP status for what is not.

    ``concurrent`` comparisons and ``body_bytes`` of request bodies count for each worker process,
    ``rate`` requests a second for all of them together. ``deadline`` seconds after its arrival a
    request has its answer, or is refused. No comparison hangs before ``patience`` seconds.
    """

    concurrent: int = 64
    body_bytes: int = 512 * 2**20
    rate: float | None = None
    deadline: float = 30.0
    patience: float = 10.0
    status: int = 500

    @property
    def longest_comparison(self) -> float:
        """The seconds after which a comparison is taken to hang.

        Half of the deadline, so that who came while it ran is refused before the own deadline; but
        with a short deadline a slow pair of photos must not end a worker.
        """
        return max(self.patience, self.deadline / 2)


DEFAULT_LIMITS = Limits()


class Busy(Exception):  # noqa: N818 - a state of the server, no error
    """A limit is reached; ``seconds`` says when to ask again, at least one."""

    def __init__(self, limit: Limit, seconds: float = 1) -> None:
        super().__init__(limit)
        self.limit = limit
        self.seconds = max(1, ceil(seconds))


class Bounded:
    """An amount that stays within its bound."""

    def __init__(self, limit: Limit, bound: int) -> None:
        self._limit = limit
        self._bound = bound
        self._held = 0
        self._lock = Lock()

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], None]]:
        """A function that takes an amount; all that it took is given back with the block's end.

        It raises Busy, and takes nothing, where that would go beyond the bound.
        """
        held = 0

        def take(amount: int) -> None:
            nonlocal held
            with self._lock:
                if self._held + amount > self._bound:
                    raise Busy(self._limit)
                self._held += amount
            held += amount

        try:
            yield take
        finally:
            with self._lock:
                self._held -= held


class Rate:
    """A token bucket that all workers share; it holds what comes in during a second.

    It is locked by a file, in memory too: the kernel releases its lock when the holder is killed,
    while a lock in shared memory would stay.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._capacity = max(1.0, per_second)
        self._state = mmap(-1, STATE.size)
        self._file = os.memfd_create("rate")
        self._lock = Lock()  # the file's lock is the process's: it does not keep threads apart
        STATE.pack_into(self._state, 0, self._capacity, monotonic())

    def take(self) -> None:
        """Take a token.

        Raises:
            Busy: the bucket is empty.
        """
        with self._lock:
            lockf(self._file, LOCK_EX)
            try:
                self._take(monotonic())
            finally:
                lockf(self._file, LOCK_UN)

    def _take(self, now: float) -> None:
        tokens, since = STATE.unpack_from(self._state)
        tokens = min(self._capacity, tokens + (now - since) * self._per_second)
        if tokens < 1:
            raise Busy("rate", (1 - tokens) / self._per_second)
        STATE.pack_into(self._state, 0, tokens - 1, now)


class Limiter:
    """The limits of one worker process, and what of them is in use."""

    def __init__(self, limits: Limits) -> None:
        self.memory = Bounded("memory", limits.body_bytes)
        self.turns = Bounded("concurrency", limits.concurrent)
        self._rate = Rate(limits.rate) if limits.rate else None

    def admit(self) -> None:
        """Let a request in.

        Raises:
            Busy: there were too many lately.
        """
        if self._rate is not None:
            self._rate.take()
