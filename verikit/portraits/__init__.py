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
