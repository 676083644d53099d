"""Findings between and beyond the rows: the tail, the equal error rate, operating points."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from calibration.counting.comparisons import Measurement
from calibration.judging.evidence import of_customers, of_table
from calibration.judging.findings import OperatingPoint
from calibration.statistics import tail
from calibration.statistics.det import crossing, det, thresholds_for
from calibration.statistics.intervals import Interval, Rate
from calibration.statistics.verdicts import Evidence, Rule
from verikit.contract import ErrorRates


def fitted_tail(measurement: Measurement, rows: list[Evidence]) -> tail.Tail | None:
    """The tail, fitted at an FMR of 1e-3 with the design effect of the nearest row.

    None if pairs were not drawn at random, or the scores do not allow a fit.
    """
    if measurement.look_alikes:
        return None
    nearest = min(rows, key=lambda row: abs(math.log(row.claimed / tail.RATE_AT_FIT)))
    return tail.fit(measurement.non_mated.histogram, nearest.design_effect)


def equal_error(measurement: Measurement, rates: ErrorRates, rule: Rule) -> Rate | None:
    """The equal error rate; None without both kinds, or if pairs were not drawn at random.

    Its interval spans those of both rates at that threshold.
    """
    non_mated, mated = measurement.kinds
    if measurement.look_alikes or not (non_mated.histogram.n and mated.histogram.n):
        return None
    curve = det(non_mated.histogram, mated.histogram)
    place = crossing(curve)
    row = _nearest(measurement, float(curve.thresholds[place]))
    both = [
        _measured(evidence[row], rate, rule)
        for evidence, rate in (
            (of_table(measurement, rates), float(curve.fmr[place])),
            (of_customers(measurement), float(curve.fnmr[place])),
        )
    ]
    return Rate(
        rate=sum(one.rate for one in both) / 2,
        interval=Interval(
            min(one.interval.lower for one in both), max(one.interval.upper for one in both)
        ),
    )


def operating_points(
    measurement: Measurement, rates: ErrorRates, rule: Rule
) -> list[OperatingPoint]:
    """The threshold and the TMR at each documented rate; none if pairs were not at random."""
    if measurement.look_alikes:
        return []
    rows = of_customers(measurement)
    wanted = [rate for _, rate in rates.rows]
    found = thresholds_for(measurement.non_mated.histogram, wanted)
    return [
        _operating_point(measurement, rate, threshold, rows, rule)
        for rate, threshold in zip(wanted, found, strict=True)
    ]


def _operating_point(
    measurement: Measurement, fmr: float, threshold: float | None, rows: list[Evidence], rule: Rule
) -> OperatingPoint:
    mated = measurement.mated
    if threshold is None or not mated.histogram.n:
        return OperatingPoint(fmr=fmr, threshold=threshold, tmr=None)
    first = int(np.searchsorted(mated.histogram.edges, threshold))
    below = float(mated.histogram.bins[:first].sum()) / mated.histogram.n
    fnmr = _measured(rows[_nearest(measurement, threshold)], below, rule)
    return OperatingPoint(fmr=fmr, threshold=threshold, tmr=fnmr.complement)


def _measured(row: Evidence, rate: float, rule: Rule) -> Rate:
    """A rate between rows, with the dependence of the nearest row."""
    return replace(row, k=round(rate * row.n)).measured(rule)


def _nearest(measurement: Measurement, threshold: float) -> int:
    """The row whose threshold is nearest: its design effects hold for what lies between rows."""
    return int(np.argmin(np.abs(np.array(measurement.thresholds) - threshold)))
