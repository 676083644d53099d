"""TIFF files written tag by tag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from struct import calcsize, pack

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
OFFSETS, ORIENTATION, SAMPLES, ROWS, BYTE_COUNTS = 273, 274, 277, 278, 279
PLANAR, PREDICTOR, COLOURS, TILE_WIDTH, TILE_LENGTH = 284, 317, 320, 322, 323
TILE_OFFSETS, TILE_COUNTS, SUB_DIRECTORIES, EXTRA, FORMAT = 324, 325, 330, 338, 339
JPEG_TABLES, SUBSAMPLING, XMP, ICC, EXIF, GPS = 347, 530, 700, 34675, 34665, 34853
CODES = {1: "B", 2: "B", 3: "H", 4: "I", 5: "Q", 6: "b", 7: "B", 8: "h", 9: "i", 10: "q", 11: "f"}
CODES |= {12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
SIDE = 40
DATA = -1
"""As a value: where the pixels are."""


@dataclass(frozen=True)
class Tag:
    """``values``: numbers, or the bytes themselves; ``count``: a false one."""

    number: int
    values: tuple[int, ...] | bytes
    kind: int = 4
    count: int | None = None

    def data(self, order: str) -> bytes:
        """The bytes of the values."""
        if isinstance(self.values, bytes):
            return self.values
        code = CODES.get(self.kind, "I")
        most = 2 ** (8 * calcsize(code)) - 1
        unsigned = code if code in "fd" else code.upper()
        numbers = (value & most for value in self.values)
        return pack(f"{order}{len(self.values)}{unsigned}", *numbers)

    def placed(self, start: int) -> Tag:
        """With the place of the pixels put in."""
        if isinstance(self.values, bytes):
            return self
        return replace(self, values=tuple(start if v == DATA else v for v in self.values))


Tags = list[Tag]


def directory(
    tags: Iterable[Tag], at: int, order: str = "<", following: int | None = None
) -> bytes:
    """A directory that stands at ``at``, with what its tags point to behind it.

    ``following``: where the next directory is; none if it is 0, right behind this if None.
    """
    tags = list(tags)
    behind = at + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag in tags:
        data = tag.data(order)
        count = len(data) // calcsize(CODES.get(tag.kind, "I")) if tag.count is None else tag.count
        entries += pack(f"{order}HHI", tag.number, tag.kind, count & 0xFFFFFFFF)
        entries += (
            data.ljust(4, b"\0") if len(data) <= 4 else pack(f"{order}I", behind + len(values))
        )
        values += data if len(data) > 4 else b""
    following = behind + len(values) if following is None else following
    return pack(f"{order}H", len(tags)) + entries + pack(f"{order}I", following) + values


def tiff(tags: Iterable[Tag], pixels: bytes = b"", order: str = "<") -> bytes:
    """A file with one directory; the pixels stand at its end."""
    tags = list(tags)
    start = 8 + len(directory(tags, 8, order, following=0))
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + pack(f"{order}I", 8)
    return head + directory([tag.placed(start) for tag in tags], 8, order, following=0) + pixels


def grey(width: int = SIDE, height: int = SIDE) -> Tags:
    """The tags of a grey picture in one strip."""
    numbers = {
        **{WIDTH: width, LENGTH: height, BITS: 8, COMPRESSION: 1, PHOTOMETRIC: 1, OFFSETS: DATA},
        **{SAMPLES: 1, ROWS: height, BYTE_COUNTS: width * height},
    }
    return [Tag(number, (value,)) for number, value in numbers.items()]


def with_tags(tags: Tags, *others: Tag) -> Tags:
    """The tags, with others in place of those of the same number or besides."""
    return sorted(
        {tag.number: tag for tag in (*tags, *others)}.values(), key=lambda tag: tag.number
    )
