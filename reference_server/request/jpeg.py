"""A JPEG file down to its picture: the segments that decoding needs, up to the end of image.

What cameras and programs put around the picture does no damage, so it is left out before libjpeg
minds it: notes, profiles, bytes between segments and behind the end (ITU-T T.81, annex B). libjpeg
tells only what it minds first; so nothing may be left that is harmless and could hide damage.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import simplejpeg

from reference_server.pictures import Pixels

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
JFIF, ADOBE, COMMENT = 0xE0, 0xEE, 0xFE
PROGRESSIVE = 0xC2
FRAMES = frozenset(range(0xC0, 0xC8)) - {0xC4}  # that is a table
ARITHMETIC = frozenset(range(0xC9, 0xD0))
"""Frames and tables of arithmetic coding, in which a rest that is missing reads as zeros."""

NOTES = frozenset(range(0xE0, 0xF0)) | {COMMENT}
ALONE = frozenset(range(0xD0, 0xD8)) | {0x01}
"""Restart and TEM markers, which have no content."""

MARKER = re.compile(rb"\xff([\x01-\xfe])")
BEHIND_A_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""In coded data a 0xFF is followed by a zero, or is a restart marker."""

LEFT_OVER = re.compile(r"(\d+) extraneous bytes before marker 0xd9")

RESTART_INTERVAL = b"\xff\xdd"

MOST_STRAY_BYTES = 4
"""That cameras leave behind the coded data, besides zeros and ones; more of them are a picture's
own, which a damaged place made libjpeg skip."""

ZEROS_THAT_FILL = bytes(10)
"""At the end of coded data they stand for a rest that was lost; a decoder takes them for pixels."""

ADOBE_TRANSFORM = 15
"""The place of the color transform in Adobe's segment: 0, 1 for YCbCr or 2 for YCCK."""

CMYK_COMPONENTS = 4

MOST_SCANS = 50
"""Each scan of a progressive JPEG passes over all its pixels; encoders write about ten."""

MOST_SEGMENTS = 100_000

UNSEEN = 16
"""Bits of a coefficient that are missing before its first scan; afterwards they are fewer."""


def picture_of(file: bytes) -> bytes:
    """A JPEG of the first picture alone, with an end.

    Raises:
        ValueError: the file is no JPEG, has too many parts, or ends before its picture does.
    """
    pieces, scans = [file[:2]], _Scans()
    ended = False
    for marker, segment in _segments(file):
        pieces.append(_needed(marker, segment, scans))
        ended = marker == EOI
    if not (scans.show_every_component if ended else scans.are_complete):
        raise ValueError("the file ends before its picture does")
    pieces = [_with_known_transform(piece, scans.components) for piece in pieces]
    return b"".join(pieces if ended else [*pieces, bytes((0xFF, EOI))])


def decode_undamaged(picture: bytes, colours: str, height: int = 1, width: int = 1) -> Pixels:
    """The pixels of what ``picture_of`` gave, at the smallest scale of at least this size.

    Raises:
        ValueError: the picture is no JPEG, or damaged.
    """
    how = {"colorspace": colours, "min_height": height, "min_width": width}
    pixels: Pixels
    try:
        pixels = simplejpeg.decode_jpeg(picture, **how)
    except ValueError as error:
        left_over = LEFT_OVER.search(str(error))
        if left_over is None:
            raise
        without = _without_padding(picture, int(left_over[1]))
        # All was decoded before libjpeg minded the padding, unless it looked for a restart there.
        if RESTART_INTERVAL in picture:
            pixels = simplejpeg.decode_jpeg(without, **how)
        else:
            pixels = simplejpeg.decode_jpeg(picture, **how, strict=False)
    return pixels


def _without_padding(picture: bytes, count: int) -> bytes:
    """Without so many bytes before its end."""
    end = len(picture) - 2
    coded, padding = picture[: end - count], picture[end - count : end]
    if len(padding.strip(b"\0\xff")) > MOST_STRAY_BYTES or coded.endswith(ZEROS_THAT_FILL):
        raise ValueError("coded data are left over")
    return coded + picture[end:]


