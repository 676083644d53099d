"""The tails of an estimate from two strata, for splits of a rate over them (see ``strata``)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincc

from calibration.statistics import sequential
from calibration.statistics.arrays import Flags, Floats
from calibration.statistics.verdicts import Evidence

_RARER = 10.0
"""How much rarer than claimed matches of the rest are thought to be, which only speeds a run up."""
_BINS = 64
_EDGES = np.arange(_BINS + 1) / _BINS
_FAR = 6.0
"""Standard errors beyond which a count of the rest is as good as impossible."""
_LEAST = 1e-12
_SAME = 1e-9


class Stratum(NamedTuple):
    """The effective counts of a stratum: k events in n comparisons, scalars or shape (splits,).

    The stratum is ``share`` of all comparisons. ``whole``: there is no design effect, so that the
    counts are whole numbers.
    """

    share: float
    k: Floats
    n: Floats
    whole: bool

    @classmethod
    def of(cls, share: float, row: Evidence, effect: Floats) -> Stratum:
        """The counts divided by a design effect, a scalar or shape (splits,)."""
        return cls(share, row.k / effect, row.n / effect, bool(np.all(effect == 1)))


def so_low(top: Stratum, rest: Stratum, p_top: Floats, p_rest: Floats) -> Floats:
    """P(estimate <= the measured one) for each split, shape (splits,).

    ``p_top`` and ``p_rest``: the rates of both strata in each split, shape (splits,). The sum
    over the counts of the rest is taken in bins.
    """

    def chance(left: Floats, n: Floats, needed: Flags) -> Floats:
        left = np.floor(left) if top.whole else left
        found: Floats = (left >= n).astype(float)
        between = needed & (left >= 0) & (left < n)
        betaincc(left + 1, n - left, p_top[:, None], out=found, where=between)
        return found

    return _summed(chance, top, rest, p_rest)


def so_high(top: Stratum, rest: Stratum, p_top: Floats, p_rest: Floats) -> Floats:
    """P(estimate >= the measured one) for each split; arguments and shape as of ``so_low``."""

    def chance(left: Floats, n: Floats, needed: Flags) -> Floats:
        left = np.ceil(left) if top.whole else left
        found: Floats = (left <= 0).astype(float)
        between = needed & (left > 0) & (left <= n)
        betainc(left, n - left + 1, p_top[:, None], out=found, where=between)
        return found

    return _summed(chance, top, rest, p_rest)


def _summed(
    chance: Callable[[Floats, Floats, Flags], Floats], top: Stratum, rest: Stratum, p_rest: Floats
) -> Floats:
    """Over the counts of the rest; in a bin of several the mean of the first and the last counts.
    It is exact where each is a bin of its own, and a bin is a fifth of a standard error at most."""
    starts, ends = _bins(rest, p_rest)
    n = _column(top.n)
    left = [_left(top, rest, counts) for counts in (starts, ends)]
    # Where the top cannot tell, whatever its count, the bins need not be told apart.
    many, few = np.minimum(*left) > n, np.maximum(*left) < 0
    mass = _masses(starts, rest, p_rest, many, few)
    needed = mass > 0
    both = [chance(one, n, needed) for one in left]
    total: Floats = (mass * (both[0] + both[1])).sum(axis=1) / 2
    return total


def _left(top: Stratum, rest: Stratum, counts: Floats) -> Floats:
    """The count of the top that makes the estimate what it is, beside counts of the rest."""
    estimate = top.share * top.k / top.n + rest.share * rest.k / rest.n
    weight = rest.share / _column(rest.n)
    left: Floats = (_column(estimate) - weight * counts) * _column(top.n) / top.share
    near = np.round(left)
    return np.where(np.abs(left - near) < _SAME * np.maximum(1.0, np.abs(near)), near, left)


def _bins(rest: Stratum, p: Floats) -> tuple[Floats, Floats]:
    """The first and last counts of each bin: (splits, bins). A bin may be empty."""
    middle = rest.n * p
    reach = _FAR * np.sqrt(middle) + _FAR
    low, high = np.maximum(0.0, np.floor(middle - reach)), np.ceil(middle + reach)
    edges = np.floor(_column(low) + _column(high - low) * _EDGES)
    starts = np.concatenate([np.zeros((p.size, 1)), edges], axis=1)
    last = np.broadcast_to(_column(rest.n), (p.size, 1))
    return starts, np.concatenate([edges - 1, last], axis=1)


def _masses(starts: Floats, rest: Stratum, p: Floats, many: Flags, few: Flags) -> Floats:
    """The chance of a count in each bin: (splits, bins).

    All of the first bins that are ``many`` is in the last of them, all of the ``few`` at the end
    in the first.
    """
    n = _column(rest.n)
    below = (starts > n).astype(float)
    new = (starts > 0) & (starts <= n) & ~many
    new[:, 1:] &= (starts[:, 1:] > starts[:, :-1]) & ~few[:, :-1]
    below[:, 1:][few[:, :-1]] = 1.0
    betaincc(starts, n - starts + 1, p[:, None], out=below, where=new)
    below = np.maximum.accumulate(below, axis=1)
    below = np.concatenate([below, np.ones((p.size, 1))], axis=1)
    return np.diff(below, axis=1)


def _column(values: Floats) -> Floats:
    return np.reshape(values, (-1, 1))


Log = Callable[[float, float, float, float], float]


def any_time(  # noqa: PLR0913, PLR0917 - two strata, a rate each
    log: Log, top: Stratum, rest: Stratum, p_top: Floats, p_rest: Floats, claimed: float
) -> Floats:
    """An always-valid p-value against the rates of each split, shape (splits,).

    It is one over the mean of three e-values: those of the strata, and their product. The mean is
    an e-value, wherever a run stopped; one stratum alone may be enough. ``log`` is ``log_below``
    or ``log_above``; ``p_top`` and ``p_rest`` have shape (splits,).
    """
    above = rate_above(claimed, top.share)
    parts = np.broadcast_arrays(top.k, top.n, p_top, rest.k, rest.n, p_rest)
    rows = np.column_stack(parts).tolist()
    ours = np.array([log(k, n, p, above) for k, n, p, _, _, _ in rows])
    theirs = np.array([log(k, n, p, claimed / _RARER) for _, _, _, k, n, p in rows])
    logs = np.logaddexp.reduce([ours, theirs, ours + theirs]) - math.log(3)
    chances: Floats = np.exp(-np.maximum(0.0, logs))
    return chances


def log_below(k: float, n: float, rate: float, claimed: float) -> float:
    """The log e-value against "the rate is at least ``rate``"."""
    return sequential.log_evidence_below(k, n, _inside(rate), claimed)


def log_above(k: float, n: float, rate: float, claimed: float) -> float:
    """The log e-value against "the rate is at most ``rate``".

    It is 0 from a rate of 1/2 on, as there is no alternative twice as high.
    """
    if rate >= 0.5:
        return 0.0
    return sequential.log_evidence_above(k, n, _inside(rate), claimed)


def rate_above(claimed: float, share: float) -> float:
    """The rate of the top stratum if all errors at the claimed rate are in it; at most 1/2."""
    return min(0.5, claimed / share)


def _inside(rate: float) -> float:
    return min(max(rate, _LEAST), 1 - _LEAST)
