"""What the server sees in one photo, as whoever sent the photo is shown it.

It says no more than the answers do: which regions are covered, not how surely.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.detection.boxes import Box
from reference_server.faces.detection.mtcnn import MtcnnDetector
from reference_server.faces.finder import Face
from reference_server.pictures import Pixels

NEAR = 0.3  # of the face's width: how far its landmarks may be from the middle of its rectangle


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Places are shares of the picture's width and height, from 0 to 1, from the top left.

    ``turned``: degrees counter-clockwise by which the picture was set upright; ``exif``: whether
    its EXIF orientation was followed before; ``face``: left, top, right, bottom of the face that is
    compared; ``landmarks``: its eyes, nose and corners of the mouth, empty where they are not
    found; ``width``: of the face, in pixels of the picture as it was decoded; ``poor``: why the
    documented error rates would not hold for two photos like this one.
    """

    turned: int
    exif: bool
    face: Sequence[float]
    other_faces: Sequence[Sequence[float]]
    landmarks: Sequence[Sequence[float]]
    covered: Sequence[str]
    poor: Sequence[str]
    width: int


def seen(
    face: Face,
    covered: Sequence[str],
    poor: Sequence[str],
    mtcnn: MtcnnDetector,
    *,
    exif: bool,
) -> Seen:
    """The chosen face of a photo, and what is around it."""
    height, width = face.picture.shape[:2]
    points = landmarks_of(face.picture, face.box, mtcnn)
    return Seen(
        turned=face.turns * 90,
        exif=exif,
        face=_shares(face.box, width, height),
        other_faces=[_shares(one, width, height) for one in face.boxes if one is not face.box],
        landmarks=[] if points is None else _rounded(points / (width, height)),
        covered=covered,
        poor=poor,
        width=round(face.box.width),
    )


def landmarks_of(picture: Pixels, box: Box, mtcnn: MtcnnDetector) -> NDArray[np.float32] | None:
    """The five landmarks of the face in the middle of a box; None where there are none."""
    _, faces = mtcnn.detect(picture)
    for points in faces:
        apart = np.hypot(*(points.mean(axis=0) - box.centre))
        if apart < NEAR * box.width:
            return np.asarray(points)
    return None


def _shares(box: Box, width: int, height: int) -> list[float]:
    corners = (box.left / width, box.top / height, box.right / width, box.bottom / height)
    return [round(float(share), 4) for share in corners]


def _rounded(points: Iterable[Iterable[float]]) -> list[list[float]]:
    return [[round(float(share), 4) for share in point] for point in points]
