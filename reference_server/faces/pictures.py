"""Scaling pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""


def grey(pixels: Pixels) -> Image.Image:
    """A grey copy of the same size."""
    return Image.fromarray(pixels).convert("L")


def with_long_side(picture: Image.Image, side: int) -> tuple[Image.Image, float]:
    """The picture with its long side ``side`` pixels long, and the factor from it to the given."""
    factor = max(picture.size) / side
    size = [max(1, round(length / factor)) for length in picture.size]
    method = Image.Resampling.BOX if factor > 1 else Image.Resampling.BILINEAR
    return picture.resize((size[0], size[1]), method), factor
