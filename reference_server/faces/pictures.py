"""Rotates and scales pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from reference_server.pictures import Pixels

QUARTER_TURNS = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}
"""Counter-clockwise, as ``numpy.rot90`` counts them."""

_EXIF: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, 3),
    7: lambda pixels: np.rot90(pixels.swapaxes(0, 1), 2),
    8: lambda pixels: np.rot90(pixels, 1),
}


def shown(pixels: Pixels, orientation: int) -> Pixels:
    """The picture rotated by its EXIF orientation (tag 0x0112); unknown values change nothing."""
    return np.ascontiguousarray(_EXIF[orientation](pixels)) if orientation in _EXIF else pixels


def turned(pixels: Pixels, turns: int) -> Pixels:
    """The picture after quarter turns counter-clockwise."""
    whole = np.ascontiguousarray(pixels).view("V3")[:, :, 0]  # pixels move faster than their bytes
    moved = np.ascontiguousarray(np.rot90(whole, turns))
    return moved.view(np.uint8).reshape(*moved.shape, 3)


def grey(pixels: Pixels) -> Image.Image:
    """A gray copy of the same size."""
    return Image.fromarray(pixels).convert("L")


def reduced(pixels: Pixels, side: int) -> tuple[Pixels, float]:
    """The picture with sides of at most ``side`` pixels, and old side / new side."""
    if max(pixels.shape) <= side:
        return pixels, 1.0
    picture, factor = with_long_side(Image.fromarray(pixels), side)
    return np.asarray(picture), factor


def with_long_side(picture: Image.Image, side: int) -> tuple[Image.Image, float]:
    """The picture scaled to a long side of ``side`` pixels, and old side / new side."""
    factor = max(picture.size) / side
    size = [max(1, round(length / factor)) for length in picture.size]
    method = Image.Resampling.BOX if factor > 1 else Image.Resampling.BILINEAR
    return picture.resize((size[0], size[1]), method), factor
