"""Chips that show no upright face: background, parts of a face, a face that lies on its side."""

from __future__ import annotations

import numpy as np

from reference_server.faces.detection.boxes import Box
from training.drawing.distortions import distorted
from training.drawing.frame import Frame
from training.drawing.paint import Picture
from training.drawing.samples import Maker, Pixels, square

LEAST_SHARE, MOST_SHARE = 0.08, 0.9  # of the photo's short side


def nothing(rng: np.random.Generator, maker: Maker, photo: Picture, frame: Frame) -> Pixels:
    """One such chip."""
    way = rng.random()
    if way < 0.35:
        other = maker.others[int(rng.integers(len(maker.others)))]
        return maker.cut(other, _anywhere(rng, other))
    pixels, corners = distorted(rng, photo, frame.on_photo([(0, 1), (1, 1), (0, 2)]))
    face = square(corners)
    if way < 0.7:
        return maker.cut(pixels, _off(rng, pixels, face))
    return _turned(rng, maker, pixels, face)


def _turned(rng: np.random.Generator, maker: Maker, pixels: Pixels, face: Box) -> Pixels:
    x, y = face.centre
    half = (face.right - face.left) / 2
    for _ in range(rng.integers(1, 4)):
        pixels, x, y = np.rot90(pixels), y, pixels.shape[1] - x
    x, y = rng.normal((x, y), 0.1 * half)
    return maker.cut(np.ascontiguousarray(pixels), Box(x - half, y - half, x + half, y + half, 0))


def _anywhere(rng: np.random.Generator, pixels: Pixels) -> Box:
    height, width = pixels.shape[:2]
    side = min(height, width) * np.exp(rng.uniform(np.log(LEAST_SHARE), np.log(MOST_SHARE)))
    left, top = (
        rng.uniform(-0.1 * side, width - 0.9 * side),
        rng.uniform(-0.1 * side, height - 0.9 * side),
    )
    return Box(left, top, left + side, top + side, 0)


def _off(rng: np.random.Generator, pixels: Pixels, face: Box) -> Box:
    """A box that has little in common with the face's."""
    while True:
        box = _anywhere(rng, pixels)
        width = min(box.right, face.right) - max(box.left, face.left)
        height = min(box.bottom, face.bottom) - max(box.top, face.top)
        common = max(width, 0) * max(height, 0)
        if common / (box.area + face.area - common) < 0.25:
            return box
