"""The errors in a request, and the outcomes that are right for it.

Of several errors a server may report any, because the API page names no order. If the page leaves
open which code an error gets, each is right, unless the profile binds the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from conformance.judging.limits import LARGE, SMALL, TOO_LONG, offences
from conformance.judging.outcome import ACCEPTED, describe_expected
from conformance.requests.photos.files import photo_file
from conformance.requests.photos.odd import NO_PHOTOS
from conformance.requests.recipe import EncryptedPhoto, Encryption, FieldValue, Photo, Request
from verikit.contract.profile import Profile

IsOpen = Callable[[str], bool]
"""Whether the page leaves a reading open and nothing binds it."""
_ARGUMENT, _TYPE, _FACE = "INVALID_ARGUMENT", "INVALID_IMAGE_TYPE", "DETECTION_FAILED"
_SIZE, _LENGTH, _COVERED = "INVALID_IMAGE_SIZE", "INVALID_CONTENT_LENGTH", "FACE_OCCLUSION"
_LEAST_SIDE = 200
"""Pixels below which a face may be too small to be found."""
_SPELLINGS = ("", "true", "false", "1", "0", "yes", "no", "on", "off", "t", "f", "y", "n")
"""What may be read as a boolean as well, in any letter case."""
_FORMS = {"urlencoded", "lower-case-escapes", "all-escaped", "raw", "multipart", "files"}
_LIGHT, _LEAST_QUALITY = (0.7, 1.3), 40
"""Brightness and JPEG quality beyond which a face may not be found."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A reason to refuse a request.

    ``requirement``: the one that is broken if it is not refused. ``outcomes``: the right refusals.
    ``sure``: every server must refuse it; otherwise a server may.
    """

    requirement: str
    outcomes: frozenset[str | int]
    sure: bool = True


@dataclass(frozen=True, kw_only=True)
class Right:
    """The right outcomes of a request, and the requirement that any other outcome breaks."""

    outcomes: frozenset[str | int]
    requirement: str

    @property
    def expected(self) -> str:
        """The outcomes in words."""
        return " or ".join(describe_expected(word) for word in sorted(self.outcomes, key=str))


def right(request: Request, profile: Profile, is_open: IsOpen) -> Right | None:
    """The right outcomes of a request; None if every well-formed answer is right.

    ``is_open`` says whether a reading is left open for this server.
    """
    if request.literal is not None or request.body not in _FORMS or request.in_query:
        return None
    reasons = list(_reasons(request, profile, is_open))
    outcomes = frozenset[str | int]().union(*(reason.outcomes for reason in reasons))
    sure = [reason for reason in reasons if reason.sure]
    if sure:
        return Right(outcomes=outcomes, requirement=sure[0].requirement)
    turned = request.auto_rotate == "true" and any(p.turn or p.exif for p in request.photos)
    requirement = "auto-rotate-true" if turned else "photo-ordinary"
    return Right(outcomes=outcomes | {ACCEPTED}, requirement=requirement)


def _reasons(request: Request, profile: Profile, is_open: IsOpen) -> Iterator[Reason]:
    argument = frozenset({_ARGUMENT})
    if request.body in ("multipart", "files") and is_open("body-multipart"):
        yield Reason(requirement="body-multipart", outcomes=argument, sure=False)
    if request.body == "raw" and is_open("sample-curl"):  # its '+' are blanks, which may be refused
        outcomes = _undecryptable(is_open)
        yield Reason(requirement="sample-curl", outcomes=outcomes, sure=False)
    if _may_be_too_long(request, profile):
        yield Reason(requirement="status-413", outcomes=frozenset({TOO_LONG}), sure=False)
    for text in (request.auto_rotate, request.check_quality):
        if text not in (None, "true", "false"):
            sure = text.strip().lower() not in _SPELLINGS and not is_open("boolean-refused")
            yield Reason(requirement="boolean-refused", outcomes=argument, sure=sure)
    for name, value in (("first", request.first), ("second", request.second)):
        yield from _of_field(name, value, request, profile, is_open)
    if request.repeat or request.extra:
        yield Reason(requirement="body-repeated", outcomes=frozenset({_ARGUMENT}), sure=False)


def _undecryptable(is_open: IsOpen) -> frozenset[str | int]:
    """How a photo may be refused that is no Base64, or does not decrypt."""
    return frozenset({_ARGUMENT, *((_TYPE, _LENGTH) if is_open("undecryptable-code") else ())})


def _may_be_too_long(request: Request, profile: Profile) -> bool:
    """Whether the body may be above the server's limit, or above that of what stands before it."""
    if profile.standards.max_body_bytes is None:
        return sum(len(photo_file(photo)) for photo in request.photos) > LARGE
    return TOO_LONG in offences(request, profile.standards)


