"""BMP pixels that Pillow reads loosely: run-length encoded ones, and palettes that look gray."""

from __future__ import annotations

import struct
from typing import IO, cast

from PIL import Image, ImageFile

MOST_RUNS = 500_000
"""They are decoded in Python, one after the other."""

HEADER_PLACE = 14
OLD_HEADER = 12
"""Bytes of a BITMAPCOREHEADER."""

BITS_OF_RUNS = {1: 8, 2: 4}
"""Of a pixel, by the kind of compression (BITMAPINFOHEADER, BI_RLE8 and BI_RLE4)."""

BITS_OF_SHADES = {"1": 1, "L": 8}
"""Of a pixel, by the mode in which Pillow takes numbers of colors for shades."""


def check_bmp(file: bytes, image: ImageFile.ImageFile) -> None:
    """Look at an image that was opened from a file, and have its runs decoded strictly.

    Raises:
        ValueError: Pillow would decode pixels of another size than those in the file.
    """
    (header,) = struct.unpack_from("<I", file, HEADER_PLACE)
    (bits,) = struct.unpack_from("<H", file, HEADER_PLACE + (10 if header == OLD_HEADER else 14))
    compression = image.info["compression"]
    if bits != BITS_OF_RUNS.get(compression, BITS_OF_SHADES.get(image.mode, bits)):
        raise ValueError("pixels of another size")
    if compression in BITS_OF_RUNS:
        image.tile = [tile._replace(codec_name=WholeRuns.__name__) for tile in image.tile]


class WholeRuns(ImageFile.PyDecoder):
    """Runs that give every pixel of a row, and no more.

    Pixels that are skipped have no color, and Pillow's own decoder makes them black; a run beyond
    the end of its row is cut off by some decoders and wrapped by others.
    """

    _pulls_fd = True

    def decode(
        self, buffer: bytes | bytearray | memoryview | Image.SupportsArrayInterface
    ) -> tuple[int, int]:
        """As of any decoder of Pillow.

        Raises:
            ValueError: pixels are missing, or a run is longer than what is left of its row.
        """
        _, nibbles, direction = self.args
        data = cast("IO[bytes]", self.fd).read()
        pixels = _decoded(data, self.state.xsize, self.state.ysize, nibbles=nibbles)
        self.set_as_raw(pixels, "P" if self.mode == "P" else "L", (0, direction))
        return -1, 0


Image.register_decoder(WholeRuns.__name__, WholeRuns)


def _decoded(data: bytes, width: int, height: int, *, nibbles: bool) -> bytes:
    """A byte for each pixel, row by row as they come."""
    pixels, row, place = bytearray(), bytearray(), 0
    for _ in range(MOST_RUNS):
        if len(pixels) + len(row) == width * height:
            return bytes(pixels + row)
        count, value = data[place : place + 2]
        place += 2
        if count:
            pair = (value >> 4, value & 15) if nibbles else (value, value)
            row += (bytes(pair) * (count // 2 + 1))[:count]
        elif value > 2:
            length = (value + 1) // 2 if nibbles else value
            run = data[place : place + length]
            row += bytes.fromhex("0".join(("", *run.hex())))[:value] if nibbles else run
            place += length + length % 2
        elif value == 0 and len(row) == width:
            pixels += row
            row.clear()
        else:
            raise ValueError("pixels are missing")
        if len(row) > width:
            raise ValueError("a run is too long")
    raise ValueError("too many runs")
