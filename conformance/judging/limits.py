"""Which limits of the photo standards a request breaks."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.requests.photos.files import OWN, photo_file
from conformance.requests.recipe import EncryptedPhoto, Photo, Request
from conformance.requests.writing import FIRST, SECOND
from verikit.contract import PhotoStandards

TOO_LONG = 413
_GROWTH = 4 / 3 * 17 / 16  # of Base64, and of its '+' and '/' percent-encoded


def offences(request: Request, standards: PhotoStandards) -> tuple[str | int, ...]:
    """The outcomes that the standards give a server reason for; empty when all is allowed."""
    found = [code for photo in request.photos for code in _offences(photo, standards)]
    bytes_sent = sum(len(photo_file(photo)) for photo in _photos_sent(request)) * _GROWTH
    if bytes_sent > standards.max_body_bytes:
        found.append(TOO_LONG)
    return tuple(dict.fromkeys(found))


def _photos_sent(request: Request) -> Iterator[Photo]:
    """The photos in it, twice where their parameter is repeated."""
    for name, value in zip((FIRST, SECOND), (request.first, request.second), strict=True):
        if isinstance(value, EncryptedPhoto):
            yield from [value.photo] * (2 if request.repeat == name else 1)


def _offences(photo: Photo, standards: PhotoStandards) -> Iterator[str | int]:
    if len(photo_file(photo)) > standards.max_file_bytes:
        yield "INVALID_CONTENT_LENGTH"
    if photo.content != "image" or photo.of.startswith(OWN):
        return
    if photo.format not in standards.formats:
        yield "INVALID_IMAGE_TYPE"
    sides = (photo.width, photo.height)
    if any(side and not standards.min_side <= side <= standards.max_side for side in sides):
        yield "INVALID_IMAGE_SIZE"
