"""Finds a zero of a function of one variable; importing scipy.optimize would take longer."""

from __future__ import annotations

from collections.abc import Callable


def root(of: Callable[[float], float], low: float, high: float, tolerance: float = 1e-12) -> float:
    """The place between ``low`` and ``high`` at which ``of`` changes its sign.

    By bisection, to a relative ``tolerance``, in at most about 60 steps.

    Raises:
        ValueError: the sign is the same at both ends.
    """
    at_low, at_high = of(low), of(high)
    if not at_low or not at_high:
        return low if not at_low else high
    if (at_low > 0) == (at_high > 0):
        raise ValueError("the function has one sign at both ends")
    while high - low > tolerance * max(1.0, abs(low), abs(high)):
        middle = (low + high) / 2
        if (of(middle) > 0) == (at_low > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2
