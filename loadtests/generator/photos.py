"""The two people of `verikit.portraits`, in photos of any size."""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageDraw

from verikit.portraits import head, jpeg, padded_jpeg

# As shares of the head picture's side.
_MOUTH = {"collins": (0.40, 0.46, 0.60, 0.58), "hopper": (0.32, 0.68, 0.68, 0.86)}


@cache
def portrait(person: str, side: int) -> bytes:
    """A square JPEG of a person's head, ``side`` pixels wide."""
    return jpeg(head(person, side))


@cache
def covered_portrait(person: str, side: int) -> bytes:
    """The portrait with the mouth covered by plain paint."""
    picture = head(person, side).copy()
    left, top, right, bottom = (round(share * side) for share in _MOUTH[person])
    ImageDraw.Draw(picture).ellipse((left, top, right, bottom), fill=(40, 60, 140))
    return jpeg(picture)


@cache
def landscape(side: int) -> bytes:
    """A JPEG without a face: a plain slope from dark to light."""
    return jpeg(Image.linear_gradient("L").resize((side, side)).convert("RGB"))


def lengthened(file: bytes, least: int) -> bytes:
    """The same picture, or text, in a file that is not shorter than ``least`` bytes."""
    return padded_jpeg(file, least) if file.startswith(b"\xff\xd8") else file.ljust(least)
