"""Requests as small values: the photos, their encryption, their encoding, and the form.

Recipes are cheap to generate, compare and print; :mod:`conformance.requests.writing` encodes them
late.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from verikit.errors import WrongUse
from verikit.transport.request import Head, Length


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One photo file. Sizes in pixels or bytes; ``turn`` in degrees clockwise."""

    of: str = "collins"
    """collins, hopper, both, nobody, blank, ``thing:`` and the name of a photograph without a
    person, or ``own:`` and the path of a vendor's photo."""
    content: str = "image"
    """image; the name of a file that is none (see :mod:`conformance.requests.photos.odd`); or
    ``hex:`` and the bytes themselves."""
    width: int | None = None
    height: int | None = None
    """None: an ordinary size, which the server's photo standards allow."""
    at: str = "middle"
    """start, middle or end: where the picture lies on a canvas that is longer than it."""
    turn: int = 0
    mirror: bool = False
    brightness: float = 1.0
    cover: str | None = None
    """eyes, nose, mouth or mask, painted over."""
    format: str | None = None
    """As Pillow names it; None: an ordinary one."""
    mode: str = "RGB"
    quality: int = 90
    progressive: bool = False
    exif: int | None = None
    """The EXIF orientation, 1 to 8."""
    camera: bool = False
    """A JPEG as a phone writes it: EXIF at its very start, in the other byte order than Pillow's,
    the camera's name before the orientation, a thumbnail and a color profile."""
    exif_flaw: str | None = None
    """What is wrong with a camera's EXIF; see :mod:`conformance.requests.photos.camera`."""
    frames: int = 1
    """Frames after the first are blank."""
    percent: int = 100
    """How much of the file is kept, from its start."""
    edits: tuple[tuple[int, int], ...] = ()
    """Bytes that are changed: the position, counted around the file, and what is XORed."""
    pad_to: int | None = None
    """Comments lengthen a JPEG or PNG file to this size."""
    behind: int = 0
    """Bytes behind the end of the picture."""


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """How the file is encrypted, and what happens to the result."""

    key: str = "right"
    """right, wrong (one character differs), or default (the documented one)."""
    iv: str = "right"
    """As of the key."""
    flip: str | None = None
    """first, middle, tag-start, or tag (its end): where one bit is turned over; or tag-reversed:
    its bytes, last first."""
    drop: str | None = None
    """tag, tag-byte, half, or all-but-tag: what is left out."""
    off: bool = False
    """The file is sent as it is, without encryption."""


@dataclass(frozen=True, kw_only=True)
class Writing:
    """How the encrypted bytes are written as Base64 text."""

    alphabet: str = "standard"
    """standard, urlsafe, or hex (which is no Base64)."""
    wrap: int | None = None
    """A line break after every so many characters."""
    prefix: str = ""
    insert: str = ""
    """Characters put into the middle."""
    cut: int = 0
    """Characters left out at the end, before the padding is judged."""
    blanks: bool = False
    """'+' is written as a blank, as curl -d makes the server read it."""
    suffix: str = ""
    """Characters behind the end, padding included."""


@dataclass(frozen=True, kw_only=True)
class EncryptedPhoto:
    """One encrypted photo, as the text of a form field."""

    photo: Photo = field(default_factory=Photo)
    encryption: Encryption = field(default_factory=Encryption)
    write: Writing = field(default_factory=Writing)


FieldValue = EncryptedPhoto | str | None

SECOND = EncryptedPhoto(photo=Photo(quality=80, brightness=0.9))


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request to the operation; as it stands, two ordinary photos of one person."""

    first: FieldValue = field(default_factory=EncryptedPhoto)
    second: FieldValue = SECOND
    auto_rotate: str | None = None
    check_quality: str | None = None
    extra: tuple[tuple[str, str], ...] = ()
    repeat: str | None = None
    """A parameter that is sent twice with the same value."""
    order: tuple[str, ...] = ()
    """Parameters that come before the others."""
    expect_continue: bool = False
    """The header Expect: 100-continue is sent; the body follows at once."""
    in_query: tuple[str, ...] = ()
    """Parameters that are sent in the query string instead of the body."""
    body: str = "urlencoded"
    """urlencoded, lower-case-escapes (%2b), all-escaped (every character, those of names too), raw
    (nothing escaped), multipart (fields), files (multipart file parts), multipart-quoted,
    multipart-surrounded, multipart-headed (fields in other spellings), json, text, empty."""
    content_type: str | None = None
    """Replaces the header that belongs to the body; empty leaves it out."""
    length: Length = "declared"
    """declared, chunked, or none."""
    literal: str | None = None
    """The body itself, instead of one that is made of the parameters."""
    pad_to: int | None = None
    """An unknown parameter lengthens the body to this many bytes."""
    tail: str = ""
    """What follows the parameters of a URL-encoded body."""
    headers: tuple[tuple[str, str], ...] = ()
    """More headers, or others than the suite's own."""
    head: Head = "plain"
    """How request line and headers are written: plain, lower-case-names, whole-url (in the request
    line), or http-1.0."""
    pause: float = 0.0
    """Seconds without a byte in the middle of the body."""
    method: str = "POST"
    path: str = "{path}"

    @property
    def photos(self) -> tuple[Photo, ...]:
        """The photos in it, first before second."""
        return tuple(p.photo for p in (self.first, self.second) if isinstance(p, EncryptedPhoto))


def fitted(request: Request, side: int, file_format: str) -> Request:
    """The request with a photo size in pixels and a format that are ordinary for the server."""
    return dataclasses.replace(
        request,
        first=_fitted(request.first, side, file_format),
        second=_fitted(request.second, side, file_format),
    )


def _fitted(value: FieldValue, side: int, file_format: str) -> FieldValue:
    if not isinstance(value, EncryptedPhoto):
        return value
    photo = dataclasses.replace(
        value.photo,
        width=value.photo.width or side,
        height=value.photo.height or side,
        format=value.photo.format or file_format,
    )
    return dataclasses.replace(value, photo=photo)


T = TypeVar("T")


def build(kind: type[T], entry: Mapping[str, Any]) -> T:
    """Build a recipe from plain data.

    Raises:
        WrongUse: the recipe does not have such a key.
    """
    known = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := set(entry) - known:
        raise WrongUse(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**{name: _value(name, value) for name, value in entry.items()})


_NESTED: dict[str, type[Any]] = {
    "first": EncryptedPhoto,
    "second": EncryptedPhoto,
    "photo": Photo,
    "encryption": Encryption,
    "write": Writing,
}


def _value(name: str, value: Any) -> Any:
    if name in _NESTED and isinstance(value, Mapping):
        return build(_NESTED[name], value)
    if name in ("extra", "headers"):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value
