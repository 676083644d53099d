"""Finds the knee: the highest rate that keeps the gates."""

from __future__ import annotations

import math

_LEAST_RATE = 0.05
_MOST_STEPS = 24


class KneeSearch:
    """Says which rate to try next; goes up or down to bracket the knee, then halves the bracket.

    Rates are halved by their logarithm. The search ends when the lowest broken rate is within
    ``precision`` of the highest kept one.
    """

    def __init__(self, start: float, *, growth: float, precision: float) -> None:
        self._start, self._growth, self._precision = start, growth, precision
        self._kept: list[float] = []
        self._broken: list[float] = []

    @property
    def knee(self) -> float | None:
        """The highest rate that kept the gates below every one that broke them."""
        ceiling = min(self._broken, default=math.inf)
        return max((rate for rate in self._kept if rate < ceiling), default=None)

    def judged(self, rate: float, *, kept: bool) -> None:
        """Take the outcome of a step in."""
        (self._kept if kept else self._broken).append(rate)

    def next_rate(self) -> float | None:
        """The rate to try next, None when the search is over."""
        low, high = self.knee, min(self._broken, default=None)
        if len(self._kept) + len(self._broken) >= _MOST_STEPS:
            return None
        if low is None and high is None:
            return self._start
        if high is None:
            return (low or self._start) * self._growth
        if low is None:
            return high / self._growth if high / self._growth >= _LEAST_RATE else None
        return math.sqrt(low * high) if high / low > 1 + self._precision else None