def _of_field(
    name: str, value: FieldValue, request: Request, profile: Profile, is_open: IsOpen
) -> Iterator[Reason]:
    undecryptable = _undecryptable(is_open)
    if value is None:
        yield Reason(requirement=f"{name}-required", outcomes=frozenset({_ARGUMENT}))
    elif value == "":
        yield Reason(requirement=f"{name}-required", outcomes=undecryptable)
    elif not isinstance(value, EncryptedPhoto):
        yield Reason(requirement="encryption-base64", outcomes=undecryptable)
    elif value.encryption != Encryption() or value.write.cut > 4 or value.write.alphabet == "hex":
        yield Reason(requirement="encryption-tag", outcomes=undecryptable)
    else:
        if value.write != replace(
            value.write, insert="", prefix="", suffix="", cut=0, alphabet="standard"
        ):
            yield Reason(requirement="encryption-base64", outcomes=undecryptable, sure=False)
        yield from _of_photo(value.photo, request, profile, is_open)


def _of_photo(
    photo: Photo, request: Request, profile: Profile, is_open: IsOpen
) -> Iterator[Reason]:
    standards, size = profile.standards, len(photo_file(photo))
    if standards.max_file_bytes is None and size > LARGE:
        outcomes: frozenset[str | int] = frozenset({_LENGTH, TOO_LONG})
        yield Reason(requirement="code-2004", outcomes=outcomes, sure=False)
    least = standards.min_file_bytes
    may_be_small = size < SMALL if least is None and is_open("file-length-least") else False
    if may_be_small or (least or 0) > size or size > (standards.max_file_bytes or size):
        yield Reason(requirement="code-2004", outcomes=frozenset({_LENGTH}), sure=False)
    if photo.content != "image":
        other = frozenset({_SIZE, _LENGTH, _FACE, _ARGUMENT})
        outcomes = frozenset({_TYPE}) | (frozenset() if photo.content in NO_PHOTOS else other)
        yield Reason(requirement="code-2005", outcomes=outcomes)
        return
    if photo.edits or photo.percent < 100 or photo.exif_flaw:
        yield Reason(requirement="code-2005", outcomes=frozenset({_TYPE, _SIZE, _FACE}), sure=False)
    if photo.format not in (standards.formats or ("JPEG",)):
        known = standards.formats is not None
        yield Reason(requirement="photo-formats", outcomes=frozenset({_TYPE}), sure=known)
    sides = [side for side in (photo.width, photo.height) if side]
    low, high = standards.min_side, standards.max_side
    if any((low and side < low) or (high and side > high) for side in sides):
        yield Reason(requirement="code-2003", outcomes=frozenset({_SIZE}))
    elif None in (low, high) and any(not 300 <= side <= 1000 for side in sides):
        yield Reason(requirement="code-2003", outcomes=frozenset({_SIZE, _FACE}), sure=False)
    elif any(not _LEAST_SIDE <= side <= 1000 for side in sides):
        yield Reason(requirement="code-2003", outcomes=frozenset({_FACE}), sure=False)
    yield from _of_face(photo, request)


def _of_face(photo: Photo, request: Request) -> Iterator[Reason]:
    if photo.of in ("nobody", "blank") or photo.of.startswith("thing:"):
        yield Reason(requirement="code-4000", outcomes=frozenset({_FACE}))
    elif photo.cover:
        untested = request.check_quality in (None, "false")
        outcomes = frozenset({_FACE} if untested else {_COVERED, _FACE})
        sure = request.check_quality == "true" and photo.cover == "mask"
        yield Reason(requirement="code-4004", outcomes=outcomes, sure=sure)
    elif not _LIGHT[0] <= photo.brightness <= _LIGHT[1] or photo.quality < _LEAST_QUALITY:
        yield Reason(requirement="photo-ordinary", outcomes=frozenset({_FACE}), sure=False)
    elif (photo.turn or photo.exif) and request.auto_rotate != "true":
        yield Reason(requirement="auto-rotate-false", outcomes=frozenset({_FACE}), sure=False)
