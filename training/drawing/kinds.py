"""Photos to judge the network by: each kind makes one out of a photo of a bare face."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from training.drawing import harmless, occluders, unseen_occluders
from training.drawing.frame import Frame
from training.drawing.paint import over
from training.drawing.samples import Pixels
from training.drawing.scene import Drawing, Scene

Change = Callable[[Image.Image], Image.Image]


def _jpeg(quality: int) -> Change:
    def change(image: Image.Image) -> Image.Image:
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer)

    return change


def _gamma(power: float) -> Change:
    return lambda image: image.point([round(255 * (i / 255) ** power) for i in range(256)] * 3)


def _smaller(side: int) -> Change:
    return lambda image: ImageOps.contain(image, (side, side), Image.Resampling.LANCZOS)


def _tilted(angle: float) -> Change:
    return lambda image: image.rotate(angle, Image.Resampling.BICUBIC)


PLAIN: dict[str, Change] = {
    "as it is": lambda image: image,
    "grey": lambda image: image.convert("L"),
    "125 pixels": _smaller(125),
    "90 pixels": _smaller(90),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "JPEG quality 15": _jpeg(15),
    "dark": _gamma(2),
    "bright": _gamma(0.5),
    "tilted 15 degrees": _tilted(15),
    "tilted 30 degrees": _tilted(30),
}
HARMLESS = harmless.KINDS
SEEN, UNSEEN = occluders.KINDS, unseen_occluders.KINDS


def changed(change: Change, photo: Pixels) -> Pixels:
    """The photo after a plain change."""
    return np.asarray(change(Image.fromarray(photo)).convert("RGB"))


def drawn(
    drawing: Drawing, rng: np.random.Generator, photo: Pixels, frame: Frame, others: list[Pixels]
) -> tuple[Pixels, float]:
    """The photo with something drawn on it, and the covered share of the most covered region."""
    picture = photo.astype(np.float32)
    scene = Scene(rng=rng, frame=frame, photo=picture, others=others)
    picture, hidden = over(picture, drawing(scene))
    shares = [(hidden > 0.5)[region > 0.5].mean() for region in frame.regions().values()]
    return np.clip(picture, 0, 255).astype(np.uint8), float(np.nan_to_num(shares).max())
