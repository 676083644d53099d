"""Where a function of one variable is zero: scipy.optimize takes longer to import than a run."""

from __future__ import annotations

from collections.abc import Callable

_MOST = 200


def root(of: Callable[[float], float], low: float, high: float, tolerance: float = 1e-12) -> float:
    """Where ``of`` changes its sign between ``low`` and ``high``, to a relative ``tolerance``.

    Source: regula falsi in the Illinois form (Dowell & Jarratt, 1971), with a bisection wherever it
    falls behind one.

    Raises:
        ValueError: the sign is the same at both ends.
    """
    at_low, at_high = of(low), of(high)
    if not at_low or not at_high:
        return low if not at_low else high
    if (at_low > 0) == (at_high > 0):
        raise ValueError("the function has one sign at both ends")
    width = abs(high - low)
    for turn in range(_MOST):
        if abs(high - low) <= tolerance * max(1.0, abs(low), abs(high)):
            break
        middle = high - at_high * (high - low) / (at_high - at_low)
        if (turn % 3 == 2 and abs(high - low) > width / 2) or not min(low, high) < middle < max(
            low, high
        ):
            middle = (low + high) / 2
        width = min(width, abs(high - low)) if turn % 3 == 2 else width
        value = of(middle)
        if not value:
            return middle
        if (value > 0) == (at_high > 0):
            at_low /= 2
        else:
            low, at_low = high, at_high
        high, at_high = middle, value
    return high
