"""Which limits of the photo standards a request exceeds."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.requests.photos.files import OWN, photo_file
from conformance.requests.recipe import EncryptedPhoto, Photo, Request
from conformance.requests.writing import FIRST, SECOND
from verikit.contract.profile import Standards

TOO_LONG = 413
_GROWTH = 4 / 3 * 17 / 16  # of Base64, and of its '+' and '/' percent-encoded
LARGE = 200_000
"""Bytes above which a file may be too large for a server whose maximum is unknown."""
SMALL = 8192
"""Bytes below which a file may be too small for a server whose minimum is unknown."""


def offences(request: Request, standards: Standards) -> tuple[str | int, ...]:
    """The refusals that the standards justify; empty if everything is allowed."""
    found = [code for photo in request.photos for code in _offences(photo, standards)]
    most = standards.max_body_bytes
    if most and sum(len(photo_file(p)) for p in _photos_sent(request)) * _GROWTH > most:
        found.append(TOO_LONG)
    return tuple(dict.fromkeys(found))


def is_small(request: Request) -> bool:
    """Whether one of its files may be below a server's unknown minimum."""
    return any(len(photo_file(photo)) < SMALL for photo in request.photos)


def is_large(request: Request) -> bool:
    """Whether one of its files may be above a server's unknown maximum."""
    return any(len(photo_file(photo)) > LARGE for photo in request.photos)


def _photos_sent(request: Request) -> Iterator[Photo]:
    """The photos in it, twice where their parameter is repeated."""
    for name, value in zip((FIRST, SECOND), (request.first, request.second), strict=True):
        if isinstance(value, EncryptedPhoto):
            yield from [value.photo] * (2 if request.repeat == name else 1)


def _offences(photo: Photo, standards: Standards) -> Iterator[str | int]:
    if not _within(len(photo_file(photo)), standards.min_file_bytes, standards.max_file_bytes):
        yield "INVALID_CONTENT_LENGTH"
    if photo.content != "image" or photo.of.startswith(OWN):
        return
    if standards.formats and photo.format not in standards.formats:
        yield "INVALID_IMAGE_TYPE"
    sides = (photo.width, photo.height)
    if any(side and not _within(side, standards.min_side, standards.max_side) for side in sides):
        yield "INVALID_IMAGE_SIZE"


def _within(size: int, least: int | None, most: int | None) -> bool:
    return (least is None or size >= least) and (most is None or size <= most)
