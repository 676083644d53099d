"""What changed between two load tests, each change with a 95 % interval.

Latencies and rates follow one another closely within a run, so single requests are no
independent sample. Both runs are resampled in blocks of :data:`BLOCK_SECONDS` (circular block
bootstrap: Politis and Romano 1992), and the interval holds the middle 95 % of the ratios so
found. Error shares are compared by Newcombe's hybrid of two Wilson intervals (Newcombe 1998,
method 10), which needs no errors to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.statistics.windows import Window

BLOCK_SECONDS = 5
RESAMPLES = 2000
CONFIDENCE = 0.95
_SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
_Counts = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Run:
    """The windows of a measured run and how long each lasts, in seconds."""

    windows: Sequence[Window]
    window_seconds: float


@dataclass(frozen=True, kw_only=True)
class Change:
    """A figure before and now; ``low`` and ``high`` bound the ratio, of error_share the difference.

    ``shown`` is whether the interval leaves out "no change".
    """

    figure: str
    before: float
    now: float
    low: float
    high: float
    shown: bool


def compare(before: Run, now: Run, *, seed: int = 0) -> list[Change]:
    """The changes of latency, rate and errors from one run to another."""
    random = np.random.default_rng(seed)
    values = sorted(
        {value for run in (before, now) for window in run.windows for value in window.latencies}
    )
    tables = [_table(run, values) for run in (before, now)]
    resampled = [
        _resampled(table, seconds, values, random)
        for table, seconds in zip(tables, (before.window_seconds, now.window_seconds), strict=True)
    ]
    actual = [_figures(table.sum(axis=0, keepdims=True), values) for table in tables]
    return [
        *(
            _ratio(
                name, actual[0][name][0], actual[1][name][0], resampled[0][name], resampled[1][name]
            )
            for name in actual[0]
        ),
        _errors(before, now),
    ]


def _table(run: Run, values: Sequence[int]) -> _Counts:
    """One row a window: counts by latency, then correct answers, then seconds."""
    columns = {value: column for column, value in enumerate(values)}
    table = np.zeros((len(run.windows), len(values) + 2))
    for row, window in zip(table, run.windows, strict=True):
        for value, count in window.latencies.items():
            row[columns[value]] = count
        row[-2:] = window.finished, run.window_seconds
    return table


def _resampled(
    table: _Counts, window_seconds: float, values: Sequence[int], random: np.random.Generator
) -> dict[str, _Counts]:
    length = round(min(len(table), max(1.0, BLOCK_SECONDS / window_seconds)))
    blocks = math.ceil(len(table) / length)
    starts = random.integers(len(table), size=(RESAMPLES, blocks, 1))
    rows = (starts + np.arange(length)) % len(table)
    places = rows.reshape(RESAMPLES, -1) + len(table) * np.arange(RESAMPLES)[:, None]
    counts = np.bincount(places.ravel(), minlength=RESAMPLES * len(table))
    weights = counts.reshape(RESAMPLES, len(table)).astype(float)
    return _figures(weights @ table, values)


def _figures(sums: _Counts, values: Sequence[int]) -> dict[str, _Counts]:
    """Latency quantiles in ms and correct answers a second, one for each row of sums."""
    counts, finished, seconds = sums[:, :-2], sums[:, -2], sums[:, -1]
    cumulated = counts.cumsum(axis=1)
    latencies = np.asarray(values) / 1000
    found = {
        name: latencies[
            (cumulated < share * cumulated[:, -1:]).sum(axis=1).clip(max=len(values) - 1)
        ]
        for name, share in _SHARES.items()
    }
    return {**found, "rate": finished / seconds}


def _ratio(name: str, before: float, now: float, old: _Counts, new: _Counts) -> Change:
    usable = old > 0
    tail = (1 - CONFIDENCE) / 2
    ratios = new[usable] / old[usable]
    low, high = np.quantile(ratios, [tail, 1 - tail]) if len(ratios) else (0.0, math.inf)
    return Change(
        figure=name,
        before=float(before),
        now=float(now),
        low=float(low),
        high=float(high),
        shown=not low <= 1 <= high,
    )


def _errors(before: Run, now: Run) -> Change:
    (p1, l1, u1), (p2, l2, u2) = _error_share(before), _error_share(now)
    low = p2 - p1 - math.hypot(p2 - l2, u1 - p1)
    high = p2 - p1 + math.hypot(u2 - p2, p1 - l1)
    shown = not low <= 0 <= high
    return Change(figure="error_share", before=p1, now=p2, low=low, high=high, shown=shown)


def _error_share(run: Run) -> tuple[float, float, float]:
    """The share of failures and its Wilson interval."""
    requests = sum(window.requests for window in run.windows)
    failed = min(requests, sum(window.failures.total() for window in run.windows))
    if not requests:
        return 0.0, 0.0, 1.0
    from scipy.special import ndtri  # noqa: PLC0415 - slow to import, seldom needed

    share, square = failed / requests, float(ndtri((1 + CONFIDENCE) / 2)) ** 2
    centre = failed + square / 2
    spread = math.sqrt(square * (failed * (1 - share) + square / 4))
    low, high = ((centre + sign * spread) / (requests + square) for sign in (-1, 1))
    return share, max(0.0, low), min(1.0, high)
