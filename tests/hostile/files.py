"""Whole photo files in each way of writing each accepted format."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from tests.hostile.pictures import pictures

WRITINGS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "JPEG": (
        ("RGB", {}),
        ("RGB", {"progressive": True}),
        ("RGB", {"subsampling": 0, "restart_marker_blocks": 3}),
        ("L", {"optimize": True}),
        ("CMYK", {}),
        ("CMYK", {"progressive": True}),
    ),
    "PNG": (
        *((mode, {}) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
        ("P", {"bits": 4, "transparency": bytes(range(16))}),
        ("RGB", {"transparency": (0, 0, 0)}),
    ),
    "BMP": tuple((mode, {}) for mode in ("1", "L", "P", "RGB", "RGBA")),
    "GIF": (
        ("L", {}),
        ("P", {"interlace": False}),
        ("P", {"transparency": 3}),
        ("1", {}),
    ),
    "TIFF": (
        *((mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16")),
        *(
            ("RGB", {"compression": name})
            for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "lzma", "zstd")
        ),
        *(("1", {"compression": name}) for name in ("group3", "group4", "tiff_ccitt")),
        ("I;16", {"compression": "tiff_lzw"}),
        ("RGB", {"compression": "tiff_lzw", "tiffinfo": {317: 2}}),
        ("RGB", {"big_tiff": True}),
    ),
}
FORMATS = tuple(WRITINGS)


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    """The file that Pillow writes."""
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def converted(image: Image.Image, mode: str) -> Image.Image:
    """As Pillow does it; 16 bits are 257 times 8."""
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert(mode)


@cache
def whole_files(kind: str) -> tuple[bytes, ...]:
    """Every picture in every writing of a format."""
    return tuple(
        saved(converted(image, mode), kind, **how)
        for mode, how in WRITINGS[kind]
        for image in pictures()
    )


def whole(dice: Random, kind: str | None = None) -> bytes:
    """A whole file of a format, or of any."""
    return dice.choice(whole_files(kind or dice.choice(FORMATS)))
