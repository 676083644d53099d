"""Two portraits in the public domain: Eileen Collins (NASA) and Grace Hopper (US Navy)."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from PIL import Image

Box = tuple[int, int, int, int]

HEADS: dict[str, Box] = {"collins": (85, 0, 365, 280), "hopper": (95, 20, 435, 360)}
"""A square around each person's head, in pixels of the portrait."""

PEOPLE = tuple(HEADS)
_MARKER = 2  # bytes of a JPEG's start, and of the marker of a comment
_SEGMENT = 65_537  # the longest JPEG comment, its header included
_HEADER = 4


@cache
def portrait(person: str) -> Image.Image:
    """The whole portrait, RGB; copy it before you change it."""
    with Image.open(Path(__file__).with_name(f"{person}.jpg")) as file:
        return file.convert("RGB")


@cache
def head(person: str, side: int) -> Image.Image:
    """The head alone, ``side`` pixels wide and high; copy it before you change it."""
    return portrait(person).crop(HEADS[person]).resize((side, side), Image.Resampling.LANCZOS)


def jpeg(picture: Image.Image) -> bytes:
    """A picture as a JPEG file of quality 90."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def padded_jpeg(file: bytes, size: int) -> bytes:
    """The same picture in a JPEG file of just this size, or as it is where it is larger already."""
    return file[:_MARKER] + _comments(size - len(file)) + file[_MARKER:]


def _comments(missing: int) -> bytes:
    if missing < _HEADER:
        return b"\xff" * missing  # fill bytes, which may precede any marker (T.81, B.1.1.2)
    segments = bytearray()
    while missing > 0:
        # What is left over must be long enough for a segment of its own.
        length = missing if missing <= _SEGMENT else min(_SEGMENT, missing - _HEADER)
        segments += b"\xff\xfe" + (length - _MARKER).to_bytes(2, "big") + bytes(length - _HEADER)
        missing -= length
    return bytes(segments)
