"""Draws a figure as one SVG element that prints well."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterMathtext, LogLocator, NullFormatter

from calibration.statistics.arrays import Floats

_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#d9dee3",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.hashsalt": "verikit",
    "svg.fonttype": "path",
}


def drawn(draw: Callable[[Figure], None], width: float = 7.4, height: float = 4.0) -> str:
    """The SVG element of what ``draw`` puts on a figure of this size, in inches."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def corners(x: Floats, y: Floats) -> Any:
    """Where a step curve changes, thinned to what an eye can tell apart."""
    if not x.size:
        return np.zeros(0, int)
    changes = np.flatnonzero(np.append(True, np.diff(y) != 0))
    keep = np.unique(np.linspace(0, changes.size - 1, 1500).astype(int))
    return np.union1d(changes[keep], [x.size - 1])


def log_rate(axis: Any, axes: Axes) -> None:
    """A logarithmic axis of rates, labelled by powers of ten."""
    (axes.set_yscale if axis is axes.yaxis else axes.set_xscale)("log")
    axis.set_major_locator(LogLocator(base=10, numticks=12))
    axis.set_major_formatter(LogFormatterMathtext())
    axis.set_minor_formatter(NullFormatter())
