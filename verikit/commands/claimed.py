"""The claimed false match rates beside measured ones, drawn for the demo.

The rates are those of docs/evidence/score-map.json: ten times half of the people of Labeled Faces
in the Wild were kept out of the fit of the score, and measured
(``benchmarks/calibration/score_map.py``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_PACKAGED = _HERE / "score-map.json"
MEASURED = (
    _PACKAGED if _PACKAGED.exists() else _HERE.parents[1] / "docs" / "evidence" / "score-map.json"
)
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 350, 240, 96, 40, 14
_DECADES = 7


@dataclass(frozen=True, kw_only=True)
class Row:
    """A threshold: the claimed rate, and the lowest, median and highest of the measured ones."""

    threshold: float
    claimed: float
    low: float
    median: float
    high: float

    @property
    def x(self) -> float:
        """Its place across the picture."""
        return round(LEFT + (self.threshold - 0.35) / 0.6 * (WIDTH - LEFT), 1)


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The rows, in how many splits of how many people they were measured."""

    rows: Sequence[Row]
    splits: int
    people: int

    @property
    def decades(self) -> range:
        """The powers of ten below 1 that are marked."""
        return range(1, _DECADES + 1)


def curve() -> Curve:
    """The claimed and measured rates of the reference server."""
    found = json.loads(MEASURED.read_text("utf-8"))
    return Curve(
        rows=[
            Row(
                threshold=row["threshold"],
                claimed=row["claimed"],
                low=row["fmr"][0],
                median=row["fmr"][1],
                high=row["fmr"][2],
            )
            for row in found["thresholds"]
        ],
        splits=found["splits"],
        people=found["people"][0],
    )


def height_of(rate: float) -> float:
    """The place of a rate down the picture, on a logarithmic scale."""
    return round(TOP - log10(rate) / _DECADES * (HEIGHT - TOP - BOTTOM), 1)


def one_in(rate: float) -> str:
    """A rate as one in so many, rounded to three digits."""
    number = 1 / rate
    digits = max(0, int(log10(number)) - 2)
    return f"1 in {round(number, -digits):,.0f}"
