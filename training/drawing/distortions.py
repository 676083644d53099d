"""What happens to a photo before it reaches a server: tilt, size, light, blur, compression."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from training.drawing.frame import Points, rotation
from training.drawing.paint import Picture, Rng


def distorted(rng: Rng, picture: Picture, points: Points) -> tuple[NDArray[np.uint8], Points]:
    """A photo as it may arrive, and where the given points are in it."""
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    image, points = _moved(rng, image, points)
    for change, share in (
        (_light, 0.6),
        (_grey, 0.12),
        (_blur, 0.2),
        (_sharp, 0.2),
        (_grain, 0.2),
        (_coarse, 0.2),
        (_jpeg, 0.6),
    ):
        if rng.random() < share:
            image = change(rng, image)
    return np.asarray(image), points


def _moved(rng: Rng, image: Image.Image, points: Points) -> tuple[Image.Image, Points]:
    angle = np.radians(rng.normal(0, 9) if rng.random() < 0.85 else rng.uniform(-40, 40))
    turn = rotation(angle) / rng.uniform(0.75, 1.3)
    centre = np.array(image.size) / 2
    shift = centre - centre @ turn + rng.normal(0, 6, 2)
    # Pillow asks for the way back: where each new pixel comes from.
    back = np.column_stack([turn.T, shift]).ravel()
    moved = image.transform(
        image.size, Image.Transform.AFFINE, tuple(back), Image.Resampling.BILINEAR
    )
    return moved, (points - shift) @ np.linalg.inv(turn)


def _light(rng: Rng, image: Image.Image) -> Image.Image:
    pixels = np.asarray(image, np.float32) / 255
    gains = np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.06, 3))
    pixels = np.clip(pixels ** np.exp(rng.normal(0, 0.35)) * gains, 0, 1)
    return Image.fromarray((pixels * 255).astype(np.uint8))


def _grey(_: Rng, image: Image.Image) -> Image.Image:
    return image.convert("L").convert("RGB")


def _blur(rng: Rng, image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.2)))


def _sharp(rng: Rng, image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(rng.uniform(0.7, 2), int(rng.integers(50, 250)), 0))


def _grain(rng: Rng, image: Image.Image) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    noisy = pixels + rng.normal(0, rng.uniform(2, 16), pixels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _coarse(rng: Rng, image: Image.Image) -> Image.Image:
    share = rng.uniform(0.25, 0.8)
    size = (round(image.width * share), round(image.height * share))
    small = image.resize(size, Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.BILINEAR)


def _jpeg(rng: Rng, image: Image.Image) -> Image.Image:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(10, 95)))
    return Image.open(buffer).convert("RGB")
