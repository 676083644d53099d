"""Where a function of one variable is zero: scipy.optimize takes longer to import than a run."""

from __future__ import annotations

from collections.abc import Callable


def root(of: Callable[[float], float], low: float, high: float, tolerance: float = 1e-12) -> float:
    """Where ``of`` changes its sign between ``low`` and ``high``, to a relative ``tolerance``.

    By bisection: each step takes microseconds, and it needs at most about 60.

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
