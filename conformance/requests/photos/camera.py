"""JPEG files as cameras and phones write them (CIPA DC-008, Exif 2.32)."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from functools import cache

from PIL import Image, ImageCms

_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_JFIF = b"\xff\xe0"
_THUMBNAIL = (160, 120)
_ENTRY = 12
_FIRST = 24
"""Where the first directory begins; parsers must look it up."""
_DATE = 24
"""Where a profile says when it was made (ICC.1:2022, 7.2)."""


def as_camera(
    jpeg: bytes, picture: Image.Image, orientation: int, flaw: str | None = None
) -> bytes:
    """The JPEG with EXIF, little-endian and with a thumbnail, in the place of its JFIF header."""
    start = 2
    if jpeg[start : start + 2] == _JFIF:
        start += 2 + int.from_bytes(jpeg[4:6], "big")
    tiff = _tiff(orientation, _thumbnail(picture))
    exif = b"Exif\0\0" + (FLAWS[flaw](tiff) if flaw else tiff)
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[start:]


@cache
def color_profile() -> bytes:
    """An ICC profile, as photos of phones have one, dated so that a seed gives the same bytes."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    date = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    return profile[:_DATE] + date + profile[_DATE + len(date) :]


def _thumbnail(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").resize(_THUMBNAIL).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def _tiff(orientation: int, thumbnail: bytes) -> bytes:
    """Two directories: of the picture, and of the thumbnail."""
    described = (
        (0x010F, _ASCII, b"Camera maker\0"),
        (0x0110, _ASCII, b"Camera model\0"),
        (0x0112, _SHORT, struct.pack("<H", orientation)),
        (0x011A, _RATIONAL, struct.pack("<II", 72, 1)),
        (0x011B, _RATIONAL, struct.pack("<II", 72, 1)),
        (0x0128, _SHORT, struct.pack("<H", 2)),
    )
    second = _FIRST + len(_directory(described, _FIRST, 0))
    small = (
        (0x0103, _SHORT, struct.pack("<H", 6)),
        (0x0201, _LONG, struct.pack("<I", 0)),
        (0x0202, _LONG, struct.pack("<I", len(thumbnail))),
    )
    end = second + len(_directory(small, second, 0))
    located = tuple((t, k, struct.pack("<I", end) if t == 0x0201 else v) for t, k, v in small)
    head = (b"II*\0" + struct.pack("<I", _FIRST)).ljust(_FIRST, b"\0")
    first = _directory(described, _FIRST, second)
    return head + first + _directory(located, second, 0) + thumbnail


def _directory(entries: tuple[tuple[int, int, bytes], ...], at: int, following: int) -> bytes:
    """One directory that begins ``at`` this byte; long values stand behind its entries."""
    sizes = {_ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8}
    behind = b""
    after = at + 2 + _ENTRY * len(entries) + 4
    written = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        place = value.ljust(4, b"\0")
        if len(value) > len(place[:4]):
            place = struct.pack("<I", after + len(behind))
            behind += value + b"\0" * (len(value) % 2)
        written += struct.pack("<HHI", tag, kind, len(value) // sizes[kind]) + place
    return written + struct.pack("<I", following) + behind


def _following_itself(tiff: bytes) -> bytes:
    entries = int.from_bytes(tiff[_FIRST : _FIRST + 2], "little")
    at = _FIRST + 2 + _ENTRY * entries
    return tiff[:at] + struct.pack("<I", _FIRST) + tiff[at + 4 :]


FLAWS: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda tiff: tiff[: _FIRST + 20],
    "empty": lambda tiff: b"",
    "no-order": lambda tiff: b"XX" + tiff[2:],
    "beyond": lambda tiff: tiff[:4] + b"\xf0\xff\xff\x7f" + tiff[8:],
    "many": lambda tiff: tiff[:_FIRST] + b"\xff\xff" + tiff[_FIRST + 2 :],
    "loop": _following_itself,
}
"""Name -> what it makes of the EXIF: cut within the first directory, nothing at all, no byte order,
a directory beyond the end, more entries than there are, a directory that follows itself."""
