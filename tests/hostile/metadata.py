"""Whole pictures whose metadata are wrong: EXIF, ICC profiles, XMP, MPF."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random
from struct import pack

from conformance.requests.photos.camera import color_profile
from tests.hostile import jpeg, png
from tests.hostile.files import whole
from tests.hostile.odds import flipped, garbage, odd_number
from tests.hostile.tiff_file import (
    EXIF,
    GPS,
    ICC,
    ORIENTATION,
    XMP,
    Tag,
    directory,
    grey,
    tiff,
    with_tags,
)

Metadata = Callable[[Random], bytes]
BROKEN_XMP = (
    b"<x:xmpmeta>" * 500,
    b"<!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]><x>&c;</x>",
    b'<rdf tiff:Orientation="9"/>',
    b"<tiff:Orientation>99999999999</tiff:Orientation>",
)


def _exif(dice: Random) -> bytes:
    """Orientations of every kind, beside parts that name themselves or lie elsewhere."""
    kind = dice.choice((1, 2, 3, 4, 5, 7, 9, 12, 99))
    times = dice.choice((0, 1, 1, 2, 500))
    orientation = Tag(ORIENTATION, (dice.choice((0, 1, 6, 8, 9, 255)),) * times, kind)
    parts = [Tag(dice.choice((EXIF, GPS, 40965)), (odd_number(dice, 32),)) for _ in range(2)]
    more = [
        Tag(dice.randrange(65536), garbage(dice, 50), kind=7) for _ in range(dice.choice((0, 9)))
    ]
    order = dice.choice("<>")
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + pack(f"{order}I", 8)
    exif = head + directory(with_tags([orientation], *parts, *more), 8, order, following=8)
    return dice.choice((exif, flipped(dice, exif), exif[: dice.randint(0, len(exif))]))


def _icc(dice: Random) -> bytes:
    profile = color_profile()
    cut = profile[: dice.randint(0, len(profile))]
    return dice.choice((profile, flipped(dice, profile, 50), cut, garbage(dice, 3000)))


def _xmp(dice: Random) -> bytes:
    return dice.choice((*BROKEN_XMP, garbage(dice, 500)))


def _mpf(dice: Random) -> bytes:
    """The directory of a file of several JPEGs, which says how many there are and where."""
    images = dice.choice((0, 1, 2, 3, 2**32 - 1))
    entries = b"".join(
        pack("<IIIHH", odd_number(dice, 32), *dice.choices((0, 8, 999), k=2), 0, 0)
        for _ in range(3)
    )
    tags = [Tag(0xB000, b"0100", kind=7), Tag(0xB001, (images,)), Tag(0xB002, entries, kind=7)]
    mpf = b"II*\0\x08\0\0\0" + directory(tags, 8, following=0)
    return dice.choice((mpf, flipped(dice, mpf)))


def _in_jpeg(marker: int, head: bytes, make: Metadata) -> Metadata:
    def photo(dice: Random) -> bytes:
        segment = jpeg.Segment(marker, head + make(dice)[:65000])
        times = dice.choice((1, 1, 1, 3))
        return jpeg.join([segment] * times + jpeg.split(whole(dice, "JPEG")))

    return photo


def _in_png(name: bytes, head: bytes, make: Metadata) -> Metadata:
    def photo(dice: Random) -> bytes:
        chunks = png.split(whole(dice, "PNG"))
        chunk, place = png.Chunk(name, head + make(dice)), dice.choice((1, len(chunks) - 1))
        return png.join([*chunks[:place], chunk, *chunks[place:]])

    return photo


def _in_tiff(number: int, make: Metadata) -> Metadata:
    def photo(dice: Random) -> bytes:
        tag = Tag(number, make(dice), kind=dice.choice((1, 7, 4)))
        return tiff(with_tags(grey(), tag), dice.randbytes(1600))

    return photo


KINDS = {
    "metadata: EXIF in JPEG": _in_jpeg(0xE1, b"Exif\0\0", _exif),
    "metadata: EXIF in PNG": _in_png(b"eXIf", b"", _exif),
    "metadata: EXIF in TIFF": _in_tiff(EXIF, _exif),
    "metadata: ICC in JPEG": _in_jpeg(0xE2, b"ICC_PROFILE\0\1\1", _icc),
    "metadata: ICC in PNG": _in_png(b"iCCP", b"icc\0\0", lambda dice: zlib.compress(_icc(dice))),
    "metadata: ICC in TIFF": _in_tiff(ICC, _icc),
    "metadata: XMP in JPEG": _in_jpeg(0xE1, b"http://ns.adobe.com/xap/1.0/\0", _xmp),
    "metadata: XMP in PNG": _in_png(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0", _xmp),
    "metadata: XMP in TIFF": _in_tiff(XMP, _xmp),
    "metadata: MPF in JPEG": _in_jpeg(0xE2, b"MPF\0", _mpf),
}
