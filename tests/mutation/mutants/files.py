"""Faults in telling a photo file from others and in reading it."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO

import simplejpeg
from PIL import Image

from reference_server.refusals import InvalidArgument, NoFaceFound, UnreadablePhoto
from tests.mutation.parts import Crash, on_file, on_refusal
from tests.mutation.registry import STANDARDS, mutant
from tests.mutation.wire import CONTRACT, Reply

DAMAGED = CONTRACT.codes["INVALID_IMAGE_TYPE"].code
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG")


def header(file: bytes) -> Image.Image | None:
    """The picture as its header tells it, not decoded; None where there is none."""
    try:
        return Image.open(BytesIO(file))
    except Exception:  # Pillow raises nearly anything at what is no photo
        return None


def as_png(file: bytes, change: Callable[[Image.Image], Image.Image]) -> bytes:
    """The picture, changed, in a file that the reference reads; a damaged file as it is."""
    buffer = BytesIO()
    try:
        change(Image.open(BytesIO(file))).convert("RGB").save(buffer, "PNG")
    except Exception:  # Pillow raises nearly anything at what is damaged
        return file
    return buffer.getvalue()


def format_refused(file_format: str, index: int, file: bytes) -> bytes:
    """One of the listed formats is not read."""
    found = header(file)
    if found is not None and found.format == file_format:
        raise UnreadablePhoto(index)
    return file


for listed in STANDARDS.formats:
    mutant("photo-formats", name=f"{listed.lower()}_refused")(
        on_file(partial(format_refused, listed))
    )


def _accepted(index: int, file: bytes, *, formats: tuple[str, ...] = ()) -> bytes:
    """Formats beyond the listed ones are read; none named: all that Pillow knows."""
    found = header(file)
    if found is None or found.format in STANDARDS.formats:
        return file
    taken = not formats or found.format in formats
    return as_png(file, Image.Image.copy) if taken else file


mutant("photo-formats", name="webp_accepted")(on_file(partial(_accepted, formats=("WEBP",))))
mutant("photo-formats", name="every_format_accepted")(on_file(_accepted))


def mode_breaks(mode: str, outcome: Callable[[int], Exception], index: int, file: bytes) -> bytes:
    """Pictures with other samples than RGB are not prepared for."""
    found = header(file)
    if found is not None and found.mode == mode:
        raise outcome(index)
    return file


for mode, name in (("RGBA", "transparent"), ("P", "palette"), ("I;16", "sixteen_bit")):
    mutant("photo-formats", "status-500", name=f"{name}_photo_crashes")(
        on_file(partial(mode_breaks, mode, lambda index: Crash()))
    )
for mode, name in (("L", "grey"), ("CMYK", "cmyk")):
    mutant("photo-modes", name=f"{name}_photo_refused")(
        on_file(partial(mode_breaks, mode, UnreadablePhoto))
    )


@mutant("photo-ordinary")
@on_file
def progressive_jpeg_refused(index: int, file: bytes) -> bytes:
    found = header(file)
    if found is not None and found.info.get("progressive"):
        raise UnreadablePhoto(index)
    return file


@mutant("photo-formats")
@on_file
def last_frame_compared(index: int, file: bytes) -> bytes:
    found = header(file)
    return as_png(file, _last_frame) if getattr(found, "n_frames", 1) > 1 else file


def _last_frame(picture: Image.Image) -> Image.Image:
    picture.seek(getattr(picture, "n_frames", 1) - 1)
    return picture


@mutant("code-2005")
@on_file
def truncated_jpeg_accepted(index: int, file: bytes) -> bytes:
    """What is there is compared, the rest is gray."""
    if not file.startswith(SIGNATURES[0]) or file.endswith(b"\xff\xd9"):
        return file
    return as_png(file, lambda _: Image.fromarray(simplejpeg.decode_jpeg(file, strict=False)))


@mutant("code-2005")
@on_file
def signature_decides_the_type(index: int, file: bytes) -> bytes:
    """What begins like a photo but is none is answered as one without a face."""
    if file.startswith(SIGNATURES) and header(file) is None:
        raise NoFaceFound(index)
    return file


def _damaged(given: Reply) -> bool:
    return given.code == DAMAGED


@mutant("code-2005")
@on_refusal
def damaged_photo_answered_as_no_face(given: Reply) -> Reply:
    return given.but(code=CONTRACT.codes["DETECTION_FAILED"].code) if _damaged(given) else given


@mutant("code-2005")
@on_refusal
def damaged_photo_answered_as_invalid_argument(given: Reply) -> Reply:
    if _damaged(given):
        raise InvalidArgument("a photo is damaged")
    return given


@mutant("status-500", "code-2005")
@on_refusal
def damaged_photo_crashes(given: Reply) -> Reply:
    if _damaged(given):
        raise Crash
    return given


@mutant("answer-complete")
@on_refusal
def damaged_photo_ends_the_connection(given: Reply) -> Reply:
    if _damaged(given):
        raise ConnectionError
    return given


@mutant("truncated-code")
@on_file
def truncated_bmp_filled_up(index: int, file: bytes) -> bytes:
    return file.ljust(int.from_bytes(file[2:6], "little"), b"\0") if file[:2] == b"BM" else file


EXIF = b"Exif\0\0"
ENTRY = 12


def directories(tiff: bytes) -> Iterator[int]:
    """Where the directories of an EXIF begin, as a parser finds them that trusts it.

    Raises:
        KeyError, struct.error: it is damaged.
    """
    order = {b"II": "<", b"MM": ">"}[tiff[:2]]
    (at,) = struct.unpack(f"{order}I", tiff[4:8])
    while at:
        yield at
        (entries,) = struct.unpack(f"{order}H", tiff[at : at + 2])
        (at,) = struct.unpack(f"{order}I", tiff[at + 2 + ENTRY * entries :][:4])


def exif_of(file: bytes) -> bytes | None:
    """The EXIF that stands at the very start of a JPEG."""
    if file[:4] != b"\xff\xd8\xff\xe1" or file[6:12] != EXIF:
        return None
    return file[12 : 4 + int.from_bytes(file[4:6], "big")]


@mutant("status-500", "auto-rotate-exif")
@on_file
def damaged_exif_crashes(index: int, file: bytes) -> bytes:
    try:
        tiff = exif_of(file)
        if tiff is not None:
            list(itertools.islice(directories(tiff), 2))
    except (KeyError, struct.error):
        raise Crash from None
    return file


@mutant("answer-complete", "auto-rotate-exif")
@on_file
def exif_directories_followed_for_ever(index: int, file: bytes) -> bytes:
    """Until whatever watches over the server ends it."""
    found: list[int] = []
    with suppress(KeyError, struct.error):
        for at in directories(exif_of(file) or b""):
            if at in found:
                raise ConnectionError
            found.append(at)
    return file
