"""One thread for all computing in a process: dlib's objects are never used by two at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class ComputeThread:
    """Runs calls one after the other in a thread of this process.

    The thread starts with the first call, and anew in a process that was forked after it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: int | None = None
        self._pool: ThreadPoolExecutor
        os.register_at_fork(after_in_child=self._renew_lock)

    def run(self, call: Callable[[], T]) -> T:
        """The call's result or its exception."""
        return self._own_pool().submit(call).result()

    def _own_pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._process != os.getpid():
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="faces")
                self._process = os.getpid()
            return self._pool

    def _renew_lock(self) -> None:
        self._lock = Lock()
