"""Detects a repeated request_id over the whole run and all workers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_Digests = NDArray[np.uint64]


class RequestIds:
    """The 64-bit digests of all request_ids so far, in sorted runs of doubling size.

    Memory is 8 bytes for each of at most ``capacity`` ids; later ones are only told apart from
    those. Among ten million ids a chance collision has a probability of 3e-6.
    """

    def __init__(self, capacity: int = 20_000_000) -> None:
        self.capacity = capacity
        self._runs: list[_Digests] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, digests: bytes) -> int:
        """Take digests in, 8 bytes each as the machine stores them; how many were repeated."""
        batch = np.frombuffer(digests, dtype=np.uint64)
        fresh = np.unique(batch)
        for run in self._runs:
            fresh = fresh[~_contains(run, fresh)]
        self._keep(fresh[: self.capacity - len(self)])
        return len(batch) - len(fresh)

    def _keep(self, fresh: _Digests) -> None:
        if not len(fresh):
            return
        self._runs.append(fresh)
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            merged = np.concatenate([self._runs.pop(), self._runs.pop()])
            merged.sort()
            self._runs.append(merged)


def _contains(run: _Digests, values: _Digests) -> NDArray[np.bool_]:
    places = np.searchsorted(run, values).clip(max=len(run) - 1)
    found: NDArray[np.bool_] = run[places] == values
    return found
