"""The two people of `verikit.portraits`, and edits of their portraits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from conformance.requests.recipe import Photo
from verikit.portraits import portrait

THING = "thing:"
GREY = (128, 128, 128)
ORDINARY_SIDE = 400


@dataclass(frozen=True)
class Face:
    """The position of a face in a portrait: the head's box and landmarks, in pixels (x, y).

    ``box``: left, top, right, bottom.
    """

    box: tuple[int, int, int, int]
    left_eye: tuple[float, float]
    right_eye: tuple[float, float]
    nose: tuple[float, float]
    mouth: tuple[float, float]


FACES = {
    "collins": Face((105, 0, 345, 240), (207, 103), (249, 103), (227, 124), (225, 146)),
    "hopper": Face((80, 20, 450, 390), (221, 188), (303, 186), (266, 232), (262, 279)),
}


def draw(photo: Photo) -> Image.Image:
    """The picture of a recipe, RGB, before it is written to a file."""
    picture = _picture(photo.of, photo.cover)
    if photo.mirror:
        picture = ImageOps.mirror(picture)
    if photo.brightness != 1.0:
        picture = ImageEnhance.Brightness(picture).enhance(photo.brightness)
    if photo.turn:
        picture = picture.rotate(-photo.turn, expand=True)
    return _fit(picture, photo.width or ORDINARY_SIDE, photo.height or ORDINARY_SIDE, photo.at)


def _fit(picture: Image.Image, width: int, height: int, at: str) -> Image.Image:
    """The picture as large as it fits, on a gray canvas of just the size asked for."""
    inner = ImageOps.contain(picture, (width, height))
    if inner.size == (width, height):
        return inner
    canvas = Image.new("RGB", (width, height), GREY)
    share = {"start": 0.0, "middle": 0.5, "end": 1.0}[at]
    left, top = int((width - inner.width) * share), int((height - inner.height) * share)
    canvas.paste(inner, (left, top))
    return canvas


@cache
def _picture(of: str, cover: str | None) -> Image.Image:
    if of in FACES:
        return _portrait(of, cover)
    if of.startswith(THING):
        return _thing(of.removeprefix(THING))
    if of == "both":
        return _side_by_side(_portrait("collins", cover), _portrait("hopper", cover))
    return Image.new("RGB", (400, 400), GREY) if of == "blank" else _landscape()


def _portrait(person: str, cover: str | None) -> Image.Image:
    face = FACES[person]
    picture = portrait(person).copy()
    if cover:
        _paint_over(picture, face, cover)
    return picture.crop(face.box)


def _thing(name: str) -> Image.Image:
    with Image.open(Path(__file__).parent / "things" / f"{name}.jpg") as file:
        return file.convert("RGB")


def _side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", (800, 400), GREY)
    canvas.paste(left.resize((400, 400)), (0, 0))
    canvas.paste(right.resize((400, 400)), (400, 0))
    return canvas


def _landscape() -> Image.Image:
    """Sky over hills: colors and edges, and nothing that looks like a face."""
    x = np.linspace(0, 1, 400)
    sky = np.linspace(1, 0, 400)[:, None] * np.ones(400)
    hills = (np.linspace(0, 1, 400)[:, None] > 0.6 + 0.1 * np.sin(7 * x)).astype(float)
    planes = [90 + 60 * sky * (1 - hills), 120 + 40 * sky + 20 * hills, 200 - 150 * hills]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def _paint_over(picture: Image.Image, face: Face, cover: str) -> None:
    """Flat paint over a part of the face; sizes in units of the distance between the eyes."""
    pen = ImageDraw.Draw(picture)
    d = face.right_eye[0] - face.left_eye[0]
    (lx, ly), (rx, ry), (nx, ny), (mx, my) = face.left_eye, face.right_eye, face.nose, face.mouth
    if cover == "eyes":
        for x, y in (face.left_eye, face.right_eye):
            pen.ellipse((x - 0.42 * d, y - 0.34 * d, x + 0.42 * d, y + 0.38 * d), fill=(15, 15, 15))
        pen.rectangle((lx, ly - 0.12 * d, rx, ry + 0.05 * d), fill=(15, 15, 15))
    elif cover == "nose":
        pen.ellipse((nx - 0.42 * d, ny - 0.4 * d, nx + 0.42 * d, ny + 0.3 * d), fill="white")
    elif cover == "mouth":
        pen.ellipse(
            (mx - 0.65 * d, my - 0.33 * d, mx + 0.65 * d, my + 0.33 * d), fill=(40, 60, 140)
        )
    elif cover == "mask":
        top, bottom = ny - 0.25 * d, my + 0.75 * d
        corners = [(nx - 0.95 * d, top), (nx, top - 0.25 * d), (nx + 0.95 * d, top)]
        pen.polygon(
            [*corners, (mx + 0.6 * d, bottom), (mx - 0.6 * d, bottom)], fill=(150, 190, 215)
        )
