"""Converts two templates into a score."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reference_server.faces.errors import OWN_FILES, NoScoreMapError, WeightsError, reading
from reference_server.faces.recognition.recogniser import Recogniser, Templates
from reference_server.faces.scoring.cohort import Cohort
from reference_server.faces.scoring.penalty import Penalty
from reference_server.faces.scoring.score_map import ScoreMap, uncalibrated_map
from reference_server.faces.weights import RECOGNISER

SHIPPED = Path(__file__).resolve().parents[2] / "models"
FP32 = "fp32"
"""The folder in ``SHIPPED`` of what was fitted to dlib's weights as they are."""


@dataclass(frozen=True, eq=False)
class Scorer:
    """The score map of a model, the cohort that normalizes its similarities, and the penalty."""

    score_map: ScoreMap
    cohort: Cohort | None = None
    penalty: Penalty | None = None

    def score(self, first: Templates, second: Templates, cost: float = 0.0) -> float:
        """The score in [0, 1] of two unit vectors, each of shape (D,); the same in both orders.

        ``cost`` is subtracted from their normalized similarity.
        """
        cosine = np.dot(first.astype(np.float64), second.astype(np.float64))
        similarity = float(np.clip(cosine, -1, 1))
        if self.cohort:
            similarity = self.cohort.similarity(first, second, similarity) - cost
        return float(self.score_map.scores(similarity))


def require_map(model: str, folder: Path | None = None) -> None:
    """Check that a model has a score map, in a folder or among those shipped.

    Raises:
        NoScoreMapError: there is none.
    """
    if not _map_file(model, folder or SHIPPED).exists():
        raise NoScoreMapError(
            f"{model} has no score map, so its scores promise no error rates: make one with "
            "`verikit fit`, or serve it with --uncalibrated"
        )


def load_scorer(recogniser: Recogniser, folder: Path | None = None) -> Scorer:
    """Load the scorer of a model, from a folder or as shipped; without a map it claims no rates.

    Raises:
        WeightsError: a file is damaged or was fitted with other weights.
    """
    path = _map_file(recogniser.name, folder or shipped(recogniser))
    if not path.exists():
        return Scorer(uncalibrated_map(recogniser.name))
    remedy = "run `verikit fit`" if folder else OWN_FILES
    with reading(path, remedy):
        score_map = ScoreMap.load(path)
    if score_map.weights != recogniser.digest:
        other = " or add --precision fp32" if score_map.weights == RECOGNISER.sha256 else ""
        raise WeightsError(
            f"{path} was fitted to {recogniser.name} with other weights: run `verikit fit`{other}"
        )
    if not score_map.normalised:
        return Scorer(score_map)
    vectors = path.with_suffix(".npz")
    with reading(vectors, remedy):
        cohort = Cohort.load(vectors)
    return Scorer(score_map, cohort, _penalty(recogniser))


def _penalty(recogniser: Recogniser) -> Penalty | None:
    """The one shipped: its unit depends on the model, and hardly on the people of a cohort."""
    folder = shipped(recogniser)
    if not _map_file(recogniser.name, folder).exists():
        return None
    path = folder / f"{recogniser.name}-penalty.json"
    with reading(path, OWN_FILES):
        penalty = Penalty.load(path)
    return penalty if penalty.weights == recogniser.digest else None


def shipped(recogniser: Recogniser) -> Path:
    """The folder of what was fitted to a model for shipping."""
    return SHIPPED / FP32 if recogniser.digest == RECOGNISER.sha256 else SHIPPED


def _map_file(model: str, folder: Path) -> Path:
    return folder / f"{model}.json"
