"""The TIFF files that Pillow and libtiff show rightly; of all others they make some picture.

(TIFF 6.0; of a strip that is damaged libtiff tells Pillow only with some compressions.)
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import simplejpeg
from PIL import Image, _imaging
from PIL import TiffImagePlugin as Tag

from reference_server.request.jpeg import decode_undamaged, picture_of
from reference_server.request.png import inflated

SOUND = frozenset(
    {"raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "lzma", "zstd", "jpeg"}
)
"""The compressions whose damage is told, or found here."""

DEFLATE = frozenset({"tiff_deflate", "tiff_adobe_deflate"})
"""libtiff passes over the checksum behind the last pixel."""

BITS = frozenset({1, 2, 4, 8, 16})
UNSIGNED = 1
WHITE_IS_ZERO, PALETTE, YCBCR, LAB = 0, 3, 6, 8
PLANES_APART = 2

PILLOWS_TYPES = frozenset({*range(1, 14), 16})
ABOUT_PIXELS = range(330)
"""Tags whose values Pillow and libtiff must read alike; higher ones are notes, or checked here."""

MOST_TILE_SIDE = 1024
"""Of a tile that is larger than its picture; libtiff decodes it whole."""

MOST_PIECES = 5000
"""Strips or tiles that are looked at; a photo of the largest size has about a thousand."""

Tags = Mapping[int, Any]


def check_tiff(file: bytes, image: Image.Image) -> None:
    """Check an image that was opened from a file.

    Raises:
        Exception: its pixels would be wrong, or a JPEG or a zlib stream in it is damaged.
    """
    if any(tag in ABOUT_PIXELS and kind not in PILLOWS_TYPES for tag, kind in _entries(file)):
        raise ValueError("types that libtiff knows and Pillow passes over")
    tags = _tags(image)
    _refuse_wrong_pixels(tags, image.info["compression"])
    for side, tile in ((Tag.IMAGEWIDTH, Tag.TILEWIDTH), (Tag.IMAGELENGTH, Tag.TILELENGTH)):
        if tags.get(tile, 0) > max(MOST_TILE_SIDE, tags[side] + 15):
            raise ValueError("tiles that are larger than the picture")
    _refuse_damage(file, tags, image)


def _refuse_damage(file: bytes, tags: Tags, image: Image.Image) -> None:
    """Look for what libtiff does not tell Pillow, or does not notice."""
    if image.info["compression"] == "jpeg":
        tables = tags.get(Tag.JPEGTABLES, b"")[:-2]
        for stream, columns, rows in _pieces(file, tags):
            picture = picture_of(tables + stream[2:] if tables else stream)
            height, width, *_ = simplejpeg.decode_jpeg_header(picture)
            if width != columns or height not in rows:
                raise ValueError("a strip or tile of another size")
            decode_undamaged(picture, "CMYK" if image.mode == "CMYK" else "GRAY")
    elif image.info["compression"] in DEFLATE:
        for stream, columns, rows in _pieces(file, tags):
            if not inflated(stream, rows[-1] * _length_of_row(tags, columns))[1]:
                raise ValueError("a strip or tile without a sound end")
    elif tags[Tag.PHOTOMETRIC_INTERPRETATION] == YCBCR:
        across, down = tags.get(Tag.YCBCRSUBSAMPLING, (2, 2))
        for samples, columns, rows in _pieces(file, tags):
            if len(samples) < -(-columns // across) * -(-rows[0] // down) * (across * down + 2):
                raise ValueError("a strip or tile without all of its samples")


def _refuse_wrong_pixels(tags: Tags, compression: str) -> None:
    photometric = tags[Tag.PHOTOMETRIC_INTERPRETATION]
    bits = tags.get(Tag.BITSPERSAMPLE, (1,))
    if compression not in SOUND or not BITS.issuperset(bits):
        raise ValueError("an unusual compression or depth")
    if any(each != UNSIGNED for each in tags.get(Tag.SAMPLEFORMAT, ())):
        raise ValueError("samples with a sign or a point")
    if photometric == YCBCR and (compression not in ("raw", "jpeg") or _planes_apart(tags)):
        raise ValueError("YCbCr, of which libtiff tells no damage")
    if photometric == LAB and _planes_apart(tags):
        raise ValueError("L*a*b* in planes, of which Pillow takes a and b for unsigned")
    if photometric == PALETTE:
        colours = tags[Tag.COLORMAP]
        if len(colours) != 3 << bits[0] or max(colours) < 256:
            raise ValueError("a palette of too few colours, or of 8 bits")


def white_is_zero(image: Image.Image) -> bool:
    """Whether it is a TIFF that has it so: of 16 bits Pillow leaves them as they are."""
    return bool(_tags(image).get(Tag.PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO)


def _tags(image: Image.Image) -> Tags:
    tags: Tags = getattr(image, "tag_v2", {})
    return tags


def _entries(file: bytes) -> Iterator[tuple[int, int]]:
    """Tag and type of each entry in the first directory."""
    order = "<" if file[:2] == b"II" else ">"
    if file[2:4] in (b"+\0", b"\0+"):  # BigTIFF
        offset, head, length, (place,) = 8, "Q", 20, struct.unpack_from(f"{order}Q", file, 8)
    else:
        offset, head, length, (place,) = 2, "H", 12, struct.unpack_from(f"{order}I", file, 4)
    (count,) = struct.unpack_from(f"{order}{head}", file, place)
    for entry in range(min(count, MOST_PIECES)):
        yield struct.unpack_from(f"{order}HH", file, place + offset + entry * length)


def _pieces(file: bytes, tags: Tags) -> Iterator[tuple[bytes, int, range]]:
    """What is stored of each strip or tile; its width, and the heights that it may have."""
    width, height = tags[Tag.IMAGEWIDTH], tags[Tag.IMAGELENGTH]
    tiled = Tag.TILEOFFSETS in tags
    if tiled:
        columns, rows = tags[Tag.TILEWIDTH], tags[Tag.TILELENGTH]
        offsets, lengths = tags[Tag.TILEOFFSETS], tags[Tag.TILEBYTECOUNTS]
    else:
        columns, rows = width, min(height, tags.get(Tag.ROWSPERSTRIP, height))
        offsets, lengths = tags[Tag.STRIPOFFSETS], tags[Tag.STRIPBYTECOUNTS]
    across, down = -(-width // columns), -(-height // rows)
    planes = tags[Tag.SAMPLESPERPIXEL] if _planes_apart(tags) else 1
    pieces = across * down * planes
    if pieces > min(MOST_PIECES, len(offsets), len(lengths)) or sum(lengths) > len(file):
        raise ValueError("too many strips or tiles, or too few, or one upon the other")
    for piece in range(pieces):
        start = offsets[piece]
        left = height - rows * (piece // across % down)
        fewest = rows if tiled else min(rows, left)
        yield file[start : start + lengths[piece]], columns, range(fewest, rows + 1)


def _planes_apart(tags: Tags) -> bool:
    """Whether each sample of the pixels has strips or tiles of its own."""
    return bool(tags.get(Tag.PLANAR_CONFIGURATION) == PLANES_APART)


def _length_of_row(tags: Tags, columns: int) -> int:
    """Bytes of a row of a strip or tile, decoded."""
    bits = tags.get(Tag.BITSPERSAMPLE, (1,))
    samples = 1 if _planes_apart(tags) else tags.get(Tag.SAMPLESPERPIXEL, 1)
    return int((columns * samples * max(bits) + 7) // 8)


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
