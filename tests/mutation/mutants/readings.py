"""Mutants that break nothing but a reading of ours; without a profile each is legal."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from reference_server.answers import http_error
from reference_server.refusals import (
    FaceCovered,
    NoFaceFound,
    WrongFileSize,
)
from tests.mutation.encryption import PhotoCipher
from tests.mutation.mutants.files import header
from tests.mutation.parts import (
    Compare,
    Pair,
    Parts,
    around,
    on_ciphertext,
    on_compare,
    on_comparison,
    on_file,
    on_refusal,
    on_standards,
)
from tests.mutation.registry import PROFILES, mutant
from tests.mutation.wire import CONTRACT, Ask, Reply, Serve, reply
from verikit.contract import PhotoStandards

LEAST = 2048
SMALL = 200
READINGS = str(PROFILES / "readings-only.yaml")
KEY, IV = "0123456789abcdefghijklmnopqrstuv", "twelve-chars"


@mutant("absent-members")
@on_comparison
def message_null_in_comparisons(given: Reply) -> Reply:
    return given.but(message=None)


@mutant("absent-members")
@on_comparison
def message_empty_in_comparisons(given: Reply) -> Reply:
    """As of a structure that both kinds of response share."""
    return given.but(message="")


@mutant("absent-members")
@on_refusal
def score_null_in_refusals(given: Reply) -> Reply:
    return given.but(verification_score=None)


@mutant("file-length-least")
@on_file
def small_files_refused(index: int, file: bytes) -> bytes:
    if len(file) < LEAST:
        raise WrongFileSize(index, f"{len(file)} bytes")
    return file


@mutant("file-length-code")
@on_refusal
def large_files_answered_413(given: Reply) -> Reply:
    too_large = given.code == CONTRACT.codes["INVALID_CONTENT_LENGTH"].code
    return reply(http_error(413)) if too_large else given


@mutant("body-empty-code")
@around
def empty_body_answered_411(ask: Ask, serve: Serve) -> Reply:
    return reply(http_error(411)) if ask.is_operation and not ask.body else serve(ask)


@mutant("truncated-code")
@on_file
def truncated_photos_show_no_face(index: int, file: bytes) -> bytes:
    """A lenient decoder shows what there is of a photo, and there is no face in it."""
    ends = {b"\xff\xd8": b"\xff\xd9", b"\x89PNG": b"IEND\xaeB`\x82"}
    for start, end in ends.items():
        if file.startswith(start) and header(file) and not file.endswith(end):
            raise NoFaceFound(index)
    return file


@mutant("occlusion-detected")
@on_compare
def wholly_covered_faces_not_found(compare: Compare, pair: Pair) -> float:
    """Behind a mask no face is found; other covers are."""
    try:
        return compare(pair)
    except FaceCovered as covered:
        if all(part in covered.message for part in ("nose", "mouth")):
            raise NoFaceFound(covered.photo) from None
        raise


@mutant("quality-covers-only")
@on_compare
def small_faces_refused_as_covered(compare: Compare, pair: Pair) -> float:
    for index, photo in enumerate(pair.photos):
        if pair.quality and min(photo.pixels.shape[:2]) < SMALL:
            raise FaceCovered(index, ("eyes",))
    return compare(pair)


@mutant("photo-limits", profile=READINGS)
@on_standards
def photos_of_2000_px_refused(standards: PhotoStandards) -> PhotoStandards:
    return replace(standards, max_side=1920)


def default_key_opens(
    with_its_iv: bool, cipher: PhotoCipher, index: int, ciphertext: bytes
) -> bytes:
    """The public default key opens photos beside the server's own."""
    scheme = CONTRACT.encryption
    iv = scheme.default_iv.encode() if with_its_iv else cipher.iv
    file = PhotoCipher(scheme.default_key.encode(), iv).decrypted(ciphertext)
    return ciphertext if file is None else cipher.encrypted(file)


def beside_its_own(parts: Parts, with_its_iv: bool) -> Serve:
    settings = replace(parts.settings, key=KEY.encode(), iv=IV.encode())
    opens = on_ciphertext(partial(default_key_opens, with_its_iv))
    return opens(replace(parts, settings=settings))


for kind, with_its_iv in (("key", False), ("pair", True)):
    mutant("encryption-key", key=KEY, iv=IV, name=f"default_{kind}_opens_beside_its_own")(
        partial(beside_its_own, with_its_iv=with_its_iv)
    )
