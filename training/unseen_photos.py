"""Kinds of poor photos to which nothing was fitted: overlays, filters, distortions, and noise of
other strengths and widths than in the fit.

benchmarks/faces/unseen_photos.py shows what the documented rates are worth for them.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reference_server.faces.detection.boxes import Box
from training.poor_photos import (
    BOX,
    LANCZOS,
    Change,
    Values,
    blurred,
    brightened,
    compressed,
    in_turn,
    of_values,
    sensed,
)

DARK = (20, 20, 25)
Grid = tuple[NDArray[np.float32], NDArray[np.float32]]


def rimmed(image: Image.Image, box: Box) -> Image.Image:
    """With glasses that have thick dark rims."""
    image, size = image.copy(), box.width
    draw, rim = ImageDraw.Draw(image), max(1, round(0.05 * size))
    for x in (0.3, 0.7):
        left, top = box.left + (x - 0.19) * size, box.top + 0.16 * size
        draw.ellipse((left, top, left + 0.38 * size, top + 0.28 * size), outline=DARK, width=rim)
    bridge = box.top + 0.27 * size
    draw.line((box.left + 0.46 * size, bridge, box.left + 0.54 * size, bridge), DARK, rim)
    return image


def watermarked(image: Image.Image, _: Box) -> Image.Image:
    """With rows of translucent words across the picture."""
    layer = Image.new("RGBA", image.size)
    draw, font = ImageDraw.Draw(layer), ImageFont.load_default(image.height // 10)
    for y in range(0, image.height, image.height // 7):
        draw.text((-(y % 40), y), "SPECIMEN SPECIMEN SPECIMEN", (255, 255, 255, 120), font)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def guilloche(image: Image.Image, _: Box) -> Image.Image:
    """Under the fine colored waves of an identity document's laminate."""
    rows, columns = _grid(image)
    waves = [
        np.sin(0.8 * columns + 10 * np.sin(rows / 15)),
        np.sin(0.8 * rows + 10 * np.sin(columns / 15)),
        np.sin(0.6 * (rows + columns)),
    ]
    return _picture(0.7 * _values(image) + 35 * (1 + np.stack(waves, axis=-1)))


def recaptured(image: Image.Image, box: Box) -> Image.Image:
    """Photographed from a screen whose red, green and blue subpixels cause moire."""
    width, height = image.size
    subpixels = _values(image.resize((3 * width, 3 * height), Image.Resampling.NEAREST))
    for channel in range(3):
        subpixels[:, [c for c in range(3 * width) if c % 3 != channel], channel] = 0
    subpixels[2::3] *= 0.4
    screen = blurred(1)(_picture(subpixels).rotate(3, Image.Resampling.BICUBIC), box)
    return brightened(3.6)(screen.resize(image.size, Image.Resampling.BILINEAR), box)


def halftone(image: Image.Image, _: Box) -> Image.Image:
    """Printed with black dots of different sizes."""
    large = image.convert("L").resize((3 * image.width, 3 * image.height), LANCZOS)
    rows, columns = _grid(large)
    across, down = (np.pi / 6 * (rows + sign * columns) for sign in (1, -1))
    dots = np.asarray(large, np.float32) > 127.5 * (1 + np.sin(across) * np.sin(down))
    printed = Image.fromarray((255 * dots).astype(np.uint8))
    return printed.resize(image.size, BOX).convert("RGB")


def _aged(values: Values, rng: np.random.Generator) -> Values:
    grey = 0.6 * values.mean(axis=2, keepdims=True) + 60
    sepia = grey * np.array([1, 0.85, 0.62], np.float32)
    return np.asarray(sepia + rng.normal(0, 10, (*values.shape[:2], 1)), np.float32)


def resized(width: float, height: float) -> Change:
    """Squeezed or stretched to these shares of its width and height."""

    def made(image: Image.Image, _: Box) -> Image.Image:
        return image.resize((round(image.width * width), round(image.height * height)), LANCZOS)

    return made


