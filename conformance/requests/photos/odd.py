"""Files that are not photos, or that claim to be far larger than they are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np


def _noise(size: int = 4096) -> bytes:
    return np.random.default_rng(20).bytes(size)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, rows: int) -> bytes:
    """A gray one-bit PNG that claims ``height`` rows but has ``rows``."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes((width + 7) // 8)) * rows, 9)
    chunks = (_png_chunk(b"IHDR", header), _png_chunk(b"IDAT", pixels), _png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _bmp(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 64, 0, 0, 54) + info + bytes(64)


def _gif(width: int, height: int) -> bytes:
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00"
    return screen + frame + b";"


def _tiff(width: int, height: int) -> bytes:
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 122), (277, 1)]
    tags += [(278, height), (279, 64)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + bytes(64)


def _jpeg(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + scan + b"\xff\xd9"


_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><circle r="90"/></svg>'
_HUGE = 50_000

ODD: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "one-byte": lambda: b"\xff",
    "text": lambda: b"This is no photo. " * 40,
    "noise": _noise,
    "pdf": lambda: _PDF,
    "svg": lambda: _SVG,
    "jpeg-signature": lambda: b"\xff\xd8\xff\xe0" + _noise(),
    "png-signature": lambda: b"\x89PNG\r\n\x1a\n" + _noise(),
    "side-20000": lambda: png(20_000, 400, 400),
    "height-20000": lambda: png(400, 20_000, 20_000),
    "side-65936": lambda: png(65_536 + 400, 400, 400),
    "png-bomb": lambda: png(_HUGE, _HUGE, 1),
    "png-wrapped-bomb": lambda: png(65_536, 65_536, 1),
    "png-filled-bomb": lambda: png(20_000, 20_000, 20_000),
    "bmp-bomb": lambda: _bmp(_HUGE, _HUGE),
    "gif-bomb": lambda: _gif(_HUGE, _HUGE),
    "tiff-bomb": lambda: _tiff(_HUGE, _HUGE),
    "jpeg-bomb": lambda: _jpeg(_HUGE, _HUGE),
}
"""Name -> how the bytes are made."""
NO_PHOTOS = ("one-byte", "text", "noise", "pdf", "svg", "jpeg-signature", "png-signature")
"""Those in which no reader sees a photo of any size."""
