"""The TIFF files that Pillow and libtiff show rightly; of all others they make some picture.

(TIFF 6.0; of a strip that is damaged libtiff tells Pillow only with some compressions.)
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from typing import Any

import simplejpeg
from PIL import Image, _imaging
from PIL import TiffImagePlugin as Tag

from reference_server.request.jpeg import decode_undamaged, picture_of

SOUND = frozenset(
    {"raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "lzma", "zstd", "jpeg"}
)
"""The compressions whose damage is told, or found here."""

BITS = frozenset({1, 2, 4, 8, 16})
UNSIGNED = 1
WHITE_IS_ZERO, PALETTE, YCBCR, LAB = 0, 3, 6, 8
PLANES_APART = 2

MOST_PIECES = 5000
"""Strips or tiles of JPEG; a photo of the largest size has about a thousand."""

Tags = Mapping[int, Any]


def check_tiff(file: bytes, image: Image.Image) -> None:
    """Check an image that was opened from a file.

    Raises:
        Exception: its pixels would be wrong, or a JPEG in it is damaged.
    """
    tags, compression = _tags(image), image.info["compression"]
    photometric = tags[Tag.PHOTOMETRIC_INTERPRETATION]
    bits = tags.get(Tag.BITSPERSAMPLE, (1,))
    if compression not in SOUND or not BITS.issuperset(bits):
        raise ValueError("an unusual compression or depth")
    if any(each != UNSIGNED for each in tags.get(Tag.SAMPLEFORMAT, ())):
        raise ValueError("samples with a sign or a point")
    if photometric == YCBCR and compression != "jpeg":
        raise ValueError("YCbCr, of which libtiff tells no damage")
    if photometric == LAB and tags.get(Tag.PLANAR_CONFIGURATION) == PLANES_APART:
        raise ValueError("L*a*b* in planes, of which Pillow takes a and b for unsigned")
    if photometric == PALETTE:
        colours = tags[Tag.COLORMAP]
        if len(colours) != 3 << bits[0] or max(colours) < 256:
            raise ValueError("a palette of too few colours, or of 8 bits")
    if compression == "jpeg":
        colours = "CMYK" if image.mode == "CMYK" else "GRAY"
        for picture, height, width in _jpegs(file, tags):
            rows, columns, *_ = simplejpeg.decode_jpeg_header(picture)
            if rows < height or columns < width:
                raise ValueError("a strip without all of its pixels")
            decode_undamaged(picture, colours)


def white_is_zero(image: Image.Image) -> bool:
    """Whether it is a TIFF that has it so: of 16 bits Pillow leaves them as they are."""
    return bool(_tags(image).get(Tag.PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO)


def _tags(image: Image.Image) -> Tags:
    tags: Tags = getattr(image, "tag_v2", {})
    return tags


def _jpegs(file: bytes, tags: Tags) -> Iterator[tuple[bytes, int, int]]:
    """The JPEG of each strip or tile, with the tables that they share, and the least size of it."""
    width, height = tags[Tag.IMAGEWIDTH], tags[Tag.IMAGELENGTH]
    if Tag.TILEOFFSETS in tags:
        columns, rows = tags[Tag.TILEWIDTH], tags[Tag.TILELENGTH]
        offsets, lengths = tags[Tag.TILEOFFSETS], tags[Tag.TILEBYTECOUNTS]
    else:
        columns, rows = width, min(height, tags.get(Tag.ROWSPERSTRIP, height))
        offsets, lengths = tags[Tag.STRIPOFFSETS], tags[Tag.STRIPBYTECOUNTS]
    across, down = -(-width // columns), -(-height // rows)
    planes = tags[Tag.SAMPLESPERPIXEL] if tags.get(Tag.PLANAR_CONFIGURATION) == PLANES_APART else 1
    pieces = across * down * planes
    if pieces > min(MOST_PIECES, len(offsets), len(lengths)):
        raise ValueError("too many strips or tiles, or too few")
    tables = tags.get(Tag.JPEGTABLES, b"")[:-2]
    for piece in range(pieces):
        start = offsets[piece]
        stream = file[start : start + lengths[piece]]
        left = height - rows * (piece // across % down)
        least = rows if Tag.TILEOFFSETS in tags else min(rows, left)
        yield picture_of(tables + stream[2:] if tables else stream), least, columns


def _read_by_libtiff() -> None:
    """Have libtiff read every TIFF, and keep it from writing to standard error.

    Pillow's own reader keeps a Python object for each strip or tile: gigabytes, if they are tiny.
    What libtiff minds about a file would stand between the lines of the log.
    """
    Tag.READ_LIBTIFF = True
    pillow = ctypes.CDLL(_imaging.__file__)  # finds the names of its libraries, too
    set_handler = getattr(pillow, "TIFFSetErrorHandler", None)
    if set_handler is not None:  # None: a Pillow that hides its libtiff, or has none
        set_handler(None)


_read_by_libtiff()
