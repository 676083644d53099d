"""Faults in the limits of the photo standards."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any

from PIL import Image

from reference_server.answers import http_error, refused
from reference_server.refusals import (
    InvalidArgument,
    NoFaceFound,
    UnreadablePhoto,
    WrongFileSize,
    WrongPixelSize,
)
from tests.mutation.encryption import PhotoCipher
from tests.mutation.mutants.files import as_png, exif_of, header
from tests.mutation.naming import ABOUT, FIRST, PHOTOS, SECOND
from tests.mutation.parts import (
    Crash,
    Parts,
    around,
    on_ciphertext,
    on_fields,
    on_file,
    on_refusal,
    on_standards,
)
from tests.mutation.registry import PROFILES, STANDARDS, mutant
from tests.mutation.wire import CONTRACT, Ask, Fields, Reply, Serve, reply
from verikit.contract import PhotoStandards
from verikit.contract.profile import load_profile

SIZE = CONTRACT.codes["INVALID_IMAGE_SIZE"].code
LENGTH = CONTRACT.codes["INVALID_CONTENT_LENGTH"].code
JUDGED_BY = {
    "min_side": "code-2003",
    "max_side": "code-2003",
    "max_file_bytes": "code-2004",
    "max_body_bytes": "status-413",
}
WRAPPED = 1 << 16
THUMBNAIL = b"\xff\xd8\xff\xe0"
"""How a JPEG begins; in a phone's photo, the thumbnail."""
WRONG_LIMITS: dict[str, Callable[[int], int]] = {
    "doubled": lambda limit: 2 * limit,
    "halved": lambda limit: limit // 2,
    "one_too_high": lambda limit: limit + 1,
    "one_too_low": lambda limit: limit - 1,
}


def limited(limit: str, wrong: Callable[[int], int], standards: PhotoStandards) -> PhotoStandards:
    """One limit is another."""
    other: dict[str, Any] = {limit: wrong(getattr(standards, limit))}
    return replace(standards, **other)


for limit, requirement in JUDGED_BY.items():
    for way, wrong in WRONG_LIMITS.items():
        mutant(requirement, name=f"{limit}_{way}")(on_standards(partial(limited, limit, wrong)))


@mutant("code-2003")
@on_standards
def smallest_side_not_limited(standards: PhotoStandards) -> PhotoStandards:
    return replace(standards, min_side=1)


def _oversized(side: int) -> bool:
    return not STANDARDS.min_side <= side <= STANDARDS.max_side


def _small_copy(file: bytes) -> bytes:
    found = header(file)
    if found is None or found.width * found.height > 4 * STANDARDS.max_side**2:
        return file
    return as_png(file, lambda picture: picture.resize((400, 400)))


@mutant("code-2003")
@on_file
def height_not_limited(index: int, file: bytes) -> bytes:
    found = header(file)
    passes = found is not None and _oversized(found.height) and not _oversized(found.width)
    return _small_copy(file) if passes else file


@mutant("code-2003")
@on_file
def width_not_limited(index: int, file: bytes) -> bytes:
    found = header(file)
    passes = found is not None and _oversized(found.width) and not _oversized(found.height)
    return _small_copy(file) if passes else file


@mutant("code-2003")
@on_file
def area_limited_instead_of_sides(index: int, file: bytes) -> bytes:
    found = header(file)
    if found is None or min(found.size) < STANDARDS.min_side:
        return file
    return _small_copy(file) if found.width * found.height <= STANDARDS.max_side**2 else file


@mutant("code-2003")
@on_file
def area_limited_as_well(index: int, file: bytes) -> bytes:
    found = header(file)
    if found is not None and found.width * found.height > STANDARDS.max_side**2 * 3 // 4:
        raise WrongPixelSize(index, "too many pixels")
    return file


def pixels_not_limited(photo: int, index: int, file: bytes) -> bytes:
    """The size in pixels of one photo is not looked at."""
    found = header(file)
    passes = index == photo and found is not None and any(map(_oversized, found.size))
    return _small_copy(file) if passes else file


def bytes_not_limited(photo: int, index: int, file: bytes) -> bytes:
    """The file size of one photo is not looked at."""
    too_long = len(file) > STANDARDS.max_file_bytes
    return _small_copy(file) if index == photo and too_long else file


for index, photo in enumerate(PHOTOS):
    judged = f"{ABOUT[photo]}-judged"
    mutant("code-2003", judged, name=f"pixels_not_limited_in_the_{ABOUT[photo]}_photo")(
        on_file(partial(pixels_not_limited, index))
    )
    mutant("code-2004", judged, name=f"bytes_not_limited_in_the_{ABOUT[photo]}_photo")(
        on_file(partial(bytes_not_limited, index))
    )


LEAST_FILE = str(PROFILES / "modest-least.yaml")
LEAST = load_profile(LEAST_FILE).standards.min_file_bytes or 0


def too_few_bytes(photo: int, least: int, index: int, file: bytes) -> bytes:
    """One photo has another least size than the server says."""
    if len(file) < (least if index == photo else LEAST):
        raise WrongFileSize(index, f"{len(file)} bytes")
    return file


for index, photo in enumerate(PHOTOS):
    for by, how in ((-1, "below"), (1, "above")):
        mutant("code-2004", profile=LEAST_FILE, name=f"least_{ABOUT[photo]}_file_one_byte_{how}")(
            on_file(partial(too_few_bytes, index, LEAST + by))
        )


