"""Cuts a face out upright: dlib's five landmarks, then dlib's chip."""

from __future__ import annotations

from dataclasses import dataclass

import dlib
import numpy as np
from numpy.typing import NDArray

from reference_server.faces import weights
from reference_server.faces.boxes import Box
from reference_server.faces.pictures import Pixels


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model wants its faces: side of the square chip in pixels, margin around the face."""

    side: int
    padding: float


class Aligner:
    """dlib's predictor of five landmarks: the corners of both eyes and the base of the nose."""

    def __init__(self) -> None:
        weights.LANDMARKS.read()  # checks the content; dlib reads the file itself
        self._predictor = dlib.shape_predictor(str(weights.LANDMARKS.path()))

    def chip(self, pixels: Pixels, box: Box, recipe: Recipe) -> Pixels:
        """The face as uint8 RGB of shape (side, side, 3)."""
        points = self._predictor(pixels, _rectangle(box))
        chip = dlib.get_face_chip(pixels, points, size=recipe.side, padding=recipe.padding)
        return np.asarray(chip, np.uint8)

    def landmarks(self, pixels: Pixels, box: Box) -> NDArray[np.float64]:
        """x and y of the five landmarks, shape (5, 2)."""
        points = self._predictor(pixels, _rectangle(box)).parts()
        return np.array([(point.x, point.y) for point in points], np.float64)


def _rectangle(box: Box) -> dlib.rectangle:
    return dlib.rectangle(*(round(x) for x in (box.left, box.top, box.right, box.bottom)))
