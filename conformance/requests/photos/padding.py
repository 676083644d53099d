"""Makes photo files longer without changing the picture."""

from __future__ import annotations

import struct
import zlib

from conformance.errors import NotApplicable
from verikit.portraits import padded_jpeg

_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_CHUNK = 12  # a PNG chunk without content
_BEHIND_HEADER = len(_PNG) + _CHUNK + 13


def padded(file: bytes, size: int) -> bytes:
    """The same picture in a file of ``size`` bytes; unchanged if it is larger already.

    Raises:
        NotApplicable: the format cannot be lengthened.
    """
    missing = size - len(file)
    if missing <= 0:
        return file
    if file.startswith(_JPEG):
        return padded_jpeg(file, size)
    if file.startswith(_PNG) and missing >= _CHUNK:
        return file[:_BEHIND_HEADER] + _chunk(missing) + file[_BEHIND_HEADER:]
    raise NotApplicable("the suite makes files of an exact size as JPEG and PNG only")


def _chunk(missing: int) -> bytes:
    """A chunk of a private kind that readers skip (PNG, third edition, 5.4)."""
    kind, body = b"vkIt", bytes(missing - _CHUNK)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
