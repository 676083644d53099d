"""Cuts many squares out of a picture at once, for the networks of a detector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]
Indices = NDArray[np.int64]

OUTSIDE = 127.5


class Patches:
    """Cuts boxes out of a picture as squares of ``side`` pixels; gray beyond the picture."""

    def __init__(self, picture: Image.Image, side: int) -> None:
        # A pixel is one number, as four bytes move faster than three.
        self._pixels = np.asarray(picture.convert("RGBX")).view(np.uint32).ravel()
        self._width, self._height = picture.size
        self._steps = np.linspace(0, 1, side, dtype=np.float32)

    def of(self, boxes: Array) -> Array:
        """Shape (N, side, side, 3), from 0 to 255."""
        left, right, rightness, beside = self._places(boxes[:, 0:1], boxes[:, 2:3], self._width)
        upper, lower, lowness, above = self._places(boxes[:, 1:2], boxes[:, 3:4], self._height)

        def row(rows: Indices) -> Array:
            first = rows[:, :, None] * self._width
            near, far = (self._colours(first + columns[:, None]) for columns in (left, right))
            return near + (far - near) * rightness[:, None, :, None]

        upper_row, lower_row = row(upper), row(lower)
        patches = upper_row + (lower_row - upper_row) * lowness[:, :, None, None]
        patches[above[:, :, None] | beside[:, None]] = OUTSIDE
        return patches

    def _places(
        self, start: Array, end: Array, length: int
    ) -> tuple[Indices, Indices, Array, NDArray[np.bool_]]:
        """The pixels before and after each place, how far it lies between, whether outside."""
        at = (start + (end - start) * self._steps) * (length - 1) / length
        inside = np.clip(at, 0, length - 1)
        before = np.floor(inside).astype(np.int64)
        between = (inside - before).astype(np.float32)
        return before, np.minimum(before + 1, length - 1), between, at != inside

    def _colours(self, places: Indices) -> Array:
        taken = self._pixels[places].view(np.uint8).reshape(*places.shape, 4)
        return taken[..., :3].astype(np.float32)
