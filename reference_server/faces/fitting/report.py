"""The check as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from reference_server.faces.fitting.check import Check
from reference_server.faces.fitting.intervals import Interval


def show(console: Console, normalised: Sequence[Check], plain: Sequence[Check]) -> None:
    """Print the first check with its intervals, then the range over all of them."""
    first = normalised[0]
    console.print(f"Checked on {first.people} people, {first.photos} photos, left out of the fit.")
    console.print(_false_matches(normalised))
    console.print(_non_matches(normalised, plain))
    console.print(_groups(normalised, plain))


def _false_matches(checks: Sequence[Check]) -> Table:
    splits = len(checks)
    table = Table(title="False match rate, 95 % intervals by resampling people", box=SIMPLE_HEAD)
    for column in ("score >=", "claimed", "measured", "interval", f"/ claimed, {splits} splits"):
        table.add_column(column, justify="right", no_wrap=True)
    for i, row in enumerate(checks[0].thresholds):
        table.add_row(
            f"{row.threshold:g}",
            f"{row.claimed:.0e}",
            f"{row.fmr:.2e}",
            _span(row.resampled),
            _range([c.thresholds[i].fmr / row.claimed for c in checks]),
        )
    return table


def _non_matches(normalised: Sequence[Check], plain: Sequence[Check]) -> Table:
    table = Table(title="False non-match rate in %, median and range of splits", box=SIMPLE_HEAD)
    for column in ("at FMR", "every pair once", "every person once", "cosine: pair", "person"):
        table.add_column(column, justify="right", no_wrap=True)
    for i, row in enumerate(normalised[0].non_matches):
        cells = []
        for checks, form in ((normalised, ".1f"), (plain, ".0f")):
            cells.append(_range([100 * c.non_matches[i].fnmr for c in checks], form))
            cells.append(_range([100 * c.non_matches[i].fnmr_of_people for c in checks], form))
        table.add_row(f"{row.fmr:.0e}", *cells)
    return table


def _groups(normalised: Sequence[Check], plain: Sequence[Check]) -> Table:
    threshold = normalised[0].groups.threshold
    table = Table(
        title=f"False match rate at {threshold:g} by cluster of looks, medians", box=SIMPLE_HEAD
    )
    for column in ("", "same cluster", "across clusters", "worst / overall"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, checks in (("normalised", normalised), ("cosine", plain)):
        groups = [check.groups for check in checks]
        table.add_row(
            name,
            f"{np.median([g.same for g in groups]):.1e}",
            f"{np.median([g.cross for g in groups]):.1e}",
            _range([g.worst for g in groups], ".0f"),
        )
    return table


def _span(interval: Interval) -> str:
    return f"{interval[0]:.1e}-{interval[1]:.1e}"


def _range(values: Sequence[float], form: str = ".2f") -> str:
    if len(values) == 1:
        return f"{values[0]:{form}}"
    return f"{np.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"
