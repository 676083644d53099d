"""Whether a PNG holds all of its pixels: Pillow takes those that are missing for zero."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

SIGNATURE_LENGTH = 8
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Of a pixel, by the type of colour (PNG specification, 11.2.1)."""

WHOLE = ((0, 0, 1, 1),)
PASSES = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""Of an interlaced picture: the first column and row, and the steps between them."""

MOST_AT_ONCE = 65_536


def refuse_missing_rows(file: bytes, image: Image.Image) -> None:
    """Check an image that was opened from a file and loaded.

    Raises:
        ValueError: the file holds fewer pixels than its header says.
    """
    last = image.height - 1
    if image.info.get("interlace"):
        last -= image.height % 2  # the last pass has every second row
    # Unless it is zero, nothing was filled up: nearly all photos are inflated only once.
    if any(image.crop((0, last, image.width, last + 1)).tobytes()):
        return
    header, data = b"", list[bytes]()
    for kind, content in _chunks(file):
        if kind == b"IHDR" and not data:
            header = content
        if kind == b"IDAT":
            data.append(content)
    if not _inflates_to(b"".join(data), _length_of_rows(header)):
        raise ValueError("rows are missing")


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each, up to the last one."""
    place, kind = SIGNATURE_LENGTH, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", file, place)
        yield kind, file[place + 8 : place + 8 + length]
        place += length + 12


def _length_of_rows(header: bytes) -> int:
    """Bytes of all rows, each with the byte that says how it is filtered."""
    width, height, bits, colour, interlaced = struct.unpack(">IIBB2xB", header)
    length = 0
    for left, top, right, down in PASSES if interlaced else WHOLE:
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        if columns > 0:
            length += rows * (1 + (columns * bits * SAMPLES[colour] + 7) // 8)
    return length


def _inflates_to(data: bytes, length: int) -> bool:
    """Whether there are so many bytes, of which few are kept at a time."""
    source, inflater = BytesIO(data), zlib.decompressobj()
    while length > 0:
        piece = inflater.unconsumed_tail or source.read(MOST_AT_ONCE)
        inflated = inflater.decompress(piece, MOST_AT_ONCE)
        if not (piece or inflated):
            return False
        length -= len(inflated)
    return True
