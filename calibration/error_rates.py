"""Error rates over all thresholds, from the grids of two tallies on the same axis.

FMR(t) = P(score >= t | non-mated), FNMR(t) = P(score < t | mated), both among completed
comparisons (ISO/IEC 19795-1). All curves have shape (BINS + 1,): one value for each bin edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calibration.arrays import Floats
from calibration.intervals import Interval, interval
from calibration.tally import Tally


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The detection error trade-off: thresholds ascending, FMR falling, FNMR rising."""

    thresholds: Floats
    fmr: Floats
    fnmr: Floats


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A rate with its interval."""

    rate: float
    interval: Interval

    @property
    def complement(self) -> Rate:
        """One minus the rate."""
        bounds = self.interval
        return Rate(rate=1 - self.rate, interval=Interval(1 - bounds.upper, 1 - bounds.lower))


def measured(events: float, n: int, effect: float = 1.0) -> Rate:
    """The rate of events among n comparisons of this design effect; NaN where n is 0."""
    if not n:
        return Rate(rate=math.nan, interval=Interval(0.0, 1.0))
    return Rate(rate=events / n, interval=interval(events / effect, n / effect))


def reached(tally: Tally) -> Floats:
    """The share of scores at or above each bin edge."""
    from_the_top = np.concatenate([np.cumsum(tally.bins[::-1])[::-1], [0]])
    return from_the_top / max(tally.n, 1)


def det(non_mated: Tally, mated: Tally) -> Curve:
    """The DET of two tallies."""
    return Curve(thresholds=non_mated.edges, fmr=reached(non_mated), fnmr=1 - reached(mated))


def crossing(non_mated: Tally, mated: Tally) -> float:
    """The threshold at which FMR and FNMR are nearest to each other."""
    curve = det(non_mated, mated)
    return float(curve.thresholds[int(np.argmin(np.abs(curve.fmr - curve.fnmr)))])


def equal_error_rate(non_mated: Tally, mated: Tally, effects: tuple[float, float]) -> Rate:
    """Where FMR = FNMR; the interval holds those of both rates at that threshold.

    ``effects`` are the design effects of the non-mated and of the mated side.
    """
    curve = det(non_mated, mated)
    place = int(np.argmin(np.abs(curve.fmr - curve.fnmr)))
    fmr, fnmr = float(curve.fmr[place]), float(curve.fnmr[place])
    bounds = (
        measured(fmr * non_mated.n, non_mated.n, effects[0]).interval,
        measured(fnmr * mated.n, mated.n, effects[1]).interval,
    )
    return Rate(
        rate=(fmr + fnmr) / 2,
        interval=Interval(min(b.lower for b in bounds), max(b.upper for b in bounds)),
    )


def threshold_for(non_mated: Tally, fmr: float) -> float | None:
    """The lowest threshold whose measured FMR is at most ``fmr``; None where none can be shown."""
    if non_mated.n * fmr < 1:
        return None
    return float(non_mated.edges[int(np.argmax(reached(non_mated) <= fmr))])
