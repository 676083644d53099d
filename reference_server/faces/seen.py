"""What the server detects in a photo, for the person who sent it.

It says no more than the answers do: which regions are covered, without the confidence.
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
    """What was detected; positions are shares of the width and height, from the top left.

    Attributes:
        turned: degrees counter-clockwise by which the picture was rotated upright.
        exif: whether its EXIF orientation was applied before.
        face: left, top, right and bottom of the compared face.
        other_faces: those of all other faces.
        landmarks: (x, y) of eyes, nose and corners of the mouth; empty if they are not found.
        covered: the covered regions.
        poor: the reasons why two photos like this one would not keep the documented rates.
        width: of the face, in pixels of the decoded picture.
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
    """What was detected around the chosen face of a photo."""
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
    """The landmarks, (5, 2), of the face in the center of a box, in pixels; None without one."""
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
