"""Faults in telling a photo file from others and in reading it."""

from __future__ import annotations

from collections.abc import Callable
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
    """What is there is compared, the rest is grey."""
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