def wide_angle(image: Image.Image, _: Box) -> Image.Image:
    """With the barrel distortion of a camera close to the face."""
    rows, columns = _grid(image)
    y, x = rows / image.height * 2 - 1, columns / image.width * 2 - 1
    bulge = 0.8 * (1 + 0.8 * (x**2 + y**2))
    x, y = (1 + x * bulge) * image.width / 2, (1 + y * bulge) * image.height / 2
    moved = cv2.remap(np.asarray(image), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return Image.fromarray(moved)


def beautified(image: Image.Image, _: Box) -> Image.Image:
    """With the skin smoothed by an app."""
    pixels = np.asarray(image)
    for _pass in range(3):
        pixels = cv2.bilateralFilter(pixels, 11, 60, 7)
    return Image.fromarray(pixels)


def stylized(image: Image.Image, _: Box) -> Image.Image:
    """As if it were painted."""
    return Image.fromarray(cv2.stylization(np.asarray(image), sigma_s=30, sigma_r=0.4))


def _doubled(values: Values, _: np.random.Generator) -> Values:
    return np.asarray((values + np.roll(values, (4, 14), (0, 1))) / 2)


def _coarsely_grainy(values: Values, rng: np.random.Generator) -> Values:
    noise = rng.normal(0, 1, values.shape[:2]).astype(np.float32)
    grain = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2.5))
    return np.asarray(values + (30 / grain.std() * grain)[..., None])


def _dusty(values: Values, rng: np.random.Generator) -> NDArray[Any]:
    return np.where(rng.random(values.shape[:2])[..., None] < 0.06, np.float32(0), values)


def _interlaced(values: Values, _: np.random.Generator) -> Values:
    values = values.copy()
    values[::2] = np.roll(values[::2], 6, axis=1)
    return values


def _half_in_shadow(values: Values, _: np.random.Generator) -> Values:
    values = values.copy()
    values[:, : values.shape[1] // 2] *= 0.12
    return values


def _night(image: Image.Image, box: Box) -> Image.Image:
    """Brightened, then denoised by the camera."""
    grainy = of_values(lambda values, rng: 3.2 * (values / 4 + rng.normal(0, 12, values.shape)))
    noisy = np.asarray(grainy(image, box))
    return Image.fromarray(cv2.fastNlMeansDenoisingColored(noisy, None, 20, 20, 5, 11))


def _filmed(values: Values, rng: np.random.Generator) -> Values:
    """With grain in brightness, 1.5 pixels wide."""
    rows, columns = (round(side / 1.5) for side in values.shape[:2])
    noise = rng.normal(0, 1, (rows, columns))
    grain = np.asarray(cv2.resize(noise, values.shape[1::-1], interpolation=cv2.INTER_CUBIC))
    return np.asarray(values + (18 / grain.std() * grain)[..., None])


def _values(image: Image.Image) -> Values:
    return np.array(image, np.float32)


def _picture(values: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _grid(image: Image.Image) -> Grid:
    rows, columns = np.mgrid[: image.height, : image.width].astype(np.float32)
    return rows, columns


UNSEEN: dict[str, Change] = {
    "glasses with thick rims": rimmed,
    "watermark": watermarked,
    "laminate of a document": guilloche,
    "photographed from a screen": recaptured,
    "halftone print": halftone,
    "old print": in_turn(blurred(1.3), of_values(_aged)),
    "squeezed to 60% of the width": resized(0.6, 1),
    "squeezed to 66% of the height": resized(1, 0.66),
    "wide-angle distortion": wide_angle,
    "smoothed skin": beautified,
    "painting filter": stylized,
    "double exposure": of_values(_doubled),
    "coarse grain": of_values(_coarsely_grainy),
    "black specks": of_values(_dusty),
    "interlaced video": of_values(_interlaced),
    "denoised night photo": _night,
    "half in shadow": of_values(_half_in_shadow),
    "film grain": of_values(_filmed),
    "phone in poor light": in_turn(
        brightened(0.35), sensed(12), brightened(2.2), blurred(0.7), compressed(75)
    ),
}
