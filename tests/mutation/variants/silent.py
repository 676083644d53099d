"""Servers that choose freely where the page is silent; each was called wrong once."""

from __future__ import annotations

import random
from functools import partial

from reference_server.refusals import InvalidArgument, NoFaceFound, Refusal, WrongFileSize
from tests.mutation.encryption import PhotoCipher
from tests.mutation.naming import PHOTOS
from tests.mutation.parts import (
    Compare,
    Pair,
    Parts,
    around,
    on_answer,
    on_ciphertext,
    on_compare,
    on_file,
    on_refusal,
    on_standards,
)
from tests.mutation.registry import PROFILES, variant
from tests.mutation.variants.photos import standards_of
from tests.mutation.wire import CONTRACT, Ask, Reply, Serve

LEAST = 2048
DARK = 60
"""The mean of a photo's pixels, from 0 to 255, below which it is dark."""


@variant()
@on_answer
def codes_with_a_point(given: Reply) -> Reply:
    return given.but(code=float(given.code)) if given.compared or given.refused else given


@variant()
@around
def other_methods_not_implemented(ask: Ask, serve: Serve) -> Reply:
    given = serve(ask)
    return given.under(501) if ask.method in ("PUT", "DELETE", "PATCH") else given


@variant()
@around
def chunked_answered_400(ask: Ask, serve: Serve) -> Reply:
    given = serve(ask)
    return given.under(400).but(code=400) if ask.chunked else given


def too_small(index: int, file: bytes) -> bytes:
    if len(file) < LEAST:
        raise WrongFileSize(index, f"{len(file)} bytes")
    return file


for profile, how in ((None, "unknown"), (str(PROFILES / "least-file.yaml"), "given_as_profile")):
    variant(name=f"least_file_size_{how}", profile=profile)(on_file(too_small))


@variant(profile=str(PROFILES / "no-face-422.yaml"))
@on_refusal
def no_face_answered_422(given: Reply) -> Reply:
    return given.under(422 if given.code == CONTRACT.codes["DETECTION_FAILED"].code else 400)


for name in ("jpeg-only", "at-most-1920"):
    profile = str(PROFILES / f"{name}.yaml")
    variant(name=f"{name}_standards_unknown")(on_standards(partial(standards_of, profile)))


@variant()
@on_compare
def score_differs_a_little_when_swapped(compare: Compare, pair: Pair) -> float:
    score = compare(pair)
    ahead = pair.first.pixels.mean() > pair.second.pixels.mean()
    return min(1.0, score + 0.01) if ahead else score


@variant()
@on_compare
def scores_rounded_to_three_digits(compare: Compare, pair: Pair) -> float:
    return round(compare(pair), 3)


@variant()
def second_photo_judged_first(parts: Parts) -> Serve:
    """Of two bad photos the second is named."""

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        fields = dict(ask.fields or [])
        if not given.refused or not all(name in fields for name in PHOTOS):
            return given
        swapped = [*zip(PHOTOS, (fields[PHOTOS[1]], fields[PHOTOS[0]]), strict=True)]
        rest = [(name, value) for name, value in fields.items() if name not in PHOTOS]
        return parts.serve(ask.with_fields(swapped + rest))

    return serve


@variant()
def one_of_two_bad_photos_named_by_chance(parts: Parts) -> Serve:
    second_first = second_photo_judged_first(parts)
    dice = random.Random(1)  # noqa: S311 - not for secrets
    return lambda ask: second_first(ask) if dice.random() < 0.5 else parts.serve(ask)


@variant()
@on_ciphertext
def undecryptable_files_too_small(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    """What does not decrypt and is short is a file of a wrong size."""
    if 0 < len(ciphertext) < LEAST and cipher.decrypted(ciphertext) is None:
        raise WrongFileSize(index, f"{len(ciphertext)} bytes")
    return ciphertext


@variant()
@on_compare
def tiny_photos_show_no_face(compare: Compare, pair: Pair) -> float:
    for index, photo in enumerate(pair.photos):
        if min(photo.pixels.shape[:2]) < 100:
            raise NoFaceFound(index)
    return compare(pair)


@variant()
@on_compare
def dark_photos_show_no_face(compare: Compare, pair: Pair) -> float:
    for index, photo in enumerate(pair.photos):
        if photo.pixels.mean() < DARK:
            raise NoFaceFound(index)
    return compare(pair)


@variant()
@around
def multipart_not_read(ask: Ask, serve: Serve) -> Reply:
    if ask.is_operation and ask.content_type.startswith("multipart"):
        raise InvalidArgument("the form must be url-encoded")
    return serve(ask)


@variant()
@on_compare
def face_judged_before_the_second_photo(compare: Compare, pair: Pair) -> float:
    for index, photo in enumerate(pair.photos):
        try:
            compare(Pair(photo, photo, rotate=pair.rotate))
        except Refusal:
            raise NoFaceFound(index) from None
    return compare(pair)
