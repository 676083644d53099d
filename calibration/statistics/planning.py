"""How many comparisons a verdict needs."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from functools import cache

from calibration.statistics.intervals import ALPHA, chance_of_at_least, chance_of_at_most
from calibration.statistics.roots import root

POWER = 0.9


def without_errors(rate: float, alpha: float = ALPHA) -> int:
    """Independent comparisons without an error until the upper bound is at most ``rate``."""
    return math.ceil(math.log(alpha) / math.log1p(-rate))


@cache
def to_pass(claimed: float, tolerance: float, *, power: float = POWER, alpha: float = ALPHA) -> int:
    """Independent comparisons until a server at exactly the claimed rate passes with this power."""
    limit = min(tolerance * claimed, 1.0)

    def enough(k: int) -> bool:
        return chance_of_at_most(k, _least_n(k, limit, alpha), claimed) >= power

    return _least_n(_first(enough), limit, alpha)


def to_fail(claimed: float, factor: float, *, power: float = POWER, alpha: float = ALPHA) -> int:
    """Independent comparisons until a server at ``factor`` times the claim FAILs, likewise."""
    true = factor * claimed

    def enough(k: int) -> bool:
        most = _greatest_n(k, claimed, alpha)
        return most > k and chance_of_at_least(k, most, true) >= power

    k = _first(enough)
    return _least_n_with_power(k, true, _greatest_n(k, claimed, alpha), power)


def comparisons_of(people: int, needed: float, rate: float, spread: float) -> float:
    """Random non-mated comparisons of people that are worth ``needed`` independent ones.

    ``spread`` is the squared coefficient of variation of people's false match rates. The design
    effect of n comparisons at a ``rate`` (for a PASS: the limit that is tested) is
    1 + 4 n spread rate / people, and no more comparisons count than there are pairs of people.
    Infinite if these people are too few.
    """
    left = 1 - 4 * spread * rate * needed / people
    total = needed / left if left > 0 else math.inf
    return total if total <= math.comb(people, 2) else math.inf


def people_for(needed: float, rate: float, spread: float) -> int:
    """The fewest people whose comparisons can be worth ``needed`` independent ones."""

    def enough(people: int) -> bool:
        return math.isfinite(comparisons_of(max(people, 2), needed, rate, spread))

    return _first(enough)


def _first(enough: Callable[[int], bool]) -> int:
    """The smallest count that suffices, if every larger one suffices as well."""
    high = 1
    while not enough(high):
        high *= 2
    return bisect_left(range(high + 1), True, key=enough)


def _least_n_with_power(k: int, rate: float, most: int, power: float) -> int:
    def missing(n: float) -> float:
        return chance_of_at_least(k, n, rate) - power

    return math.ceil(root(missing, k, most, tolerance=1e-9))


def _least_n(k: int, rate: float, alpha: float) -> int:
    """The least n at which P(X <= k | n, rate) <= alpha."""
    n = k + 1
    step = max(1, int((k + 3) / rate))
    while step:
        while chance_of_at_most(k, n + step, rate) > alpha:
            n += step
        step //= 2
    return n + 1


def _greatest_n(k: int, rate: float, alpha: float) -> int:
    """The greatest n at which P(X >= k | n, rate) <= alpha."""
    n = k - 1
    step = max(1, int((k + 3) / rate))
    while step:
        while chance_of_at_least(k, n + step, rate) <= alpha:
            n += step
        step //= 2
    return n
