"""Findings between and beyond the rows: the tail, the equal error rate, operating points."""

from __future__ import annotations

import math

import numpy as np

from calibration.counting.comparisons import Measurement
from calibration.judging.findings import OperatingPoint
from calibration.judging.table_rows import effects_of
from calibration.statistics import tail
from calibration.statistics.det import crossing, equal_error_rate, threshold_for
from calibration.statistics.intervals import Rate, measured
from calibration.statistics.verdicts import Evidence
from verikit.contract import ErrorRates


def fitted_tail(measurement: Measurement, rows: list[Evidence]) -> tail.Tail | None:
    """The tail, fitted at an FMR of 1e-3 with the design effect of the nearest row.

    None if pairs were not drawn at random, or the scores do not allow a fit.
    """
    if measurement.look_alikes:
        return None
    nearest = min(rows, key=lambda row: abs(math.log(row.claimed / tail.RATE_AT_FIT)))
    return tail.fit(measurement.non_mated.histogram, nearest.design_effect)


def equal_error(measurement: Measurement) -> Rate | None:
    """The equal error rate; None without both kinds, or if pairs were not drawn at random."""
    non_mated, mated = measurement.kinds
    if measurement.look_alikes or not (non_mated.histogram.n and mated.histogram.n):
        return None
    row = _nearest(measurement, crossing(non_mated.histogram, mated.histogram))
    effects = effects_of(measurement, non_mated)[row], effects_of(measurement, mated)[row]
    return equal_error_rate(non_mated.histogram, mated.histogram, effects)


def operating_points(measurement: Measurement, rates: ErrorRates) -> list[OperatingPoint]:
    """The threshold and the TMR at each documented rate; none if pairs were not at random."""
    if measurement.look_alikes:
        return []
    return [_operating_point(measurement, rate) for _, rate in rates.rows]


def _operating_point(measurement: Measurement, fmr: float) -> OperatingPoint:
    non_mated, mated = measurement.kinds
    threshold = threshold_for(non_mated.histogram, fmr)
    if threshold is None or not mated.histogram.n:
        return OperatingPoint(fmr=fmr, threshold=threshold, tmr=None)
    edges = mated.histogram.edges
    first = int(np.searchsorted(edges, threshold))
    matches = int(mated.histogram.bins[first:].sum())
    effect = effects_of(measurement, mated)[_nearest(measurement, threshold)]
    rate = measured(matches, mated.histogram.n, effect)
    return OperatingPoint(fmr=fmr, threshold=threshold, tmr=rate)


def _nearest(measurement: Measurement, threshold: float) -> int:
    """The row whose threshold is nearest: its design effects hold for what lies between rows."""
    return int(np.argmin(np.abs(np.array(measurement.thresholds) - threshold)))
