"""Draws a figure as one SVG element, in the colors of its page, with tooltips for its marks."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterMathtext, LogLocator, NullFormatter

from calibration.statistics.arrays import Floats
from verikit.reports.shell import CHART_INCHES

INK, LINE, GREY = "#1c2329", "#d9dee3", "#5f6b76"
BLUE, GREEN, RED, VIOLET = "#0b6fb0", "#00805c", "#b3261e", "#6f39b8"
_OF_THE_PAGE = {
    INK: "--ink", LINE: "--line", GREY: "--soft", BLUE: "--link", GREEN: "--good", RED: "--bad",
    VIOLET: "--open",
}  # fmt: skip
_TITLE = "title: "
_STYLE: dict[Any, Any] = {
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "savefig.transparent": True,
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.hashsalt": "verikit",
    "svg.fonttype": "path",
}


def drawn(draw: Callable[[Figure], None], width: float = CHART_INCHES, height: float = 3.6) -> str:
    """The SVG element of a figure that ``draw`` fills; its size is in inches."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for colour, name in _OF_THE_PAGE.items():
        text = text.replace(colour, f"var({name}, {colour})")
    return re.sub(rf'<g id="{_TITLE}\d+ ([^"]*)">', r"<g><title>\1</title>", text)


def entitle(text: str, *artists: Artist) -> None:
    """Give artists a tooltip."""
    for artist in artists:
        artist.set_gid(f"{_TITLE}{id(artist)} {text}")


def corners(x: Floats, y: Floats) -> Any:
    """The points, shape (n,), at which a step curve changes, thinned to what is visible."""
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
