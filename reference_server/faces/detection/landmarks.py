"""From MTCNN's landmarks: the box that HOG would give, whether it is plausible, and its roll.

Landmarks have the shape (5, 2): eyes, nose, corners of the mouth, the left ones first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.detection.boxes import Box
from reference_server.faces.pictures import turned
from reference_server.pictures import Pixels

Array = NDArray[np.float32]

SIDE_PER_SPREAD = 5.43
"""HOG's square is centred on the landmarks and this many times as wide as they are spread (root
mean square of both directions): medians over 300 LFW photos that both detectors find."""

LARGE, SURE_WHEN_LARGE, SURE_WHEN_SMALL = 0.2, 0.9, 0.98
"""What MTCNN takes for a face in photos without people is small and unsure: in 480 cuts from such
photos none of 26 was wider than .13 of the long side or surer than .975; of 81 faces that
HOG misses (LFW and masked ones) 79 pass."""


def believable(boxes: Array, points: Array, long_side: int) -> list[Box]:
    """The faces that are large or certain enough.

    ``boxes``: MTCNN's, shape (N, 5); ``points``: landmarks, shape (N, 5, 2); ``long_side``: of the
    picture, in pixels.
    """
    found = [like_hog(*face) for face in zip(boxes[:, 4], points, strict=True)]
    return [box for box in found if box.confidence >= _sure_enough(box, long_side)]


def _sure_enough(box: Box, long_side: int) -> float:
    large = box.width >= LARGE * long_side
    return SURE_WHEN_LARGE if large else SURE_WHEN_SMALL


def like_hog(confidence: float, points: Array) -> Box:
    """The square that dlib's landmark predictor expects, from landmarks of shape (5, 2)."""
    x, y = points.mean(axis=0).tolist()
    half = SIDE_PER_SPREAD * math.sqrt(points.var(axis=0).mean()) / 2
    return Box(x - half, y - half, x + half, y + half, float(confidence), roll_of(points))


def roll_of(points: Array) -> float:
    """The roll of landmarks, (5, 2), in degrees clockwise: from the eyes' midpoint to the mouth."""
    x, y = points[3:].mean(axis=0) - points[:2].mean(axis=0)
    return math.degrees(math.atan2(-x, y))


def every_turn(pixels: Pixels) -> list[Pixels]:
    """The picture after 0 to 3 quarter turns counter-clockwise."""
    return [turned(pixels, turns) for turns in range(4)]


def most_upright(found: Sequence[Sequence[Box]]) -> int:
    """The quarter turns after which the most certain face is most upright; 0 without a face.

    ``found``: the faces after each number of quarter turns.
    """

    def uprightness(turns: int) -> float:
        rated = (box.confidence * math.cos(math.radians(box.roll)) for box in found[turns])
        return max(rated, default=-1e9)

    return max(range(len(found)), key=uprightness)
