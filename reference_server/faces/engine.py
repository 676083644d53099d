"""Compares the faces in two photos: the server's one way into this package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reference_server.compute import ComputeThread
from reference_server.faces.alignment import Aligner
from reference_server.faces.detection.boxes import Box, Choice, largest
from reference_server.faces.detection.detectors import Detector, HogThenMtcnn
from reference_server.faces.occlusion import CHIP, Occlusion
from reference_server.faces.pictures import Pixels, shown, turned
from reference_server.faces.recognition.recogniser import (
    DEFAULT_MODEL,
    Recogniser,
    Templates,
    load_recogniser,
    require_known,
    templates,
)
from reference_server.faces.scoring.scorer import Scorer, load_scorer, require_map
from reference_server.pictures import Photo
from reference_server.refusals import FaceCovered, NoFaceFound
from reference_server.stages import Stages


@dataclass(frozen=True, eq=False)
class Face:
    """A face as the recogniser wants it, where it was, and the picture it was in, upright."""

    chip: Pixels
    box: Box
    picture: Pixels


@dataclass(eq=False, kw_only=True)
class Engine:
    """A loaded model with everything around it; call it from any thread, before or after a fork.

    ``choice`` picks the face when a photo shows several.
    """

    detector: Detector
    aligner: Aligner
    recogniser: Recogniser
    scorer: Scorer
    occlusion: Occlusion
    choice: Choice = largest

    def __post_init__(self) -> None:
        self._thread = ComputeThread()

    @property
    def calibrated(self) -> bool:
        """Whether the scores claim the error rates of the contract."""
        return self.scorer.score_map.calibrated

    def compare(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
        stages: Stages | None = None,
    ) -> float:
        """The score in [0, 1]; the same, to the last bit, whichever photo comes first.

        ``stages``, if given, is told what each stage cost.

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
        if check_quality:
            with stages.time("quality"):
                self._refuse_covered(faces)
        with stages.time("embed"):
            # In an order of their own, so that a swap of the photos cannot change a bit.
            first, second = self.embed(sorted((face.chip for face in faces), key=bytes))
        with stages.time("score"):
            return self.scorer.score(first, second)

    def _numbered(self, index: int, photo: Photo, auto_rotate: bool, stages: Stages) -> Face:
        try:
            return self.find(photo, auto_rotate=auto_rotate, stages=stages)
        except NoFaceFound as finding:
            finding.photo = index
            raise

    def _refuse_covered(self, faces: Sequence[Face]) -> None:
        for index, face in enumerate(faces):
            if regions := self.covered(face):
                raise FaceCovered(index, regions)

    def find(self, photo: Photo, *, auto_rotate: bool = False, stages: Stages) -> Face:
        """The face to compare; to be called in the thread that computes."""
        with stages.time("detect"):
            pixels, boxes = self._detect(photo, auto_rotate)
        if not boxes:
            raise NoFaceFound
        height, width = pixels.shape[:2]
        box = self.choice(boxes, (width, height))
        with stages.time("align"):
            return Face(self.aligner.chip(pixels, box, self.recogniser.recipe), box, pixels)

    def covered(self, face: Face) -> tuple[str, ...]:
        """The covered regions of a face; to be called in the thread that computes."""
        if self.recogniser.recipe == CHIP:
            return self.occlusion.covered(face.chip)
        return self.occlusion.covered(self.aligner.chip(face.picture, face.box, CHIP))

    def _detect(self, photo: Photo, auto_rotate: bool) -> tuple[Pixels, list[Box]]:
        if not auto_rotate:
            return photo.pixels, self.detector.find(photo.pixels)
        pixels = shown(photo.pixels, photo.orientation)
        turns, boxes = self.detector.find_upright(pixels)
        return turned(pixels, turns), boxes

    def embed(self, chips: Sequence[Pixels]) -> Templates:
        """One template a chip."""
        return templates(self.recogniser, chips)


def load_engine(
    model: str = DEFAULT_MODEL, *, uncalibrated: bool = False, detector: Detector | None = None
) -> Engine:
    """A model of DeepFace by its name, ready to compare.

    Raises:
        ModelError: DeepFace has no such model, its weights are missing or wrong, or it has no
            score map and ``uncalibrated`` is not set.
    """
    require_known(model)
    if not uncalibrated:
        require_map(model)
    recogniser = load_recogniser(model)
    return Engine(
        detector=detector or HogThenMtcnn(),
        aligner=Aligner(),
        recogniser=recogniser,
        scorer=load_scorer(recogniser),
        occlusion=Occlusion(),
    )
