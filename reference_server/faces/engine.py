"""Compares the faces in two photos: the server's one way into this package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reference_server.faces.align import Aligner
from reference_server.faces.boxes import Box, Choice, largest
from reference_server.faces.compute import ComputeThread
from reference_server.faces.detect import Detector, HogThenMtcnn
from reference_server.faces.errors import NoScoreMap
from reference_server.faces.pictures import Pixels
from reference_server.faces.recogniser import (
    DEFAULT_MODEL,
    Recogniser,
    Templates,
    load_recogniser,
    templates,
)
from reference_server.faces.score_map import ScoreMap, uncalibrated_map
from reference_server.faces.similarity import Similarity, cosine
from reference_server.faces.stages import Stages
from reference_server.photo import Photo
from reference_server.refusals import NoFaceFound

SHIPPED = Path(__file__).parent.parent / "models"


@dataclass(frozen=True, eq=False)
class Face:
    """A face as the recogniser wants it, and where it was."""

    chip: Pixels
    box: Box


class Engine:
    """A loaded model with everything around it; safe to call from any thread, before or after fork.

    ``score_map.calibrated`` tells whether its scores claim error rates.
    """

    def __init__(
        self,
        *,
        detector: Detector,
        aligner: Aligner,
        recogniser: Recogniser,
        similarity: Similarity,
        score_map: ScoreMap,
        choice: Choice = largest,
    ) -> None:
        self.recogniser = recogniser
        self.score_map = score_map
        self._detector = detector
        self._aligner = aligner
        self._similarity = similarity
        self._choice = choice
        self._thread = ComputeThread()

    def compare(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
        stages: Stages | None = None,
    ) -> float:
        """The score in [0, 1]; the same whichever photo comes first.

        Raises:
            NoFaceFound: with the index of the first photo that shows no face.
            FaceCovered: with the index of the first photo whose face is covered, if that is asked.
        """
        clock = stages or Stages()
        return self._thread.run(
            lambda: self._compare((first, second), auto_rotate, check_quality, clock)
        )

    def _compare(
        self, photos: Sequence[Photo], auto_rotate: bool, check_quality: bool, stages: Stages
    ) -> float:
        faces = [self._numbered(i, photo, auto_rotate, stages) for i, photo in enumerate(photos)]
        with stages.time("embed"):
            # In an order of their own, so that a swap of the photos cannot change a bit.
            first, second = self.embed(sorted((face.chip for face in faces), key=bytes))
        with stages.time("score"):
            return float(self.score_map.scores(self._similarity(first, second)))

    def _numbered(self, index: int, photo: Photo, auto_rotate: bool, stages: Stages) -> Face:
        try:
            return self.find(photo, auto_rotate=auto_rotate, stages=stages)
        except NoFaceFound as finding:
            finding.photo = index
            raise

    def find(self, photo: Photo, *, auto_rotate: bool = False, stages: Stages) -> Face:
        """The face to compare; call it only in the thread that computes."""
        pixels = photo.pixels
        with stages.time("detect"):
            boxes = self._detector.find(pixels)
        if not boxes:
            raise NoFaceFound
        height, width = pixels.shape[:2]
        box = self._choice(boxes, (width, height))
        with stages.time("align"):
            return Face(self._aligner.chip(pixels, box, self.recogniser.recipe), box)

    def embed(self, chips: Sequence[Pixels]) -> Templates:
        """One template a chip."""
        return templates(self.recogniser, chips)


def load_engine(
    model: str = DEFAULT_MODEL, *, uncalibrated: bool = False, detector: Detector | None = None
) -> Engine:
    """A model of DeepFace by its name, ready to compare.

    Raises:
        UnknownModel: DeepFace has no such model.
        NoScoreMap: no score map is shipped for it and ``uncalibrated`` is not set.
        WeightsError: its weights are missing, wrong or cannot be fetched.
    """
    score_map = _score_map(model, uncalibrated)
    return Engine(
        detector=detector or HogThenMtcnn(),
        aligner=Aligner(),
        recogniser=load_recogniser(model),
        similarity=cosine,
        score_map=score_map,
    )


def _score_map(model: str, uncalibrated: bool) -> ScoreMap:
    shipped = SHIPPED / f"{model}.json"
    if shipped.exists():
        return ScoreMap.load(shipped)
    if uncalibrated:
        return uncalibrated_map(model)
    raise NoScoreMap(
        f"{model} has no score map, so its scores would claim no error rates: fit one with "
        "`verikit fit`, or serve it openly so marked with --uncalibrated"
    )
