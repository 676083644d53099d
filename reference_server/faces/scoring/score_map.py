"""Converts a similarity to the score to which the contract's table assigns its false match rate.

The map has knots (similarity, log10 FMR), strictly monotone, and is linear between them. The
contract's ``error_rates`` give the score for an FMR. Beyond the last knot the score rises linearly
to 1 at the highest possible similarity; it claims no rate there. Before the first knot, where
nearly everybody matches, it falls to 0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verikit.contract import load_contract
from verikit.foreign_files import LARGEST_SETTINGS, read_text

VERSION = 2
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class ScoreMap:
    """The knots of a map, and their origin.

    Attributes:
        model: the recogniser.
        weights: the SHA-256 of its weights.
        people: the SHA-256 of the list of people to whom the map was fitted.
        photos: the number of their photos.
        pairs: the number of non-mated comparisons.
        tail: the generalized Pareto distribution beyond the counts.
        bounds: the lowest and the highest possible similarity.
        knots: pairs (similarity, log10 FMR).
    """

    model: str
    weights: str | None = None
    people: str | None = None
    photos: int = 0
    pairs: int = 0
    tail: dict[str, float] | None = None
    bounds: tuple[float, float]
    knots: Points
    version: int = VERSION

    @property
    def calibrated(self) -> bool:
        """Whether the knots were fitted, so that the scores claim error rates."""
        return self.pairs > 0

    @property
    def normalised(self) -> bool:
        """Whether it was fitted to normalized similarities, which exceed any cosine."""
        return self.bounds[1] > 1

    def scores(self, similarity: Any) -> NDArray[np.float64]:
        """Scores in [0, 1] of the shape of ``similarity``, non-decreasing."""
        return np.asarray(np.interp(similarity, *self._curve), np.float64)

    @cached_property
    def _curve(self) -> tuple[list[float], list[float]]:
        rates = load_contract().error_rates
        x = [self.bounds[0], *(knot[0] for knot in self.knots), self.bounds[1]]
        y = [0.0, *(rates.threshold_at(knot[1]) for knot in self.knots), 1.0]
        return x, y

    def save(self, path: Path) -> None:
        """Write the map as JSON, without loss."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> ScoreMap:
        """Read a map that ``save`` wrote.

        Raises:
            OSError: the file cannot be read.
            Any of ``MALFORMED``: it is no map, or its curve does not rise from bound to bound.
        """
        entry = json.loads(read_text(path, LARGEST_SETTINGS))
        if entry.pop("version", 1) == 1:  # it lifted scores by the cosine, too
            entry.pop("near_identical", None)
        knots = tuple((float(x), float(y)) for x, y in entry["knots"])
        low, high = map(float, entry["bounds"])
        similarities, logs = zip(*knots, strict=True)
        if not (_rises((low, *similarities, high)) and _rises([-log for log in logs])):
            raise ValueError("its curve does not rise")
        return cls(**entry | {"bounds": (low, high), "knots": knots})


def _rises(values: Sequence[float]) -> bool:
    return bool(np.isfinite(values).all() and (np.diff(values) > 0).all())


def uncalibrated_map(model: str) -> ScoreMap:
    """A provisional map for a model without a fitted one; it claims no rate.

    The score is the cosine, or 0 if that is negative.
    """
    return ScoreMap(model=model, bounds=(0.0, 1.0), knots=())
