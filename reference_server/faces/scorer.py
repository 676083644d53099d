"""From two templates to the score."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reference_server.faces.cohort import Cohort
from reference_server.faces.errors import NoScoreMapError, WeightsError
from reference_server.faces.recogniser import Recogniser, Templates
from reference_server.faces.score_map import ScoreMap, uncalibrated_map

SHIPPED = Path(__file__).resolve().parent.parent / "models"


@dataclass(frozen=True, eq=False)
class Scorer:
    """The map of a model, and its cohort if the map was fitted to normalised similarities."""

    score_map: ScoreMap
    cohort: Cohort | None = None

    def score(self, first: Templates, second: Templates) -> float:
        """The score in [0, 1] of two unit vectors; the same whichever comes first."""
        cosine = similarity = float(np.clip(np.dot(first, second), -1, 1))
        if self.cohort:
            similarity = self.cohort.similarity(first, second, cosine)
        return float(self.score_map.scores(similarity, cosine))


def load_scorer(
    recogniser: Recogniser, *, uncalibrated: bool = False, folder: Path = SHIPPED
) -> Scorer:
    """The shipped scorer of a model, or one that claims no error rates.

    Raises:
        NoScoreMapError: none is shipped and ``uncalibrated`` is not set.
        WeightsError: the one shipped was fitted with other weights.
    """
    name = recogniser.name
    path, cohort = folder / f"{name}.json", folder / f"{name}.npz"
    if not path.exists():
        if not uncalibrated:
            raise NoScoreMapError(
                f"{name} has no score map, so its scores would claim no error rates: make one "
                "with `verikit fit`, or serve it openly so marked with --uncalibrated"
            )
        return Scorer(uncalibrated_map(name))
    score_map = ScoreMap.load(path)
    if score_map.weights != recogniser.digest:
        raise WeightsError(f"{path} was fitted to {name} with other weights: run `verikit fit`")
    return Scorer(score_map, Cohort.load(cohort) if cohort.exists() else None)
