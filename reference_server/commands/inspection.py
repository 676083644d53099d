"""What the server detects in a photo, and why it may refuse it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference_server.faces.detection.boxes import Box
from reference_server.faces.detection.pose import Pose, pose_of
from reference_server.faces.engine import Engine
from reference_server.faces.occlusion import over_threshold
from reference_server.faces.pictures import grey
from reference_server.faces.seen import landmarks_of
from reference_server.pictures import Photo, Pixels
from reference_server.refusals import FaceCovered
from reference_server.stages import Stages

Corners = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """The face that is judged, the largest one, in pixels of the photo set upright.

    ``turned``: degrees counter-clockwise, after the EXIF orientation; ``landmarks``: eyes, nose,
    corners of the mouth, the picture's left ones first, empty if MTCNN finds none; ``pose``: None
    then; ``covered``: how surely, by region, above 0.5 refused; ``sharpness``: variance of the
    Laplacian of the aligned face; ``poor``: why the documented error rates would not hold for two
    photos like this one, if ``penalty`` were not subtracted from their similarity.
    """

    faces: int
    rectangle: Corners
    other_faces: tuple[Corners, ...]
    detector_confidence: float
    turned: int
    landmarks: tuple[tuple[int, int], ...]
    pose: Pose | None
    covered: dict[str, float]
    sharpness: float
    poor: tuple[str, ...]
    penalty: float
    answer: str


def inspected(
    photo: Photo, engine: Engine, *, auto_rotate: bool = True, check_quality: bool = True
) -> tuple[Inspection, Pixels]:
    """What a server sees in a request with these options, and the photo set upright.

    Raises:
        NoFaceFound: it shows no face.
    """
    face = engine.find(photo, auto_rotate=auto_rotate, stages=Stages())
    covered = engine.regions(face)
    points = landmarks_of(face.picture, face.box, engine.finder.mtcnn)
    found = Inspection(
        faces=len(face.boxes),
        rectangle=_corners(face.box),
        other_faces=tuple(_corners(other) for other in face.boxes if other is not face.box),
        detector_confidence=round(float(face.box.confidence), 3),
        turned=face.turns * 90,
        landmarks=() if points is None else tuple((round(x), round(y)) for x, y in points.tolist()),
        pose=None if points is None else pose_of(points),
        covered={name: round(share, 3) for name, share in covered.items()},
        sharpness=round(sharpness(face.chip), 1),
        poor=engine.poor(face, covered),
        penalty=round(engine.penalty(face, covered), 2),
        answer=_answer(over_threshold(covered) if check_quality else ()),
    )
    return found, face.picture


def _answer(regions: tuple[str, ...]) -> str:
    if not regions:
        return "compared"
    refusal = FaceCovered(None, regions)
    return f"{refusal.system_code.code} {refusal.message}"


def sharpness(chip: Pixels) -> float:
    """Variance of the Laplacian of the gray picture; the blurrier, the smaller."""
    light = np.asarray(grey(chip), np.float64)
    around = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:]
    return float((around - 4 * light[1:-1, 1:-1]).var())


def _corners(box: Box) -> Corners:
    return round(box.left), round(box.top), round(box.right), round(box.bottom)
