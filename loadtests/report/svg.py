"""A figure as SVG within the page: it takes the page's colors, and tells its values on hover."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_POINTS = 72
_IDS = re.compile(r"""(\bid="|url\(#|href="#)""")


@dataclass(frozen=True)
class Hover:
    """The tooltip between two values of the horizontal axis."""

    start: float
    end: float
    text: str


def inline(figure: Figure, title: str, hovers: Iterable[Hover]) -> Markup:
    """The figure as SVG, with a title for screen readers."""
    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        figure.savefig(file, format="svg", transparent=True)
    slug = re.sub(r"\W+", "-", title.lower())
    picture = _IDS.sub(rf"\1{slug}-", file.getvalue())
    picture = picture[picture.index("<svg") :].removesuffix("</svg>\n")
    picture = picture.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)
    columns = "".join(_column(figure, hover) for hover in hovers)
    return Markup(f'{picture}<g class="hover">{columns}</g></svg>')  # noqa: S704 - matplotlib and we escape


def _column(figure: Figure, hover: Hover) -> str:
    axes = figure.axes[0]
    box, (across, down) = axes.get_position(), figure.get_size_inches()
    left, right = (_across(axes, place) for place in (hover.start, hover.end))
    x, width = (box.x0 + left * box.width) * across, (right - left) * box.width * across
    y, height = (1 - box.y1) * down, box.height * down
    places = zip(("x", "y", "width", "height"), (x, y, width, height), strict=True)
    place = " ".join(f'{name}="{value * _POINTS:.2f}"' for name, value in places)
    return f"<rect {place}><title>{escape(hover.text)}</title></rect>"


def _across(axes: Axes, place: float) -> float:
    """A place of the horizontal axis as a share of its length."""
    at = axes.transData.transform((place, axes.get_ylim()[1]))
    return min(max(float(axes.transAxes.inverted().transform(at)[0]), 0.0), 1.0)
