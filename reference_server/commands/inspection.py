"""What the server detects in a photo, and why it may refuse it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference_server.faces.detection.boxes import Box
from reference_server.faces.detection.mtcnn import MtcnnDetector
from reference_server.faces.detection.pose import Pose, pose_of
from reference_server.faces.finder import load_finder
from reference_server.faces.occlusion import over_threshold
from reference_server.faces.pictures import grey
from reference_server.faces.seen import landmarks_of
from reference_server.pictures import Pixels
from reference_server.refusals import FaceCovered
from reference_server.request.photo import read_photo
from reference_server.stages import Stages
from verikit.contract import load_contract

Corners = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """The face that is judged, the largest one, in pixels of the photo set upright.

    ``turned``: degrees counter-clockwise, after the EXIF orientation; ``pose``: None where MTCNN
    finds no landmarks; ``covered``: how surely, by region, above 0.5 refused; ``sharpness``:
    variance of the Laplacian of the aligned face, 150 x 150 pixels.
    """

    faces: int
    rectangle: Corners
    other_faces: tuple[Corners, ...]
    detector_confidence: float
    turned: int
    pose: Pose | None
    covered: dict[str, float]
    sharpness: float
    answer: str


def inspected(file: bytes) -> tuple[Inspection, Pixels]:
    """What is seen with auto_rotate and check_quality, and the photo set upright.

    Raises:
        Refusal: the photo cannot be read, or shows no face.
    """
    photo = read_photo(file, load_contract().photo_standards)
    finder = load_finder()
    face = finder.find(photo, auto_rotate=True, stages=Stages())
    covered = finder.occlusion.regions(face.chip)
    found = Inspection(
        faces=len(face.boxes),
        rectangle=_corners(face.box),
        other_faces=tuple(_corners(other) for other in face.boxes if other is not face.box),
        detector_confidence=round(float(face.box.confidence), 3),
        turned=face.turns * 90,
        pose=_pose(face.picture, face.box, finder.mtcnn),
        covered={name: round(share, 3) for name, share in covered.items()},
        sharpness=round(sharpness(face.chip), 1),
        answer=_answer(over_threshold(covered)),
    )
    return found, face.picture


def _pose(picture: Pixels, box: Box, mtcnn: MtcnnDetector) -> Pose | None:
    points = landmarks_of(picture, box, mtcnn)
    return None if points is None else pose_of(points)


def _answer(regions: tuple[str, ...]) -> str:
    if not regions:
        return "compared"
    refusal = FaceCovered(None, regions)
    return f"{refusal.system_code.code} {refusal.message}"


def sharpness(chip: Pixels) -> float:
    """Variance of the Laplacian of the grey picture; the blurrier, the smaller."""
    light = np.asarray(grey(chip), np.float64)
    around = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:]
    return float((around - 4 * light[1:-1, 1:-1]).var())


def _corners(box: Box) -> Corners:
    return round(box.left), round(box.top), round(box.right), round(box.bottom)
