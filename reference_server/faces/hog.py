"""Finds upright faces with dlib's HOG detector on small grey copies of the picture."""

from __future__ import annotations

import dlib
import numpy as np
from PIL import Image

from reference_server.faces.boxes import Box
from reference_server.faces.pictures import Pixels, grey, with_long_side

LONG_SIDES = (320, 640, 1280)
"""Tried one after the other until a face is found: 80 pixels is the smallest face HOG sees."""
MOST_ENLARGED = 2.6
"""Beyond this enlargement HOG finds nothing more."""


class HogDetector:
    """One dlib detector; for one thread at a time, as dlib's detector keeps its state in it."""

    def __init__(self) -> None:
        self._detector = dlib.get_frontal_face_detector()

    def find(self, pixels: Pixels) -> list[Box]:
        """The faces at the first scale that shows any."""
        picture = grey(pixels)
        for side in LONG_SIDES:
            if side <= MOST_ENLARGED * max(picture.size) and (boxes := self.at(picture, side)):
                return boxes
        return []

    def at(self, picture: Image.Image, long_side: int, threshold: float = 0.0) -> list[Box]:
        """The faces in a grey picture looked at with one long side; boxes in its own pixels."""
        if long_side == LONG_SIDES[0]:
            long_side = min(long_side, max(picture.size))
        small, factor = with_long_side(picture, long_side)
        found, scores, _ = self._detector.run(np.asarray(small), 0, threshold)
        return [
            Box(r.left(), r.top(), r.right(), r.bottom(), score).scaled(factor)
            for r, score in zip(found, scores, strict=True)
        ]