@mutant("code-2004")
@on_fields
def base64_measured_instead_of_file(fields: Fields) -> Fields:
    if any(len(v) > STANDARDS.max_file_bytes for name, v in fields if name in PHOTOS):
        raise WrongFileSize(detail="too many characters")
    return fields


@mutant("code-2004")
@on_ciphertext
def tag_measured_with_the_file(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    if cipher.decrypted(ciphertext) and len(ciphertext) > STANDARDS.max_file_bytes:
        raise WrongFileSize(index, f"{len(ciphertext)} bytes")
    return ciphertext


@mutant("code-2003", "code-2004")
@on_refusal
def codes_2003_and_2004_swapped(given: Reply) -> Reply:
    return given.but(code={SIZE: LENGTH, LENGTH: SIZE}.get(given.code, given.code))


def answered_as(code: int, finding: Callable[[], Exception], given: Reply) -> Reply:
    """A refusal is answered as another one."""
    if given.code == code:
        raise finding()
    return given


for entry, name, finding in (
    (SIZE, "pixel_size_answered_as_damaged", UnreadablePhoto),
    (SIZE, "pixel_size_answered_as_no_face", NoFaceFound),
    (SIZE, "pixel_size_crashes", Crash),
    (LENGTH, "file_size_answered_as_damaged", UnreadablePhoto),
    (LENGTH, "file_size_answered_as_pixel_size", WrongPixelSize),
    (LENGTH, "file_size_answered_as_invalid_argument", partial(InvalidArgument, "too large")),
    (LENGTH, "file_size_crashes", Crash),
):
    crashes = ("status-500",) if finding is Crash else ()
    mutant(f"code-{entry}", *crashes, name=name)(on_refusal(partial(answered_as, entry, finding)))


@mutant("code-2004")
@on_refusal
def file_size_answered_413(given: Reply) -> Reply:
    return reply(http_error(413)) if given.code == LENGTH else given


@mutant("code-2003")
@on_file
def small_photo_answered_as_no_face(index: int, file: bytes) -> bytes:
    found = header(file)
    if found is not None and min(found.size) < STANDARDS.min_side:
        raise NoFaceFound(index)
    return file


@mutant("code-2003", "status-500")
@on_file
def bomb_crashes(index: int, file: bytes) -> bytes:
    try:
        found = Image.open(BytesIO(file))
    except Image.DecompressionBombError:
        raise Crash from None
    except Exception:  # Pillow raises nearly anything at what is no photo
        return file
    if found.width * found.height > 4 * STANDARDS.max_side**2:
        raise Crash
    return file


@mutant("check-order")
@around
def photos_judged_one_after_the_other(ask: Ask, serve: Serve) -> Reply:
    """All checks of the first photo come before any of the second."""
    given = dict(ask.fields or [])
    if not given.get(FIRST) or not given.get(SECOND):
        return serve(ask)
    alone = serve(ask.with_fields(list({**given, SECOND: given[FIRST]}.items())))
    return alone if alone.refused else serve(ask)


@mutant("check-order")
@on_file
def type_judged_before_the_file_size(index: int, file: bytes) -> bytes:
    if header(file) is None:
        raise UnreadablePhoto(index)
    return file


@mutant("code-2003")
@on_file
def sides_of_sixteen_bits(index: int, file: bytes) -> bytes:
    found = header(file)
    sides = [] if found is None or max(found.size) < WRAPPED else found.size
    if sides and not any(_oversized(side % WRAPPED) for side in sides):
        raise NoFaceFound(index)
    return file


@mutant("code-2003", "status-500")
@on_file
def area_of_thirty_two_bits(index: int, file: bytes) -> bytes:
    """A picture whose area is 0 in 32 bits is decoded."""
    sides = [int.from_bytes(file[at : at + 4], "big") for at in (16, 20)]
    if file.startswith(b"\x89PNG") and all(sides) and math.prod(sides) % WRAPPED**2 == 0:
        raise Crash
    return file


@mutant("code-2003")
@on_file
def size_of_the_thumbnail_believed(index: int, file: bytes) -> bytes:
    return _small_copy(file) if exif_of(file) and THUMBNAIL in file else file


@mutant("status-413")
@around
def multipart_bodies_not_limited(ask: Ask, serve: Serve) -> Reply:
    if "multipart" not in ask.content_type or len(ask.body) <= STANDARDS.max_body_bytes:
        return serve(ask)
    known = [(name, value) for name, value in ask.fields or [] if name in CONTRACT.parameters]
    return serve(ask.with_fields(known))


@mutant("code-2004")
def largest_file_refused_in_multipart(parts: Parts) -> Serve:
    cipher, most = parts.cipher, STANDARDS.max_file_bytes

    def serve(ask: Ask) -> Reply:
        given = dict(ask.fields or []) if "multipart" in ask.content_type else {}
        for index, photo in enumerate(PHOTOS):
            file = cipher.decrypted(cipher.from_base64(given.get(photo, b"")) or b"")
            if file and len(file) == most:
                return reply(refused(WrongFileSize(index, f"{most} bytes")))
        return parts.serve(ask)

    return serve


@mutant("length-believed")
@around
def body_of_the_declared_length_awaited(ask: Ask, serve: Serve) -> Reply:
    """The length is compared with the limit in 32 bits, and the rest never comes."""
    if int(ask.environ.get("CONTENT_LENGTH") or 0) > WRAPPED**2:
        raise ConnectionError
    return serve(ask)
