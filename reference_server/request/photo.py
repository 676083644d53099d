"""A photo file, checked against the photo standards and decoded.

The header is read first and limits the number of pixels: nothing is decoded that is larger than
the largest photo allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import numpy as np
import simplejpeg
from PIL import Image, ImageFile
from PIL.ExifTags import Base

from reference_server.pictures import Photo, Pixels
from reference_server.refusals import UnreadablePhoto, WrongFileSize, WrongPixelSize
from reference_server.request.bmp import check_bmp
from reference_server.request.jpeg import decode_undamaged, picture_of
from reference_server.request.png import check_chunks, refuse_missing_rows
from reference_server.request.tiff import check_tiff, white_is_zero
from verikit.contract import PhotoStandards

BOMB_PIXELS = 100_000_000
"""Above that Pillow stops by itself: while it opens a GIF it already fills frames."""

ENOUGH_SIDE = 1000
"""Decoding scales a photo down by powers of two while its long side keeps this many pixels."""

MOST_READS = 100_000
"""Of the pieces that a file is made of; real ones have hundreds."""


class TooManyReads(ValueError):  # noqa: N818 - a finding about the file
    """The file is made of more pieces than any encoder writes."""


class ReadLimitedFile(BytesIO):
    """Counts reads: a parser in Python spends its time by piece and not by byte."""

    def __init__(self, content: bytes, reads: int) -> None:
        super().__init__(content)
        self._reads = reads

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file.

        Raises:
            TooManyReads: the limit is reached.
        """
        self._reads -= 1
        if self._reads < 0:
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
        image = Image.open(ReadLimitedFile(file, MOST_READS), formats=standards.formats)
    if image.width * image.height > standards.max_side**2:
        raise _wrong_pixel_size(f"{image.width} x {image.height}", standards)
    with _damage_refused(standards):
        if image.format == "PNG":
            _load_png(file, image)
        orientation = _take_orientation(image)
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


def _load_png(file: bytes, image: Image.Image) -> None:
    """At once, because Pillow would look for its orientation behind the pixels."""
    check_chunks(file)
    Image.open(ReadLimitedFile(file, MOST_READS)).verify()  # decoding passes over checksums
    image.load()
    refuse_missing_rows(file, image)


def _take_orientation(image: Image.Image) -> int:
    """Taken out, because Pillow would otherwise turn a TIFF while decoding it."""
    try:
        orientation = image.getexif().pop(Base.Orientation, 1)
    except Exception:  # broken metadata does not break the photo
        return 1
    return orientation if orientation in range(1, 9) else 1


def _decode(file: bytes, image: ImageFile.ImageFile) -> Pixels:
    if image.format in ("JPEG", "MPO"):
        return _decode_jpeg(picture_of(file), image)
    if image.format == "TIFF":
        check_tiff(file, image)
    if image.format == "BMP":
        check_bmp(file, image)
    return _decode_any(image)


def _decode_jpeg(picture: bytes, image: Image.Image) -> Pixels:
    if simplejpeg.decode_jpeg_header(picture)[:2] != (image.height, image.width):
        raise ValueError("two sizes")
    if image.mode == "CMYK":
        decode_undamaged(picture, "CMYK")
        return _decode_any(Image.open(ReadLimitedFile(picture, MOST_READS), formats=["JPEG"]))
    factor = _shrinking(image)
    return decode_undamaged(picture, "RGB", -(-image.height // factor), -(-image.width // factor))


def _decode_any(image: Image.Image) -> Pixels:
    if image.mode in ("I", "F"):
        raise ValueError("32-bit samples have no agreed white")
    if image.mode == "P" and "transparency" not in image.info:
        _refuse_missing_colours(image)
    if image.mode.startswith("I;16"):
        samples = (np.asarray(image) >> 8).astype(np.uint8)
        image = Image.fromarray(255 - samples if white_is_zero(image) else samples)
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    return np.array(image.convert("RGB").reduce(_shrinking(image)))


def _refuse_missing_colours(image: Image.Image) -> None:
    image.load()
    palette, (_, highest) = image.getpalette() or [], image.getextrema()
    if 3 * int(highest) >= len(palette):  # type: ignore[arg-type] # of one band
        raise ValueError("colours that are not in the palette")


def _shrinking(image: Image.Image) -> int:
    """1, 2, 4 or 8: the scales at which decoding a JPEG is fast."""
    enough = max(1, max(image.size) // ENOUGH_SIDE)
    return int(min(8, 1 << (enough.bit_length() - 1)))
