"""The penalty of poor photos, subtracted from the normalized similarity of a pair.

AS-norm corrects for one poor photo, but not for two, as its cohort has no poor faces. So the
penalty of a pair is that of its better photo, and a pair with one good photo has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from reference_server.faces.photo_quality import Measures

COVERED, SURELY_COVERED = "covered", 0.5
"""A poor photo is hard to read: a face in it is called covered only where it would be refused."""
CAUSES = {
    "too blurred": ("blur", "smear"),
    "too small": ("smallness",),
    "too noisy": ("noise", "colour_noise"),
    "too compressed or made of too few pixels": ("blocks", "mosaic"),
    "too little contrast or colour": ("flatness", "veil", "greyness"),
    "over-exposed": ("glare",),
    COVERED: ("eyes", "nose", "mouth"),
}
"""What a user is told, and the measures that say so."""

NOTICEABLE = 1.0
"""The false match rate of two photos that cost so much would be about 3 times the documented one,
if nothing were taken off; far fewer than one good photo in a hundred does."""

Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """Knots (measure, penalty) by the name of the measure, both non-decreasing.

    A photo's penalty is the sum over its measures. ``model``, ``weights``: the recogniser and the
    SHA-256 of its weights; ``people``: how many it was fitted to.
    """

    model: str
    weights: str
    people: int
    knots: Mapping[str, Knots]

    def of(self, measures: Measures) -> float:
        """The penalty of a photo, in units of the normalized similarity; 0 for a good photo."""
        return sum(self._parts(measures).values())

    def causes(self, measures: Measures) -> tuple[str, ...]:
        """The reasons why two photos like this one do not keep the documented rates, if any."""
        parts = self._parts(measures)
        if sum(parts.values()) < NOTICEABLE:
            return ()
        if parts.get("glare"):  # white areas are even patches, too
            parts["glare"] += parts.pop("mosaic", 0.0)
        costs = {cause: sum(parts.get(name, 0.0) for name in of) for cause, of in CAUSES.items()}
        least = min(max(costs.values()), NOTICEABLE)
        told = tuple(cause for cause, cost in costs.items() if cost >= least)
        values = vars(measures)
        if all(values[name] <= SURELY_COVERED for name in CAUSES[COVERED]):
            return tuple(cause for cause in told if cause != COVERED) or told
        return told

    def _parts(self, measures: Measures) -> dict[str, float]:
        values = vars(measures)
        return {name: _between(knots, values[name]) for name, knots in self.knots.items()}

    def save(self, path: Path) -> None:
        """Write the penalty as JSON, without loss."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Penalty:
        """Read what ``save`` wrote."""
        entry = json.loads(path.read_text(encoding="utf-8"))
        knots = {
            name: tuple((float(x), float(y)) for x, y in points)
            for name, points in entry["knots"].items()
        }
        return cls(**entry | {"knots": knots})


def _between(knots: Knots, x: float) -> float:
    """As ``numpy.interp``, which takes ten times as long for one number."""
    if x <= knots[0][0]:
        return knots[0][1]
    for (left, low), (right, high) in pairwise(knots):
        if x < right:
            return low + (high - low) * (x - left) / (right - left)
    return knots[-1][1]
