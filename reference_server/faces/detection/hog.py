"""Detects upright faces with dlib's HOG detector on small gray copies of the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import dlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reference_server.faces.detection.boxes import Box, surest
from reference_server.faces.pictures import QUARTER_TURNS, grey, with_long_side
from reference_server.pictures import Pixels

LONG_SIDES = (320, 640, 1280)
"""Tried one after the other until a face is found: 80 pixels is the smallest face HOG sees."""
MOST_ENLARGED = 2.6
"""Beyond this enlargement HOG finds nothing more."""
SURELY_UPRIGHT = 0.5
"""A face found this surely in a photo as it stands does not lie on its side."""
NOT_ON_ITS_HEAD = 1.0
"""A face found this surely does not stand on its head either."""
HALF_TURN = 2


Look = Callable[[NDArray[np.uint8]], list[Box]]
"""The faces in a gray picture of shape (height, width)."""


def dlib_look() -> Look:
    """dlib's frontal detector; it has internal state, so only one thread may use it at a time."""
    detector = dlib.get_frontal_face_detector()

    def look(picture: NDArray[np.uint8]) -> list[Box]:
        found, scores, _ = detector.run(picture, 0)
        return [
            Box(r.left(), r.top(), r.right(), r.bottom(), score)
            for r, score in zip(found, scores, strict=True)
        ]

    return look


class HogDetector:
    """Detects faces at several scales, and in quarter turns."""

    def __init__(self, look: Look | None = None) -> None:
        self._look = look or dlib_look()

    def find(self, pixels: Pixels) -> list[Box]:
        """The faces at the first scale with any; empty if there is none."""
        for picture, factor in _scales(pixels):
            if boxes := self._at(picture, factor):
                return boxes
        return []

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """The quarter turns counter-clockwise with the highest confidence, and the faces then.

        HOG sometimes finds a face upside down. So a face of low confidence is compared with the
        other turns; at the largest scale, where these would take longest, it does not count.
        """
        for picture, factor in _scales(pixels):
            found = {0: self._at(picture, factor)}
            if max(picture.size) == LONG_SIDES[-1] and surest(found[0]) < SURELY_UPRIGHT:
                break
            for turns in _rivals(surest(found[0])):
                found[turns] = self._at(picture.transpose(QUARTER_TURNS[turns]), factor)
            best = max(found, key=lambda turns: surest(found[turns]))
            if found[best]:
                return best, found[best]
        return 0, []

    def _at(self, picture: Image.Image, factor: float) -> list[Box]:
        return [box.scaled(factor) for box in self._look(np.asarray(picture))]


def _rivals(sureness: float) -> Iterable[int]:
    """The turns that a face found in the photo as it stands is to be compared with."""
    if sureness < SURELY_UPRIGHT:
        return QUARTER_TURNS
    return [HALF_TURN] if sureness < NOT_ON_ITS_HEAD else []


def _scales(pixels: Pixels) -> Iterator[tuple[Image.Image, float]]:
    """Gray copies to look at, and the factor from each to the picture."""
    picture = grey(pixels)
    yield with_long_side(picture, min(LONG_SIDES[0], max(picture.size)))
    for side in LONG_SIDES[1:]:
        if side <= MOST_ENLARGED * max(picture.size):
            yield with_long_side(picture, side)
