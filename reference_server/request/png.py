"""Whether a PNG holds all of its pixels, once: Pillow takes those that are missing for zero."""

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
MOST_CHUNKS = 30_000
LENGTHS_OF_PALETTES = range(3, 3 * 256 + 1, 3)


def check_chunks(file: bytes) -> None:
    """Refuse what Pillow reads in one way and other decoders in another, or not at all.

    Of chunks that may be there once it takes the last, and of pixels in two places the first (PNG
    specification, 5.6).

    Raises:
        ValueError: a chunk that decides about pixels is unknown, out of its order, there twice or
            too long, or there are too many chunks.
        struct.error: the file ends before its last chunk.
    """
    before = b""
    seen = set[bytes]()
    for number, (kind, content) in enumerate(_chunks(file)):
        if (number == 0) != (kind == b"IHDR") or number >= MOST_CHUNKS:
            raise ValueError("no header, two of them, or countless chunks")
        if kind == b"PLTE":
            known = not seen & {kind, b"IDAT"} and len(content) in LENGTHS_OF_PALETTES
        elif kind == b"IDAT":
            known = kind not in seen or before == kind
        else:
            known = kind in (b"IHDR", b"IEND") or not kind[:1].isupper()
        if not known:
            raise ValueError(f"a chunk that is out of order or unknown: {kind!r}")
        seen.add(kind)
        before = kind


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
    (_, header), *others = _chunks(file)
    data = b"".join(content for kind, content in others if kind == b"IDAT")
    length = _length_of_rows(header)
    if inflated(data, length)[0] < length:
        raise ValueError("rows are missing")


def _chunks(file: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and content of each, up to the last one; nothing is copied."""
    view = memoryview(file)
    place, kind = SIGNATURE_LENGTH, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", file, place)
        yield kind, view[place + 8 : place + 8 + length]
        place += length + 12


def _length_of_rows(header: memoryview) -> int:
    """Bytes of all rows, each with the byte that says how it is filtered."""
    width, height, bits, colour, interlaced = struct.unpack(">IIBB2xB", header)
    length = 0
    for left, top, right, down in PASSES if interlaced else WHOLE:
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        if columns > 0:
            length += rows * (1 + (columns * bits * SAMPLES[colour] + 7) // 8)
    return length


def inflated(data: bytes, most: int) -> tuple[int, bool]:
    """How many bytes a zlib stream gives, up to ``most``; whether it ends there, with its checksum.

    Few of the bytes are kept at a time.
    """
    source, inflater, length = BytesIO(data), zlib.decompressobj(), 0
    while not inflater.eof and length <= most:
        piece = inflater.unconsumed_tail or source.read(MOST_AT_ONCE)
        more = inflater.decompress(piece, MOST_AT_ONCE)
        if not (piece or more):
            break
        length += len(more)
    return length, inflater.eof and length <= most
