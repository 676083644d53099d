"""Error rates over all thresholds, from two histograms on the same axis.

FMR(t) = P(score >= t | non-mated), FNMR(t) = P(score < t | mated), both among completed
comparisons (ISO/IEC 19795-1). All curves have shape (BINS + 1,): one value for each bin edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from calibration.statistics.arrays import Counts, Floats


class Binned(Protocol):
    """Scores in bins: ``bins`` of shape (BINS,), their ``edges`` of shape (BINS + 1,)."""

    bins: Counts

    @property
    def n(self) -> int:
        """How many scores there are."""

    @property
    def edges(self) -> Floats:
        """The edges of the bins, ascending, shape (BINS + 1,)."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The detection error trade-off: thresholds ascending, FMR falling, FNMR rising.

    Each has shape (BINS + 1,).
    """

    thresholds: Floats
    fmr: Floats
    fnmr: Floats


def reached(histogram: Binned) -> Floats:
    """The share of scores at or above each bin edge, shape (BINS + 1,); 0 without scores."""
    from_the_top = np.concatenate([np.cumsum(histogram.bins[::-1])[::-1], [0]])
    return from_the_top / max(histogram.n, 1)


def det(non_mated: Binned, mated: Binned) -> Curve:
    """The DET of two histograms."""
    return Curve(thresholds=non_mated.edges, fmr=reached(non_mated), fnmr=1 - reached(mated))


def overlap(non_mated: Binned, mated: Binned) -> bool:
    """Whether both kinds of error occur at some threshold."""
    if not (non_mated.n and mated.n):
        return False
    curve = det(non_mated, mated)
    return bool(((curve.fmr > 0) & (curve.fnmr > 0)).any())


def crossing(curve: Curve) -> int:
    """The place of the bin edge at which FMR and FNMR are closest: the equal error rate."""
    return int(np.argmin(np.abs(curve.fmr - curve.fnmr)))


def thresholds_for(non_mated: Binned, rates: Sequence[float]) -> list[float | None]:
    """The lowest bin edge whose measured FMR is at most each rate; None for less than one error."""
    edges, fmr, n = non_mated.edges, reached(non_mated), non_mated.n
    return [float(edges[int(np.argmax(fmr <= rate))]) if n * rate >= 1 else None for rate in rates]
