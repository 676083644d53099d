"""From similarity to score: the score that the contract's table promises for a false match rate.

The map holds knots (similarity, log10 FMR), strictly monotone. A similarity's FMR is read off
between them and the contract's ``error_rates`` say which score claims that rate. Above the score
that claims the last knot the score runs linearly to 1 at the greatest similarity there is: order
is kept, but no rate is claimed there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract import load_contract

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class ScoreMap:
    """Knots of the map and where they come from.

    ``model``, ``weights``: the recogniser and the SHA-256 of its weights; ``people``: SHA-256 of
    the list of people it was fitted on; ``pairs``: non-mated comparisons behind it; ``tail``:
    the generalised Pareto distribution beyond the counted part; ``bounds``: the least and the
    greatest similarity there is; ``calibrated``: whether the knots were measured at all.
    """

    model: str
    weights: str | None
    people: str | None
    pairs: int
    tail: dict[str, float]
    bounds: tuple[float, float]
    knots: tuple[tuple[float, float], ...]
    calibrated: bool = True
    version: int = VERSION

    def scores(self, similarity: NDArray[np.floating[Any]] | float) -> NDArray[np.float64]:
        """Scores in [0, 1], never falling as the similarity grows."""
        return np.interp(similarity, *self._curve())

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
        entry["knots"] = tuple((float(x), float(y)) for x, y in entry["knots"])
        entry["bounds"] = tuple(entry["bounds"])
        return cls(**entry)


def uncalibrated_map(model: str) -> ScoreMap:
    """An openly provisional map for a model that none was fitted for: it claims no rate.

    A straight line over the cosine, chosen only so that unlike faces score low and like faces high.
    """
    return ScoreMap(
        model=model,
        weights=None,
        people=None,
        pairs=0,
        tail={},
        bounds=(-1.0, 1.0),
        knots=(),
        calibrated=False,
    )
