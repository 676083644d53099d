"""Detects upright faces with dlib's HOG detector on small gray copies of the picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reference_server.faces.detection.boxes import Box, largest, surest
from reference_server.faces.errors import OWN_FILES
from reference_server.faces.pictures import QUARTER_TURNS, grey, with_long_side
from reference_server.faces.weights import checked
from reference_server.pictures import Pixels

DETECTOR = Path(__file__).resolve().parents[2] / "models" / "frontal-faces.svm"
"""``dlib.get_frontal_face_detector()``, saved: dlib takes 0.3 s to decompress its own copy."""
SHA256 = "f3f7aa833fb4a14a46fc48689f45b98d85ef72d6dfaf8bdc012b7d3c522a5426"

LONG_SIDES = (320, 640, 1280)
"""Tried one after the other until a face is found: 80 pixels is the smallest face HOG sees."""
MOST_ENLARGED = 2.6
"""Beyond this enlargement HOG finds nothing more."""
SURELY_UPRIGHT = 0.5
"""A face found this surely in a photo as it stands does not lie on its side."""
NOT_ON_ITS_HEAD = 1.0
"""A face found this surely does not stand on its head either."""
HALF_TURN = 2

STEP = 6 / 5
"""From one level of dlib's pyramid of copies to the next smaller one."""
ORIGIN = 1.5
"""Pixels to the left of and above a level: the point from which dlib enlarges its boxes."""
WINDOW = 71
"""Just below the width in pixels, 72 or 80, of what dlib's detector takes for a face."""

Look = Callable[[NDArray[np.uint8]], list[Box]]
"""The faces in a gray picture of shape (height, width)."""


def dlib_look() -> Look:
    """dlib's frontal detector; it has internal state, so only one thread may use it at a time.

    Raises:
        WeightsError: its file is missing or damaged.
    """
    checked(DETECTOR, SHA256, OWN_FILES)  # dlib reads the file itself
    detector = dlib.fhog_object_detector(str(DETECTOR))

    def look(picture: NDArray[np.uint8]) -> list[Box]:
        found, scores, _ = detector.run(picture, 0)
        return [
            Box(r.left(), r.top(), r.right(), r.bottom(), score)
            for r, score in zip(found, scores, strict=True)
        ]

    return look


def without_largest_level(look: Look, picture: NDArray[np.uint8]) -> list[Box]:
    """The faces in the smaller levels of the pyramid: the same boxes in two thirds of the time.

    Faces narrower than 86 pixels are missing. dlib makes a level in the same way, and rounds a box
    to pixels of the picture: here that of the level, which is undone before it is enlarged.
    ``picture``: greys, shape (height, width).
    """
    height, width = picture.shape
    if min(height, width) < 2:
        return []
    return [
        _enlarged(box) for box in look(dlib.resize_image(picture, height * 5 // 6, width * 5 // 6))
    ]


def _enlarged(box: Box) -> Box:
    factor = STEP ** math.floor(math.log(box.width / WINDOW, STEP))

    def moved(place: float) -> float:
        at_level = round((place + ORIGIN) / factor - ORIGIN)
        enlarged = (at_level + ORIGIN) * factor * STEP - ORIGIN
        return math.trunc(enlarged + math.copysign(0.5, enlarged))

    return Box(
        moved(box.left),
        moved(box.top),
        moved(box.right),
        moved(box.bottom),
        box.confidence,
    )


@dataclass(frozen=True)
class _Copy:
    """A gray copy to look at.

    ``factor``: from it to the picture; ``is_whole``: whether ``look`` sees the smallest faces, too.
    """

    picture: Image.Image
    factor: float
    look: Look
    is_whole: bool = True

    def faces(self, turns: int = 0) -> list[Box]:
        """After quarter turns counter-clockwise; boxes in pixels of the whole picture."""
        picture = self.picture.transpose(QUARTER_TURNS[turns]) if turns else self.picture
        return [box.scaled(self.factor) for box in self.look(np.asarray(picture))]

    def tells(self, boxes: list[Box]) -> bool:
        """Whether these faces are the answer, or none is."""
        if self.is_whole or not boxes:
            return self.is_whole
        width, height = self.picture.size
        size = round(width * self.factor), round(height * self.factor)
        return largest(boxes, size).confidence >= SURELY_UPRIGHT


class HogDetector:
    """Detects faces at several scales, and in quarter turns."""

    def __init__(self, look: Look | None = None) -> None:
        self._look = look or dlib_look()

    def find(self, pixels: Pixels) -> list[Box]:
        """The faces at the first scale with any; empty if there is none."""
        for copy in self._copies(pixels):
            if (boxes := copy.faces()) and copy.tells(boxes):
                return boxes
        return []

    def find_upright(self, pixels: Pixels, others_see: Callable[[], int]) -> tuple[int, list[Box]]:
        """The quarter turns counter-clockwise with the highest confidence, and the faces then.

        HOG sometimes finds a face upside down. So a face of low confidence is compared with the
        other turns. That takes long in a large copy: if it shows no face as it stands, only one
        turn is tried, and in the largest copy none.

        Args:
            pixels: see :class:`Detector`.
            others_see: the turns in which another detector sees a face; asked only if the smallest
                copy shows none in any turn.
        """
        for copy in self._copies(pixels):
            found = {0: copy.faces()}
            if not copy.tells(found[0]):
                continue
            side, sureness = max(copy.picture.size), surest(found[0])
            if side == LONG_SIDES[-1]:
                is_on_its_head = others_see() == HALF_TURN
                enough = NOT_ON_ITS_HEAD if is_on_its_head else SURELY_UPRIGHT
                return 0, found[0] if sureness >= enough else []
            rivals = set(_rivals(sureness))
            if side > LONG_SIDES[0] and not found[0]:
                rivals &= {others_see()}
            for turns in rivals:
                found[turns] = copy.faces(turns)
            best = max(found, key=lambda turns: surest(found[turns]))
            if found[best]:
                return best, found[best]
        return 0, []

    def _copies(self, pixels: Pixels) -> Iterator[_Copy]:
        """In the order in which they are looked at."""
        picture = grey(pixels)
        first = with_long_side(picture, min(LONG_SIDES[0], max(picture.size)))
        yield _Copy(*first, partial(without_largest_level, self._look), is_whole=False)
        yield _Copy(*first, self._look)
        for side in LONG_SIDES[1:]:
            if side <= MOST_ENLARGED * max(picture.size):
                yield _Copy(*with_long_side(picture, side), self._look)


def _rivals(sureness: float) -> Iterable[int]:
    """The turns that a face found in the photo as it stands is to be compared with."""
    if sureness < SURELY_UPRIGHT:
        return QUARTER_TURNS
    return [HALF_TURN] if sureness < NOT_ON_ITS_HEAD else []
