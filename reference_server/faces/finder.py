"""Finds the face in a photo and cuts it out."""

from __future__ import annotations

from dataclasses import dataclass

from reference_server.faces.alignment import Aligner, Recipe
from reference_server.faces.detection.boxes import Box, Choice, largest
from reference_server.faces.detection.detectors import DEFAULT_DETECTOR, DETECTORS, Detector
from reference_server.faces.detection.low_confidence import LowConfidenceFaces
from reference_server.faces.detection.mtcnn import MtcnnDetector, load_networks
from reference_server.faces.occlusion import CHIP, Occlusion
from reference_server.faces.pictures import shown, turned
from reference_server.pictures import Photo, Pixels
from reference_server.refusals import NoFaceFound
from reference_server.stages import Stages


@dataclass(frozen=True, eq=False, kw_only=True)
class Face:
    """The chosen face of a photo, and all faces in it.

    Attributes:
        chip: the aligned face for the recogniser, uint8 RGB, shape (side, side, 3).
        box: the chosen face, in pixels of ``picture``.
        boxes: all faces, in pixels of ``picture``.
        picture: the upright photo, uint8 RGB, shape (height, width, 3).
        turns: the quarter turns counter-clockwise, after the EXIF orientation, that made it so.
    """

    chip: Pixels
    box: Box
    boxes: list[Box]
    picture: Pixels
    turns: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Finder:
    """Finds and aligns the face in a photo; for one thread at a time.

    ``mtcnn`` gives landmarks for the pose; ``choice`` picks one of several faces.
    """

    detector: Detector
    mtcnn: MtcnnDetector
    aligner: Aligner
    occlusion: Occlusion
    choice: Choice = largest

    def find(
        self, photo: Photo, recipe: Recipe = CHIP, *, auto_rotate: bool = False, stages: Stages
    ) -> Face:
        """The face to compare.

        Raises:
            NoFaceFound: there is none.
        """
        with stages.time("detect"):
            picture, turns, boxes = self._detect(photo, auto_rotate)
        if not boxes:
            raise NoFaceFound
        height, width = picture.shape[:2]
        box = self.choice(boxes, (width, height))
        with stages.time("align"):
            chip = self.aligner.chip(picture, box, recipe)
        return Face(chip=chip, box=box, boxes=boxes, picture=picture, turns=turns)

    def _detect(self, photo: Photo, auto_rotate: bool) -> tuple[Pixels, int, list[Box]]:
        if not auto_rotate:
            return photo.pixels, 0, self.detector.find(photo.pixels)
        pixels = shown(photo.pixels, photo.orientation)
        turns, boxes = self.detector.find_upright(pixels)
        return turned(pixels, turns), turns, boxes


def load_finder(detector: str = DEFAULT_DETECTOR) -> Finder:
    """Load a finder with one of ``DETECTORS``; its parts share each network.

    Raises:
        ModelError: weights are missing or damaged, or the detector is not installed.
    """
    networks, aligner, occlusion = load_networks(), Aligner(), Occlusion()
    mtcnn = MtcnnDetector(networks)
    low_confidence = LowConfidenceFaces(networks, aligner, occlusion)
    return Finder(
        detector=DETECTORS[detector](mtcnn, low_confidence),
        mtcnn=mtcnn,
        aligner=aligner,
        occlusion=occlusion,
    )
