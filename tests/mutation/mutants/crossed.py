"""Mutants that are wrong only where two things come together, or in what is accepted.

Most were first written by people who had not seen the cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps

import numpy as np

from reference_server.pictures import Photo
from reference_server.refusals import Refusal
from tests.mutation.encryption import TAG, PhotoCipher
from tests.mutation.mutants.encryption import unverified
from tests.mutation.mutants.faces import turned
from tests.mutation.naming import FIRST, PHOTOS, QUALITY, ROTATE, SECOND
from tests.mutation.parts import (
    Build,
    Compare,
    Crash,
    Pair,
    Parts,
    around,
    on_ciphertext,
    on_compare,
    on_comparison,
    on_fields,
    on_refusal,
)
from tests.mutation.registry import mutant
from tests.mutation.wire import CONTRACT, FORM, Ask, Fields, Reply, Serve

TRUE = b"true"


def multipart(ask: Ask) -> bool:
    return ask.content_type.startswith("multipart")


def without_options(fields: Fields) -> Fields:
    return [(name, value) for name, value in fields if name not in (ROTATE, QUALITY)]


# The score


@mutant("score-graded")
@on_comparison
def score_of_yes_or_no(given: Reply) -> Reply:
    return given.but(verification_score=1.0 if given.score >= 0.7 else 0.0)


@mutant("operation-compares")
@around
def multipart_scores_zero(ask: Ask, serve: Serve) -> Reply:
    given = serve(ask)
    return given.but(verification_score=0.0) if given.compared and multipart(ask) else given


def is_jpeg(cipher: PhotoCipher, value: bytes) -> bool:
    ciphertext = cipher.from_base64(value)
    file = cipher.decrypted(ciphertext) if ciphertext else None
    return file is None or file.startswith(b"\xff\xd8")


@mutant("operation-compares")
def other_formats_score_zero(parts: Parts) -> Serve:
    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        photos = [value for name, value in ask.fields or [] if name in PHOTOS]
        if given.compared and not all(is_jpeg(parts.cipher, value) for value in photos):
            return given.but(verification_score=0.0)
        return given

    return serve


def when_sizes_differ(score: float, compare: Compare, pair: Pair) -> float:
    given = compare(pair)
    same = pair.first.pixels.shape == pair.second.pixels.shape
    return given if same else score


for name, score in (("zero", 0.0), ("high", 0.99)):
    mutant("operation-compares", name=f"photos_of_different_sizes_score_{name}")(
        on_compare(partial(when_sizes_differ, score))
    )


def only_in_multipart(change: Callable[[Fields], Fields]) -> Build:
    @wraps(change)
    def handle(ask: Ask, serve: Serve) -> Reply:
        fields = ask.fields
        return serve(ask.with_fields(change(fields)) if fields and multipart(ask) else ask)

    return around(handle)


@mutant("operation-compares")
@only_in_multipart
def multipart_uses_the_first_photo_twice(fields: Fields) -> Fields:
    first = dict(fields).get(FIRST, b"")
    return [(name, first if name == SECOND else value) for name, value in fields]


# Options


@mutant("check-quality-true", "code-4004")
@on_compare
def quality_ignored_with_auto_rotate(compare: Compare, pair: Pair) -> float:
    return compare(replace(pair, quality=pair.quality and not pair.rotate))


@mutant("auto-rotate-true")
@on_compare
def rotation_ignored_with_check_quality(compare: Compare, pair: Pair) -> float:
    return compare(replace(pair, rotate=pair.rotate and not pair.quality))


@mutant("auto-rotate-true")
@on_compare
def only_one_photo_is_turned(compare: Compare, pair: Pair) -> float:
    """Where both lie on their side, the second stays so."""
    if not pair.rotate:
        return compare(pair)
    upright: list[Photo] = []
    for photo in pair.photos:
        try:
            compare(Pair(photo, photo))
        except Refusal:
            continue
        upright.append(photo)
    if upright:
        return compare(pair)
    for quarters in (1, 2, 3):
        try:
            return compare(Pair(turned(pair.first, quarters), pair.second))
        except Refusal:
            continue
    return 0.0


@mutant("auto-rotate-true", "check-quality-true")
@only_in_multipart
def options_ignored_in_multipart(fields: Fields) -> Fields:
    return without_options(fields)


@mutant("auto-rotate-true", "check-quality-true")
@on_fields
def options_before_the_photos_ignored(fields: Fields) -> Fields:
    start = next((i for i, (name, _) in enumerate(fields) if name in PHOTOS), 0)
    return without_options(fields[:start]) + fields[start:]


@mutant("body-urlencoded", "operation-compares")
@on_fields
def form_read_by_position(fields: Fields) -> Fields:
    names = (FIRST, SECOND, ROTATE, QUALITY)
    known = [value for name, value in fields if name in names]
    return list(zip(names, known, strict=False))


# Encryption


@mutant("encryption-tag")
@on_ciphertext
def first_byte_of_the_tag_ignored(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    file = cipher.deciphered(ciphertext[:-TAG])
    right = cipher.encrypted(file)
    return right if right[-TAG + 1 :] == ciphertext[-TAG + 1 :] else ciphertext


@mutant("encryption-tag")
def tag_ignored_with_auto_rotate(parts: Parts) -> Serve:
    lenient = on_ciphertext(partial(unverified, (0, 1)))(parts)

    def serve(ask: Ask) -> Reply:
        turned_on = dict(ask.fields or []).get(ROTATE) == TRUE
        return lenient(ask) if turned_on else parts.serve(ask)

    return serve


# Shortcuts


@mutant("code-2005", "code-4000", "encryption-tag")
@around
def identical_photos_score_one_unseen(ask: Ask, serve: Serve) -> Reply:
    given = serve(ask)
    fields = dict(ask.fields or [])
    if fields.get(FIRST) and fields.get(FIRST) == fields.get(SECOND) and given.refused:
        scored = given.without("message").under(200)
        return scored.but(code=CONTRACT.success_code, verification_score=1.0)
    return given


@mutant("status-500", "code-4000")
@on_compare
def two_photos_without_a_face_crash(compare: Compare, pair: Pair) -> float:
    found = 0
    for photo in pair.photos:
        try:
            compare(Pair(photo, photo, rotate=pair.rotate))
        except Refusal:
            found += 1
    if found == 2:
        raise Crash
    return compare(pair)


LIMIT = 1280


def cropped(photo: Photo, at_start: bool) -> Photo:
    """What is beyond the limit is cut off, not scaled."""
    high, wide = (min(side, LIMIT) for side in photo.pixels.shape[:2])
    part = photo.pixels[:high, :wide] if at_start else photo.pixels[-high:, -wide:]
    return Photo(np.ascontiguousarray(part), photo.orientation)


def large_photos_cropped(at_start: bool, compare: Compare, pair: Pair) -> float:
    return compare(
        replace(pair, first=cropped(pair.first, at_start), second=cropped(pair.second, at_start))
    )


for name, at_start in (("start", True), ("end", False)):
    mutant("photo-ordinary", "operation-compares", name=f"large_photos_cropped_to_their_{name}")(
        on_compare(partial(large_photos_cropped, at_start))
    )


# Messages


@mutant("message-plain")
@on_refusal
def stack_trace_in_the_message(given: Reply) -> Reply:
    trace = 'Traceback (most recent call last):\n  File "/srv/app.py", line 7, in verify'
    return given.but(message=f"{given.fields['message']}: {trace}")


@mutant("message-plain")
@on_refusal
def java_stack_trace_in_the_message(given: Reply) -> Reply:
    trace = "java.lang.IllegalStateException\n\tat com.acme.Verify.run(Verify.java:42)"
    return given.but(message=f"{given.fields['message']}: {trace}")


@mutant("message-plain")
@on_refusal
def node_stack_trace_in_the_message(given: Reply) -> Reply:
    trace = "Error\n    at Object.<anonymous> (/srv/app/server.js:31:9)"
    return given.but(message=f"{given.fields['message']}: {trace}")


@mutant("message-plain")
@on_refusal
def path_of_a_file_in_the_message(given: Reply) -> Reply:
    return given.but(message=f"{given.fields['message']}: /var/lib/faces/upload-17.jpg")


# A form's media type


@mutant("photo-ordinary", "operation-compares")
@around
def expectation_refused(ask: Ask, serve: Serve) -> Reply:
    """A client that sends Expect: 100-continue is answered as if it sent nothing."""
    if ask.environ.get("HTTP_EXPECT") and ask.content_type.startswith(FORM):
        return serve(ask.with_body(b"", FORM))
    return serve(ask)
