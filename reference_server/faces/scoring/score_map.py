"""From similarity to score: the score that the contract's table promises for a false match rate.

The map holds knots (similarity, log10 FMR), strictly monotone. A similarity's FMR is read off
between them, and the contract's ``error_rates`` say which score claims that rate. Beyond the last
knot the score runs linearly to 1 at the greatest similarity there is: order is kept, but no rate
is claimed there. Before the first, where nearly everybody matches, it runs down to 0.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verikit.contract import load_contract

VERSION = 2
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class ScoreMap:
    """Knots of the map and where they come from.

    ``model``, ``weights``: the recogniser and the SHA-256 of its weights; ``people``: SHA-256 of
    the list of people it was fitted on; ``photos``, ``pairs``: how many of theirs, and how many
    non-mated comparisons; ``tail``: the generalised Pareto distribution beyond the counted part;
    ``bounds``: the least and the greatest similarity there is.
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
        """Whether the knots were measured, so that the scores claim error rates."""
        return self.pairs > 0

    @property
    def normalised(self) -> bool:
        """Whether it was fitted to normalised similarities, which go beyond any cosine."""
        return self.bounds[1] > 1

    def scores(self, similarity: Any) -> NDArray[np.float64]:
        """Scores in [0, 1], never falling as the similarity grows."""
        return np.asarray(np.interp(similarity, *self._curve), np.float64)

    @cached_property
    def _curve(self) -> tuple[list[float], list[float]]:
        rates = load_contract().error_rates
        x = [self.bounds[0], *(knot[0] for knot in self.knots), self.bounds[1]]
        y = [0.0, *(rates.threshold_at(knot[1]) for knot in self.knots), 1.0]
        return x, y

    def save(self, path: Path) -> None:
        """Write the map as JSON that reads back exactly."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> ScoreMap:
        """Read a map that ``save`` wrote."""
        entry = json.loads(path.read_text(encoding="utf-8"))
        if entry.pop("version", 1) == 1:  # it lifted scores by the cosine, too
            entry.pop("near_identical", None)
        knots = tuple((float(x), float(y)) for x, y in entry["knots"])
        return cls(**entry | {"bounds": tuple(entry["bounds"]), "knots": knots})


def uncalibrated_map(model: str) -> ScoreMap:
    """An openly provisional map for a model that none was fitted for: it claims no rate.

    The score is the cosine, and 0 where that is negative.
    """
    return ScoreMap(model=model, bounds=(0.0, 1.0), knots=())
