"""From two templates to the score."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reference_server.faces.errors import OWN_FILES, NoScoreMapError, WeightsError, reading
from reference_server.faces.recognition.recogniser import Recogniser, Templates
from reference_server.faces.scoring.cohort import Cohort
from reference_server.faces.scoring.score_map import ScoreMap, uncalibrated_map

SHIPPED = Path(__file__).resolve().parents[2] / "models"


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


def require_map(model: str) -> None:
    """See that a score map is shipped for a model.

    Raises:
        NoScoreMapError: none is.
    """
    if not _map_file(model).exists():
        raise NoScoreMapError(
            f"{model} has no score map, so its scores promise no error rates: make one with "
            "`verikit fit`, or serve it with --uncalibrated"
        )


def load_scorer(recogniser: Recogniser) -> Scorer:
    """The shipped scorer of a model, or one that claims no error rates if none is shipped.

    Raises:
        WeightsError: the one shipped is damaged or was fitted with other weights.
    """
    path = _map_file(recogniser.name)
    if not path.exists():
        return Scorer(uncalibrated_map(recogniser.name))
    with reading(path, OWN_FILES):
        score_map = ScoreMap.load(path)
    if score_map.weights != recogniser.digest:
        raise WeightsError(
            f"{path} was fitted to {recogniser.name} with other weights: run `verikit fit`"
        )
    return Scorer(score_map, _cohort(path.with_suffix(".npz")) if score_map.normalised else None)


def _cohort(path: Path) -> Cohort:
    with reading(path, OWN_FILES):
        return Cohort.load(path)


def _map_file(model: str) -> Path:
    return SHIPPED / f"{model}.json"
