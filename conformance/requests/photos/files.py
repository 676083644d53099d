"""Builds photo files from recipes; pictures are cached."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from conformance.requests.photos.camera import as_camera, color_profile
from conformance.requests.photos.odd import ODD
from conformance.requests.photos.padding import padded
from conformance.requests.photos.portraits import draw
from conformance.requests.recipe import Photo

OWN = "own:"
HEX = "hex:"
_ORIENTATION = 0x0112


def photo_file(photo: Photo) -> bytes:
    """The file as it is before encryption."""
    if photo.of.startswith(OWN):
        return Path(photo.of.removeprefix(OWN)).read_bytes()
    if not (photo.pad_to or photo.percent != 100 or photo.edits or photo.behind):
        return _content(photo)
    data = _content(replace(photo, pad_to=None, percent=100, edits=(), behind=0))
    if photo.pad_to:
        data = padded(data, photo.pad_to)
    data += bytes(photo.behind)
    return _edited(data[: len(data) * photo.percent // 100], photo.edits)


@lru_cache(maxsize=1024)
def _content(photo: Photo) -> bytes:
    if photo.content == "image":
        return _image_file(photo)
    if photo.content.startswith(HEX):
        return bytes.fromhex(photo.content.removeprefix(HEX))
    return ODD[photo.content]()


def _edited(data: bytes, edits: tuple[tuple[int, int], ...]) -> bytes:
    if not edits:
        return data
    changed = bytearray(data)
    for position, flip in edits if data else ():
        changed[position % len(changed)] ^= flip
    return bytes(changed)


def _image_file(photo: Photo) -> bytes:
    picture = _in_mode(draw(photo), photo.mode)
    if photo.format == "GIF" and picture.mode == "RGB":
        picture = picture.quantize(
            method=Image.Quantize.FASTOCTREE
        )  # saving takes 50 times as long
    buffer = io.BytesIO()
    picture.save(buffer, photo.format, **_options(photo, picture))
    data = buffer.getvalue()
    return as_camera(data, picture, photo.exif or 1, photo.exif_flaw) if _is_camera(photo) else data


def _is_camera(photo: Photo) -> bool:
    return photo.camera and photo.format == "JPEG"


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":  # Pillow converts without scaling 8 bits up to 16.
        deep = np.asarray(picture.convert("L")).astype(np.uint16) * 257
        return Image.fromarray(deep)
    return picture.convert(mode)


def _options(photo: Photo, picture: Image.Image) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if photo.format in ("JPEG", "WEBP", "AVIF"):
        options["quality"] = photo.quality
    if photo.format == "PDF":
        options |= {"creationDate": None, "modDate": None}  # else the same seed gives other bytes
    if photo.progressive:
        options["progressive"] = True
    if _is_camera(photo):
        options["icc_profile"] = color_profile()
    elif photo.exif is not None:
        exif = Image.Exif()
        exif[_ORIENTATION] = photo.exif
        options["exif"] = exif
    if photo.frames > 1:
        blank = Image.new("RGB", picture.size, "grey").convert(picture.mode)
        options |= {"save_all": True, "append_images": [blank] * (photo.frames - 1)}
    return options
