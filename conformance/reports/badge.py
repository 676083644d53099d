"""An SVG badge with the result of a check."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from conformance.judging.verdicts import Verdict
from conformance.run import Run

_COLOURS = {0: "#2da44e", 1: "#cf222e"}
_INCOMPLETE = "#8250df"
_LEFT = 82
_CHARACTER = 6.3


def write_badge(run: Run, path: Path) -> None:
    """Name, release and outcome on a badge of 20 px."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(badge(run), encoding="utf-8")


def badge(run: Run) -> str:
    """The SVG's text."""
    text = escape(_text(run))
    colour = _COLOURS.get(run.exit_code, _INCOMPLETE)
    right = round(len(text) * _CHARACTER + 14)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + right}" height="20" role="img" '
        f'aria-label="conformance: {text}">'
        f'<rect width="{_LEFT + right}" height="20" rx="3" fill="#24292f"/>'
        f'<path d="M{_LEFT} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3}z" '
        f'fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="7" y="14">conformance</text><text x="{_LEFT + 7}" y="14">{text}</text>'
        "</g></svg>\n"
    )


def _text(run: Run) -> str:
    if run.exit_code == 0:
        return f"{run.release} passed"
    if run.exit_code == 1:
        return f"{run.release} {run.count(Verdict.FAILED)} failed"
    return f"{run.release} incomplete"
