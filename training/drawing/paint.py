"""What things are painted with: colors, patterns and pieces of other photos."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from training.drawing.frame import Frame, Mask

Picture = NDArray[np.float32]
"""RGB from 0 to 255, shape (height, width, 3)."""
Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Layer:
    """A picture laid over a photo; ``mask`` says from 0 to 1 how much of it shows.

    A layer that does not ``cover`` (a shadow, clear glass, a beard) hides no part of the face.
    """

    mask: Mask
    picture: Picture
    covers: bool = True


def over(photo: Picture, layers: Sequence[Layer]) -> tuple[Picture, Mask]:
    """The photo with the layers on it, and how much of each pixel they cover."""
    free = np.ones(photo.shape[:2], np.float32)
    for layer in layers:
        photo = photo + (layer.picture - photo) * layer.mask[..., None]
        if layer.covers:
            free *= 1 - layer.mask
    return photo, 1 - free


def soft(mask: Mask, radius: float) -> Mask:
    """The mask with a blurred edge, the radius in pixels."""
    blurred = Image.fromarray((mask * 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(radius)
    )
    return np.asarray(blurred, np.float32) / np.float32(255)


def colour(rng: Rng, *, saturation: float = 1.0, value: tuple[float, float] = (0, 1)) -> Picture:
    """Any color, shape (3,)."""
    hsv = rng.random(), rng.random() * saturation, rng.uniform(*value)
    return np.array(colorsys.hsv_to_rgb(*hsv), np.float32) * 255


def cloth(rng: Rng, frame: Frame, base: Picture | None = None) -> Picture:
    """Plain, striped, checked, dotted or mottled, with folds of light."""
    base = colour(rng) if base is None else base
    picture = np.broadcast_to(base, (frame.size[1], frame.size[0], 3)).astype(np.float32)
    pattern = rng.choice(
        ["plain", "stripes", "checks", "dots", "mottle"], p=[0.5, 0.15, 0.1, 0.1, 0.15]
    )
    if pattern != "plain":
        share = _pattern(rng, frame, str(pattern))[..., None]
        picture = picture * (1 - share) + colour(rng) * share
    return lit(rng, frame, picture)


def lit(rng: Rng, frame: Frame, picture: Picture, depth: float = 0.35) -> Picture:
    """The picture under uneven light, with a little grain."""
    light = 1 + rng.uniform(0, depth) * (noise(rng, frame, rng.uniform(0.5, 3)) * 2 - 1)
    grain = rng.normal(0, rng.uniform(0, 6), picture.shape[:2])
    return np.clip(picture * light[..., None] + grain[..., None], 0, 255).astype(np.float32)


def noise(rng: Rng, frame: Frame, size: float) -> Mask:
    """Smooth noise from 0 to 1 with lumps of ``size`` units of the face."""
    width, height = frame.size
    step = max(2.0, size * frame.unit)
    cells = rng.random((max(2, int(height / step)), max(2, int(width / step)))).astype(np.float32)
    image = Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(np.clip(np.asarray(image), 0, 1), np.float32)


def _pattern(rng: Rng, frame: Frame, name: str) -> Mask:
    if name == "mottle":
        return (noise(rng, frame, rng.uniform(0.1, 0.6)) > rng.uniform(0.4, 0.6)).astype(np.float32)
    width, height = frame.size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    angle, wave = rng.uniform(0, np.pi), 2 * np.pi / (rng.uniform(0.15, 0.7) * frame.unit)
    first = np.sin((x * np.cos(angle) + y * np.sin(angle)) * wave)
    second = np.sin((y * np.cos(angle) - x * np.sin(angle)) * wave)
    shares = {"stripes": first, "checks": first * second, "dots": first + second - 0.8}
    return np.asarray(shares[name] > 0, np.float32)


def piece(rng: Rng, frame: Frame, others: Sequence[NDArray[np.uint8]]) -> Picture:
    """A part of another photo, as large as this one."""
    other = Image.fromarray(others[int(rng.integers(len(others)))])
    side = rng.uniform(0.3, 1) * min(other.size)
    left, top = (rng.uniform(0, length - side) for length in other.size)
    box = (left, top, left + side, top + side)
    cut = other.resize(frame.size, Image.Resampling.BILINEAR, box)
    return np.asarray(cut, np.float32)


def skin(rng: Rng, frame: Frame, photo: Picture) -> Picture:
    """A color near that of the cheeks, shape (3,)."""
    height, width = photo.shape[:2]
    spots = np.concatenate(
        [rng.uniform((-1.3, 0.7), (-0.8, 1.2), (9, 2)), rng.uniform((0.8, 0.7), (1.3, 1.2), (9, 2))]
    )
    at = np.clip(frame.on_photo(spots).astype(int), 0, (width - 1, height - 1))
    tone = np.median(photo[at[:, 1], at[:, 0]], axis=0)
    near = tone * rng.uniform(0.75, 1.25) * rng.uniform(0.95, 1.05, 3)
    return np.asarray(np.clip(near, 0, 255), np.float32)
