"""Whole photos of kinds that are seldom met; most of them should be read."""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image

from tests.hostile import png
from tests.hostile.files import FORMATS, converted, saved
from tests.hostile.pictures import picture

ANIMATED = ("GIF", "PNG", "TIFF", "MPO")
MODES = {
    "JPEG": ("L", "RGB", "CMYK"),
    "PNG": ("1", "L", "LA", "I;16", "P", "RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB"),
    "TIFF": ("1", "L", "LA", "F", "I", "I;16", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"),
}


def _animated(dice: Random) -> bytes:
    """GIF, animated PNG, TIFF of several pages, JPEG of several pictures."""
    frames = [picture(dice) for _ in range(dice.choice((2, 3, 12)))]
    kind = dice.choice(ANIMATED)
    how = {} if kind in {"TIFF", "MPO"} else {"duration": dice.choice((0, 1, 65535))}
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], **how)


def _modes(dice: Random) -> bytes:
    """Every kind of pixel in every format that takes it."""
    kind = dice.choice(FORMATS)
    return in_mode(dice, kind, dice.choice(MODES[kind]))


def in_mode(dice: Random, kind: str, mode: str) -> bytes:
    """A picture with one kind of pixel."""
    image = (
        picture(dice).convert("P").convert("PA") if mode == "PA" else converted(picture(dice), mode)
    )
    return saved(image, kind)


def _palettes(dice: Random) -> bytes:
    """Few colours, and pixels that name colours beyond them."""
    image = picture(dice).quantize(dice.choice((1, 2, 3, 16, 255)))
    kind = dice.choice(("PNG", "BMP", "GIF", "TIFF"))
    image.putpalette((image.getpalette() or [])[: 3 * dice.choice((1, 2, 8))])
    transparent = {"transparency": dice.choice((0, 200))} if kind in {"PNG", "GIF"} else {}
    return saved(image, kind, **transparent)


def _sixteen_bits(dice: Random) -> bytes:
    """Two bytes a sample: grey, RGB, RGBA, in PNG as in TIFF."""
    levels = np.asarray(picture(dice)).astype(">u2") * dice.choice((1, 256, 257))
    if dice.random() < 0.3:
        grey = Image.fromarray(levels[:, :, 0].astype("<u2"))
        return saved(grey, dice.choice(("PNG", "TIFF")))
    height, width, _ = levels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in levels)
    return png.file(png.header(width, height, depth=16), rows)


def _interlaced(dice: Random) -> bytes:
    """Adam7 with the rows of all passes, or with too few."""
    side, depth = dice.choice((1, 5, 32, 40)), dice.choice((1, 2, 4, 8))
    rows = bytes(dice.choice((side * side * 2, side * side // 2)) + 64)
    return png.file(png.header(side, side, depth, colour=0, interlace=1), rows)


def _sides(dice: Random) -> bytes:
    """Sides at the limits, narrow ones, single pixels."""
    size = (dice.choice((1, 2, 31, 32, 33, 4096, 4097)), dice.choice((1, 31, 32, 40)))
    size = dice.choice((size, (size[1], size[0])))
    image = Image.new("RGB", size, dice.choice(("grey", "white", "black")))
    return saved(image, dice.choice(FORMATS))


KINDS = {
    "unusual: animated": _animated,
    "unusual: modes": _modes,
    "unusual: palettes": _palettes,
    "unusual: 16 bits": _sixteen_bits,
    "unusual: interlaced": _interlaced,
    "unusual: sides": _sides,
}
