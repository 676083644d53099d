"""Aligns a face: dlib's five landmarks, then dlib's chip."""

from __future__ import annotations

from dataclasses import dataclass

import dlib
import numpy as np
from PIL import Image

from reference_server.faces import weights
from reference_server.faces.detection.boxes import Box
from reference_server.pictures import Pixels


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The alignment of a model: the chip's side in pixels, and the margin around the face.

    ``padding`` is that of dlib's ``get_face_chip``.
    """

    side: int
    padding: float


LARGEST_ROLL = 25.0  # degrees; dlib's landmarks go astray on faces that are tilted further
SURROUNDINGS = 1.2  # half a side, in widths of the face: holds the chip's corners however turned


class Aligner:
    """dlib's predictor of five landmarks: the corners of both eyes and the base of the nose."""

    def __init__(self) -> None:
        weights.LANDMARKS.read()  # checks the content; dlib reads the file itself
        self._predictor = dlib.shape_predictor(str(weights.LANDMARKS.path()))

    def chip(self, pixels: Pixels, box: Box, recipe: Recipe) -> Pixels:
        """The aligned face: uint8 RGB, shape (side, side, 3)."""
        if abs(box.roll) > LARGEST_ROLL:
            pixels, box = _levelled(pixels, box)
        points = self._predictor(pixels, _rectangle(box))
        chip = dlib.get_face_chip(pixels, points, size=recipe.side, padding=recipe.padding)
        return np.asarray(chip, np.uint8)


def _levelled(pixels: Pixels, box: Box) -> tuple[Pixels, Box]:
    """The surroundings of a tilted face, turned until it stands upright, and the face in them."""
    (x, y), width = box.centre, box.width
    reach = round(SURROUNDINGS * width)
    corner = (round(x) - reach, round(y) - reach)
    cut = Image.fromarray(pixels).crop((*corner, corner[0] + 2 * reach, corner[1] + 2 * reach))
    level = np.asarray(cut.rotate(box.roll, Image.Resampling.BICUBIC))
    low, high = reach - width / 2, reach + width / 2
    return level, Box(low, low, high, high, box.confidence)


def _rectangle(box: Box) -> dlib.rectangle:
    return dlib.rectangle(*(round(x) for x in (box.left, box.top, box.right, box.bottom)))
