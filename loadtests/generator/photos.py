"""Two people in photos of any size, from pictures in the public domain that packages carry.

``skimage.data.astronaut`` shows Eileen Collins (NASA); matplotlib's ``grace_hopper.jpg`` shows
Grace Hopper (US Navy).
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw
from skimage import data

_Box = tuple[int, int, int, int]
PEOPLE = ("astronaut", "hopper")
_HEADS: dict[str, _Box] = {"astronaut": (85, 0, 365, 280), "hopper": (95, 20, 435, 360)}
# As shares of the head picture's side.
_MOUTH = {"astronaut": (0.40, 0.46, 0.60, 0.58), "hopper": (0.32, 0.68, 0.68, 0.86)}
_QUALITY = 90


@cache
def portrait(person: str, side: int) -> bytes:
    """A square JPEG of a person's head, ``side`` pixels wide."""
    return jpeg(_head(person, side))


@cache
def covered_portrait(person: str, side: int) -> bytes:
    """The portrait with the mouth covered by plain paint."""
    picture = _head(person, side)
    left, top, right, bottom = (round(share * side) for share in _MOUTH[person])
    ImageDraw.Draw(picture).ellipse((left, top, right, bottom), fill=(40, 60, 140))
    return jpeg(picture)


@cache
def landscape(side: int) -> bytes:
    """A JPEG without a face: a plain slope from dark to light."""
    return jpeg(Image.linear_gradient("L").resize((side, side)).convert("RGB"))


def jpeg(picture: Image.Image) -> bytes:
    """A picture as a JPEG file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _head(person: str, side: int) -> Image.Image:
    return _picture(person).crop(_HEADS[person]).resize((side, side), Image.Resampling.LANCZOS)


@cache
def _picture(person: str) -> Image.Image:
    if person == "astronaut":
        return Image.fromarray(data.astronaut())
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return Image.open(path).convert("RGB")
