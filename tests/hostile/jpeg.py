"""JPEG files with a mistake in their structure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.hostile.files import whole
from tests.hostile.odds import flipped, garbage, odd_number, patched, rearranged

START, END, SCAN, RESTART = b"\xff\xd8", b"\xff\xd9", 0xDA, 0xDD
FRAMES = (0xC0, 0xC1, 0xC2)
TABLES = (0xC4, 0xDB)
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True)
class Segment:
    """A marker, what stands behind its length, and the coded pixels behind that, in a scan.

    ``length``: a false one.
    """

    marker: int
    body: bytes
    data: bytes = b""
    length: int | None = None

    def __bytes__(self) -> bytes:
        length = len(self.body) + 2 if self.length is None else self.length
        return bytes([0xFF, self.marker]) + length.to_bytes(2) + self.body + self.data


Segments = list[Segment]
Mutate = Callable[[Random, Segments], Segments]


def split(file: bytes) -> Segments:
    """The segments of a whole file."""
    segments, at = [], 2
    while file[at : at + 2] != END:
        marker, end = file[at + 1], at + 2 + int.from_bytes(file[at + 2 : at + 4])
        found = NEXT_MARKER.search(file, end) if marker == SCAN else None
        data_end = found.start() if found else end
        segments.append(Segment(marker, file[at + 4 : end], file[end:data_end]))
        at = data_end
    return segments


def join(segments: Segments) -> bytes:
    """The file that they make."""
    return START + b"".join(map(bytes, segments)) + END


def _one(dice: Random, segments: Segments, *markers: int) -> int:
    """Where one of them stands, with one of the markers if any are named."""
    fitting = [i for i, one in enumerate(segments) if not markers or one.marker in markers]
    return dice.choice(fitting)


def _body(segments: Segments, at: int, body: bytes) -> Segments:
    return [*segments[:at], replace(segments[at], body=body), *segments[at + 1 :]]


def _lengths(dice: Random, segments: Segments) -> Segments:
    at = _one(dice, segments)
    length = dice.choice((odd_number(dice, 16), len(segments[at].body) + dice.randint(0, 4)))
    return [*segments[:at], replace(segments[at], length=length), *segments[at + 1 :]]


def _dimensions(dice: Random, segments: Segments) -> Segments:
    at = _one(dice, segments, *FRAMES)
    side = odd_number(dice, 16).to_bytes(2)
    return _body(segments, at, patched(segments[at].body, dice.choice((1, 3)), side))


def _components(dice: Random, segments: Segments) -> Segments:
    at = _one(dice, segments, *FRAMES)
    body = segments[at].body
    place = dice.choice((0, *range(5, len(body))))
    value = dice.choice((0x00, 0x01, 0x02, 0x04, 0x0C, 0x10, 0x11, 0x14, 0x22, 0x41, 0x44, 0xFF))
    return _body(segments, at, patched(body, place, bytes([value])))


def _tables(dice: Random, segments: Segments) -> Segments:
    at = _one(dice, segments, *TABLES)
    body = segments[at].body
    return _body(segments, at, dice.choice((flipped(dice, body, 40), body[:1] + bytes(64), b"")))


def _markers(dice: Random, segments: Segments) -> Segments:
    at = _one(dice, segments)
    marker = dice.choice((*range(0xC0, 0xD0), *range(0xD8, 0xF0), 0xFE, 0x01, 0xFF))
    return [*segments[:at], replace(segments[at], marker=marker), *segments[at + 1 :]]


def _scans(dice: Random, segments: Segments) -> Segments:
    at = _one(dice, segments, SCAN)
    if dice.random() < 0.5:
        return _body(segments, at, flipped(dice, segments[at].body, 3))
    return segments + [segments[at]] * dice.randint(1, 70)


def _coded_pixels(dice: Random, segments: Segments) -> Segments:
    at = _one(dice, segments, SCAN)
    data = segments[at].data
    place = dice.randint(0, len(data))
    marker = bytes([0xFF, dice.choice((0xD0, 0xD3, 0xD7, 0xD9, 0x00, 0xFF))])
    data = dice.choice(
        (flipped(dice, data, 30), data[:place], data[:place] + marker + data[place:], data * 2)
    )
    return [*segments[:at], replace(segments[at], data=data), *segments[at + 1 :]]


def _insertions(dice: Random, segments: Segments) -> Segments:
    marker = dice.choice((*range(0xE0, 0xF0), 0xFE, RESTART, 0xDC, 0xCC, 0x01))
    strange = Segment(marker, garbage(dice, 300))
    times = dice.choice((1, 1, 5, 300))
    at = dice.randint(0, len(segments))
    return [*segments[:at], *[strange] * times, *segments[at:]]


def _photo(mutate: Mutate) -> Callable[[Random], bytes]:
    return lambda dice: join(mutate(dice, split(whole(dice, "JPEG"))))


KINDS = {
    "jpeg: lengths": _photo(_lengths),
    "jpeg: dimensions": _photo(_dimensions),
    "jpeg: components": _photo(_components),
    "jpeg: tables": _photo(_tables),
    "jpeg: markers": _photo(_markers),
    "jpeg: order": _photo(rearranged),
    "jpeg: scans": _photo(_scans),
    "jpeg: coded pixels": _photo(_coded_pixels),
    "jpeg: insertions": _photo(_insertions),
}
