"""Reads files that others wrote, none further than one of its kind may be long.

A name may be wrong, and lead to a film, to a device, or to a pipe that never ends.
"""

from __future__ import annotations

import os
from pathlib import Path

MEBIBYTE = 1024 * 1024
LARGEST_SETTINGS = MEBIBYTE
"""Bytes of a file that people write by hand."""
LARGEST_DATA = 256 * MEBIBYTE
"""Bytes of a report or a table that is held in memory as a whole."""
MALFORMED = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
)
"""What reading a file raises whose values are missing, too large, or not of the expected kind."""


class TooLarge(ValueError):  # noqa: N818 - it names what was found
    """A file is longer than it may be; the message is a part of a sentence."""


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a file of at most ``most`` bytes.

    Raises:
        OSError: it cannot be read.
        TooLarge: it is longer.
    """
    with path.open("rb") as file:
        # The size is known of files alone: a pipe or a device has to be read to its limit.
        known = os.fstat(file.fileno()).st_size
        if known <= most and len(content := file.read(most + 1)) <= most:
            return content
    size = f"{most // MEBIBYTE} MiB" if most >= MEBIBYTE else f"{most // 1024} KiB"
    raise TooLarge(f"it is larger than {size}")


def read_text(path: Path, most: int) -> str:
    """The same of a file in UTF-8, without its byte order mark.

    Raises:
        OSError, UnicodeDecodeError: it cannot be read.
        TooLarge: it is longer than ``most`` bytes.
    """
    return read_bytes(path, most).decode("utf-8-sig")