def _needed(marker: int, segment: bytes, scans: _Scans) -> bytes:
    """What decoding needs of a segment."""
    if marker in ARITHMETIC:
        raise ValueError("arithmetic coding")
    if marker == SOS:
        return scans.add(segment)
    if marker in FRAMES:
        scans.begin(marker, segment)
    if marker == JFIF:
        return _of_revision_1(segment)
    return b"" if marker in NOTES - {ADOBE} else segment


def _segments(file: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment; those of a scan with what it has coded."""
    if file[:2] != bytes((0xFF, SOI)):
        raise ValueError("no JPEG")
    place = 2
    for _ in range(MOST_SEGMENTS):
        found = MARKER.search(file, place)
        if found is None:
            return
        marker, start = found[1][0], found.end() - 2
        place = found.end()
        if marker in ALONE:
            continue
        if marker == EOI:
            yield marker, file[start:place]
            return
        if marker == SOI or place + 2 > len(file):
            raise ValueError("two starts, or a segment without a length")
        place += struct.unpack_from(">H", file, place)[0]
        if marker == SOS:
            behind = BEHIND_A_SCAN.search(file, place)
            place = behind.start() if behind else len(file)
        yield marker, file[start:place]
    raise ValueError("too many segments")


class _Scans:
    """What the scans of a picture have told so far: of each component all of its coefficients?"""

    def __init__(self) -> None:
        self._progressive = False
        self._count = 0
        self._missing: dict[int, list[int]] = {}

    def begin(self, marker: int, segment: bytes) -> None:
        """A frame header."""
        self._progressive = marker == PROGRESSIVE
        numbers = segment[10 : 10 + 3 * segment[9] : 3] if len(segment) > 9 else b""
        self._missing = {number: [UNSEEN] * 64 for number in numbers}

    def add(self, segment: bytes) -> bytes:
        """A scan; that of a sequential picture with the parameters that it must have."""
        self._count += 1
        if self._count > MOST_SCANS:
            raise ValueError("too many scans")
        if len(segment) < 5 or len(segment) < 8 + 2 * segment[4]:
            raise ValueError("a scan without its parameters")
        end = 5 + 2 * segment[4]
        first, last, bits = segment[end : end + 3] if self._progressive else (0, 63, 0)
        for number in set(segment[5:end:2]) & self._missing.keys():
            for place in range(first, min(last, 63) + 1):
                self._missing[number][place] = bits & 0xF
        if self._progressive:
            return segment
        return segment[:end] + bytes((0, 63, 0)) + segment[end + 3 :]

    @property
    def components(self) -> int:
        """How many the frame header names."""
        return len(self._missing)

    @property
    def are_complete(self) -> bool:
        """Whether nothing is missing, down to the last bit of every coefficient."""
        return bool(self._missing) and not any(map(any, self._missing.values()))

    @property
    def show_every_component(self) -> bool:
        """Whether each has at least its blocks' mean; the rest a progressive file may leave out."""
        return all(missing[0] != UNSEEN for missing in self._missing.values())


def _of_revision_1(segment: bytes) -> bytes:
    """JFIF has no revision but 1; libjpeg minds others, and reads them in the same way."""
    return segment[:9] + b"\1" + segment[10:] if segment[4:9] == b"JFIF\0" else segment


def _with_known_transform(segment: bytes, components: int) -> bytes:
    """Adobe's segment with a color transform that libjpeg does not mind; others as they are.

    It takes an unknown one for YCbCr, or for YCCK where there are four components.
    """
    usual = 2 if components == CMYK_COMPONENTS else 1
    if segment[:2] != bytes((0xFF, ADOBE)) or segment[4:9] != b"Adobe":
        return segment
    if len(segment) <= ADOBE_TRANSFORM or segment[ADOBE_TRANSFORM] in (0, usual):
        return segment
    return segment[:ADOBE_TRANSFORM] + bytes((usual,)) + segment[ADOBE_TRANSFORM + 1 :]
