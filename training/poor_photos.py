"""Kinds of poor photos, made out of good ones of 250 pixels: to fit what they cost a score, and
others to judge that by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from reference_server.faces.detection.boxes import Box

Change = Callable[[Image.Image, Box], Image.Image]
"""Makes a photo poor, given where the face is in it."""
Values = NDArray[np.float32]
Colour = tuple[int, int, int]
LANCZOS, BOX, NEAREST = (
    Image.Resampling.LANCZOS,
    Image.Resampling.BOX,
    Image.Resampling.NEAREST,
)


def of_values(change: Callable[[Values, np.random.Generator], NDArray[Any]]) -> Change:
    """A change of the values; whatever is random in it depends on the photo alone."""

    def made(image: Image.Image, _: Box) -> Image.Image:
        values = np.asarray(image, np.float32)
        rng = np.random.default_rng(int(values.sum()))
        return Image.fromarray(np.clip(change(values, rng), 0, 255).astype(np.uint8))

    return made


def in_turn(*changes: Change) -> Change:
    """One change after the other."""

    def made(image: Image.Image, box: Box) -> Image.Image:
        for change in changes:
            image = change(image, box)
        return image

    return made


def blurred(radius: float) -> Change:
    """As by a lens out of focus, softly."""
    return lambda image, _: image.filter(ImageFilter.GaussianBlur(radius))


def defocused(radius: int) -> Change:
    """As by a lens out of focus: each point a disc."""
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return _filtered(rows**2 + columns**2 <= radius**2 + 0.5)


def smeared(length: int, degrees: float) -> Change:
    """As by a camera that moved along a line."""
    kernel = np.zeros((2 * length + 1, 2 * length + 1))
    along = np.linspace(-length / 2, length / 2, 8 * length)
    angle = np.radians(degrees)
    rows = np.round(length + along * np.sin(angle)).astype(int)
    columns = np.round(length + along * np.cos(angle)).astype(int)
    np.add.at(kernel, (rows, columns), 1)
    return _filtered(kernel)


def _filtered(weights: NDArray[np.generic]) -> Change:
    kernel = (weights / weights.sum()).astype(np.float32)
    return of_values(lambda v, _: cv2.filter2D(v, -1, kernel, borderType=cv2.BORDER_REPLICATE))


def calmed(side: int) -> Change:
    """As by a camera that takes noise away, and detail with it."""
    return lambda image, _: Image.fromarray(cv2.medianBlur(np.asarray(image), side))


def reduced(
    side: int, method: Image.Resampling = LANCZOS, enlarged: Image.Resampling | None = None
) -> Change:
    """Of so few pixels; ``enlarged``: by this method, to the pixels that it had."""

    def made(image: Image.Image, _: Box) -> Image.Image:
        small = image.resize((side, side), method)
        return small if enlarged is None else small.resize(image.size, enlarged)

    return made


def compressed(quality: int, form: str = "JPEG") -> Change:
    """Compressed so far."""

    def made(image: Image.Image, _: Box) -> Image.Image:
        file = BytesIO()
        image.save(file, form, quality=quality)
        return Image.open(file).convert("RGB")

    return made


def dim(gain: float, photons: float) -> Change:
    """By so little light that single photons count, then brightened; white is so many photons."""

    def change(values: Values, rng: np.random.Generator) -> NDArray[Any]:
        counted = rng.poisson(values * gain / 255 * photons) / photons * 255
        return (counted + rng.normal(0, 2, values.shape)) / gain * 0.6

    return of_values(change)


def specked(share: float) -> Change:
    """With so many pixels black or white."""

    def change(values: Values, rng: np.random.Generator) -> NDArray[Any]:
        specks = rng.integers(0, 2, values.shape[:2])[..., None] * 255.0
        return np.where(rng.random(values.shape[:2])[..., None] < share, specks, values)

    return of_values(change)


def grainy(spread: float) -> Change:
    """With noise of its own in each channel."""
    return of_values(lambda values, rng: values + rng.normal(0, spread, values.shape))


def sensed(spread: float) -> Change:
    """As by a noisy sensor, whose pixels see one color each, a Bayer pattern; the missing colors
    are interpolated."""

    def change(values: Values, rng: np.random.Generator) -> Values:
        raw = values[..., 1].copy()
        raw[::2, ::2], raw[1::2, 1::2] = values[::2, ::2, 0], values[1::2, 1::2, 2]
        raw += rng.normal(0, spread, raw.shape) * (0.5 + raw / 255)
        sensor = np.clip(raw, 0, 255).astype(np.uint8)
        return cv2.cvtColor(sensor, cv2.COLOR_BayerRGGB2RGB).astype(np.float32)

    return of_values(change)


def brightened(gain: float, offset: float = 0) -> Change:
    """Lighter, or darker where the gain is below 1."""
    return of_values(lambda values, _: values * gain + offset)


def flattened(share: float) -> Change:
    """With so much of its contrast."""
    return of_values(lambda values, _: (values - 128) * share + 128)


def grey(image: Image.Image, _: Box) -> Image.Image:
    """Without color."""
    return image.convert("L").convert("RGB")


def painted(colour: Colour, *outlines: Sequence[tuple[float, float]]) -> Change:
    """With areas painted over, whose corners are in widths and heights of the face."""

    def made(image: Image.Image, box: Box) -> Image.Image:
        image = image.copy()
        for outline in outlines:
            corners = [(box.left + x * box.width, box.top + y * box.width) for x, y in outline]
            ImageDraw.Draw(image).polygon(corners, fill=colour)
        return image

    return made


def masked(colour: Colour, top: float = 0.5) -> Change:
    """From the nose to the chin."""
    sides = [(0.05, top), (0.5, top - 0.08), (0.95, top)]
    return painted(colour, [*sides, (0.85, 0.95), (0.5, 1.08), (0.15, 0.95)])


def shaded(colour: Colour, width: float = 0.17, height: float = 0.125) -> Change:
    """Behind dark glasses."""
    around = np.linspace(0, 2 * np.pi, 24)
    lenses = [
        [(x + width * np.cos(a), 0.295 + height * np.sin(a)) for a in around] for x in (0.3, 0.7)
    ]
    return painted(colour, *lenses, [(0.3, 0.24), (0.7, 0.24), (0.7, 0.27), (0.3, 0.27)])


def barred(left: float, top: float, right: float, bottom: float, colour: Colour) -> Change:
    """Behind a rectangle."""
    return painted(colour, [(left, top), (right, top), (right, bottom), (left, bottom)])


GOOD = "as it is"
DARK: dict[str, Change] = {
    GOOD: lambda image, _: image,
    **{f"dark {gain}": brightened(float(f"0{gain}")) for gain in (".1", ".15", ".3")},
}
KINDS: dict[str, Change] = {
    **DARK,
    "grey": grey,
    **{f"blur {radius}": blurred(radius) for radius in (1, 1.5, 2.5, 3.5, 5)},
    **{f"disc {radius}": defocused(radius) for radius in (3, 5, 8)},
    **{
        f"smear {length} at {degrees}": smeared(length, degrees)
        for length, degrees in (
            (7, 30),
            (9, 0),
            (11, 90),
            (13, 120),
            (13, 45),
            (15, 5),
            (19, 70),
            (23, 150),
        )
    },
    "80 pixels": reduced(80, BOX),
    "56 pixels": reduced(56, Image.Resampling.BICUBIC),
    "40 pixels": reduced(40),
    "56 pixels, enlarged": reduced(56, BOX, Image.Resampling.BICUBIC),
    "36 pixels, enlarged": reduced(36, Image.Resampling.BILINEAR, Image.Resampling.BILINEAR),
    "mosaic of 60": reduced(60, BOX, NEAREST),
    "mosaic of 40": reduced(40, BOX, NEAREST),
    **{f"JPEG {quality}": compressed(quality) for quality in (3, 7, 14)},
    "90 pixels, JPEG 8": in_turn(reduced(90), compressed(8)),
    "64 pixels, JPEG 12": in_turn(reduced(64), compressed(12)),
    "40 pixels, JPEG 30": in_turn(reduced(40), compressed(30)),
    "70 pixels, WebP 5": in_turn(reduced(70), compressed(5, "WEBP")),
    "blur 3, JPEG 20": in_turn(blurred(3), compressed(20)),
    **{f"noise {spread}": grainy(spread) for spread in (15, 25, 45)},
    "blur 2, noise 12": in_turn(blurred(2), grainy(12)),
    "blur 3, noise 20": in_turn(blurred(3), grainy(20)),
    "dim": dim(0.2, 60),
    "dimmer": dim(0.15, 25),
    "specked": specked(0.05),
    "dark .2, noise 4": in_turn(brightened(0.2), grainy(4)),
    "over-exposed 1.7": brightened(1.7, 10),
    "over-exposed 2.5": brightened(2.5, 30),
    "contrast .15": flattened(0.15),
    "contrast .35": flattened(0.35),
    "calmed": calmed(7),
    "white mask": masked((230, 230, 230)),
    "dark mask": masked((40, 40, 60), 0.48),
    "low mask": masked((120, 160, 200), 0.66),
    "brown glasses": shaded((60, 40, 30), 0.19, 0.14),
    "black glasses": shaded((5, 5, 5), 0.15, 0.11),
    "hand": barred(0.2, 0.66, 0.8, 1.0, (180, 130, 105)),
    "bar over the eyes": barred(0.0, 0.17, 1.0, 0.42, (0, 0, 0)),
}

CONDITIONS: dict[str, Change] = {
    "as they are": lambda image, _: image,
    "100 px": reduced(100),
    "64 px": reduced(64),
    "48 px": reduced(48),
    "blur 2 px": blurred(2),
    "blur 3 px": blurred(3),
    "blur 4 px": blurred(4),
    "motion 11 px": smeared(11, 0),
    "JPEG quality 10": compressed(10),
    "JPEG quality 5": compressed(5),
    "dark": brightened(0.2),
    "over-exposed": brightened(2.2, 20),
    "low contrast": flattened(0.25),
    "noise": grainy(30),
    "grey": grey,
    "masked": masked((150, 190, 215)),
    "sunglasses": shaded((15, 15, 15)),
}
"""What benchmarks/faces/poor_photos.py judges by; nothing but "grey" is fitted to."""
