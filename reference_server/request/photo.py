"""A photo file, checked against the photo standards and decoded.

The header is read first and limits the number of pixels: nothing is decoded that is larger than
the largest photo allowed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import numpy as np
import simplejpeg
from PIL import Image, TiffImagePlugin, _imaging
from PIL.ExifTags import Base

from reference_server.pictures import Photo, Pixels
from reference_server.refusals import UnreadablePhoto, WrongFileSize, WrongPixelSize
from reference_server.request.jpeg import MOST_SCANS, picture_of
from verikit.contract import PhotoStandards

BOMB_PIXELS = 100_000_000
"""Above that Pillow stops by itself: while it opens a GIF it already fills frames."""

ENOUGH_SIDE = 1000
"""Decoding scales a photo down by powers of two while its long side keeps this many pixels."""

MOST_READS = 100_000
"""Of the pieces that a header is made of; real files have hundreds."""

MOST_RUNS_READ = 1_000_000
"""Of a run-length encoded BMP, which is decoded in Python, a few pixels at each read."""

DAMAGE = (
    *("Premature end", "premature end", "bad Huffman code", "bad arithmetic code"),
    *("found marker", "Inconsistent progression"),
)
"""What libjpeg says where pixels are lost; whatever else it minds, every viewer shows."""


class TooManyReads(ValueError):  # noqa: N818 - a finding about the file
    """The file is made of more pieces than any encoder writes."""


class ReadLimitedFile(BytesIO):
    """Counts reads: a parser in Python spends its time by piece and not by byte.

    ``reads``: how many are left; it may be set anew.
    """

    def __init__(self, content: bytes, reads: int) -> None:
        super().__init__(content)
        self.reads = reads

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file.

        Raises:
            TooManyReads: the limit is reached.
        """
        self.reads -= 1
        if self.reads < 0:
            raise TooManyReads
        return super().read(size)


def read_photo(file: bytes, standards: PhotoStandards) -> Photo:
    """The photo in a file, of an animation its first frame.

    Raises:
        WrongFileSize, UnreadablePhoto, WrongPixelSize: checked in this order, except that a
            photo of more pixels than the standards allow is not decoded to look for damage.
    """
    if len(file) > standards.max_file_bytes:
        raise WrongFileSize(detail=f"{len(file)} bytes, at most {standards.max_file_bytes} allowed")
    Image.MAX_IMAGE_PIXELS = max(BOMB_PIXELS // 2, standards.max_side**2)  # it doubles that
    with _damage_refused(standards):
        content = ReadLimitedFile(file, MOST_READS)
        image = Image.open(content, formats=standards.formats)
    if image.width * image.height > standards.max_side**2:
        raise _wrong_pixel_size(f"{image.width} x {image.height}", standards)
    with _damage_refused(standards):
        orientation = _take_orientation(image)
        content.reads = MOST_RUNS_READ
        pixels = _decode(file, image)
    if not all(standards.min_side <= side <= standards.max_side for side in image.size):
        raise _wrong_pixel_size(f"{image.width} x {image.height}", standards)
    return Photo(pixels, orientation)


@contextmanager
def _damage_refused(standards: PhotoStandards) -> Iterator[None]:
    try:
        yield
    except Image.DecompressionBombError as error:
        raise _wrong_pixel_size("far too many", standards) from error
    except Exception as error:  # hostile bytes make decoders raise nearly anything
        raise UnreadablePhoto(detail=", ".join(standards.formats)) from error


def _wrong_pixel_size(size: str, standards: PhotoStandards) -> WrongPixelSize:
    return WrongPixelSize(
        detail=f"{size} pixels, each side must have {standards.min_side} to {standards.max_side}"
    )


def _take_orientation(image: Image.Image) -> int:
    """Taken out, because Pillow would otherwise turn a TIFF while decoding it."""
    try:
        orientation = image.getexif().pop(Base.Orientation, 1)
    except Exception:  # broken metadata does not break the photo
        return 1
    return orientation if orientation in range(1, 9) else 1


def _decode(file: bytes, image: Image.Image) -> Pixels:
    if image.format in ("JPEG", "MPO"):
        return _decode_jpeg(picture_of(file), image)
    if image.info.get("compression") == "jpeg":
        _refuse_many_scans(file, image)
    if image.format == "PNG":
        # Decoding passes over the checksums.
        Image.open(ReadLimitedFile(file, MOST_READS)).verify()
    return _decode_any(image)


def _refuse_many_scans(tiff: bytes, image: Image.Image) -> None:
    """Each strip or tile has one, or more in a progressive one."""
    tags = image.tag_v2  # type: ignore[attr-defined] # of a TIFF
    width, height = (
        tags.get(Base.TileWidth, image.width),
        tags.get(Base.TileLength, tags.get(Base.RowsPerStrip)),
    )
    pieces = -(-image.width // width) * -(-image.height // min(height or 2**32, image.height))
    if tiff.count(b"\xff\xda") > MOST_SCANS + pieces:
        raise ValueError("too many scans")


def _decode_jpeg(picture: bytes, image: Image.Image) -> Pixels:
    if simplejpeg.decode_jpeg_header(picture)[:2] != (image.height, image.width):
        raise ValueError("two sizes")
    if image.mode == "CMYK":
        _decode_without_damage(picture, "CMYK", 1, 1)
        return _decode_any(Image.open(ReadLimitedFile(picture, MOST_READS), formats=["JPEG"]))
    factor = _shrinking(image)
    return _decode_without_damage(
        picture, "RGB", -(-image.height // factor), -(-image.width // factor)
    )


def _decode_without_damage(picture: bytes, colours: str, height: int, width: int) -> Pixels:
    """The pixels, at the smallest scale of at least this size."""
    how = {"colorspace": colours, "min_height": height, "min_width": width}
    pixels: Pixels
    try:
        pixels = simplejpeg.decode_jpeg(picture, **how)
    except ValueError as error:
        if any(complaint in str(error) for complaint in DAMAGE):
            raise
        pixels = simplejpeg.decode_jpeg(picture, **how, strict=False)
    return pixels


def _decode_any(image: Image.Image) -> Pixels:
    if image.mode in ("I", "F"):
        raise ValueError("32-bit samples have no agreed white")
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    return np.array(image.convert("RGB").reduce(_shrinking(image)))


def _shrinking(image: Image.Image) -> int:
    """1, 2, 4 or 8: the scales at which decoding a JPEG is fast."""
    enough = max(1, max(image.size) // ENOUGH_SIDE)
    return int(min(8, 1 << (enough.bit_length() - 1)))


def _read_by_libtiff() -> None:
    """Have libtiff read every TIFF, and keep it from writing to standard error.

    Pillow's own reader keeps a Python object for each strip or tile: gigabytes, if they are tiny.
    What libtiff minds about a file would stand between the lines of the log.
    """
    TiffImagePlugin.READ_LIBTIFF = True
    pillow = ctypes.CDLL(_imaging.__file__)  # finds the names of its libraries, too
    set_handler = getattr(pillow, "TIFFSetErrorHandler", None)
    if set_handler is not None:  # None: a Pillow that hides its libtiff, or has none
        set_handler(None)


_read_by_libtiff()
