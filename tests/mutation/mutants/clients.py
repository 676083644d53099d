"""Faults that show only to some clients, to some photos, or to a connection that is kept open.

Most were first written by people who had not seen the cases.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from reference_server.answers import http_error
from reference_server.refusals import (
    FaceCovered,
    InvalidArgument,
    NoFaceFound,
    UnreadablePhoto,
    WrongPixelSize,
)
from tests.mutation.direct import HEAD, PAUSED
from tests.mutation.encryption import TAG, PhotoCipher
from tests.mutation.mutants.faces import Turns, turned_only
from tests.mutation.naming import QUALITY, ROTATE
from tests.mutation.parts import (
    Build,
    Compare,
    Crash,
    Pair,
    Parts,
    around,
    on_answer,
    on_ciphertext,
    on_compare,
    on_file,
)
from tests.mutation.registry import mutant
from tests.mutation.wire import CONTRACT, FORM, Ask, Reply, Serve, reply

DARK = 50
"""The mean of a photo's pixels, from 0 to 255, below which it is dark."""

# How a request is written


def asked(holds: Callable[[Ask], bool], refuse: Callable[[Ask, Serve], Reply]) -> Build:
    """Requests to the operation of which something holds are refused."""
    return around(
        lambda ask, serve: refuse(ask, serve) if ask.is_operation and holds(ask) else serve(ask)
    )


def invalid(ask: Ask, serve: Serve) -> Reply:
    raise InvalidArgument("this cannot be read")


def crash(ask: Ask, serve: Serve) -> Reply:
    raise Crash


def status(number: int) -> Callable[[Ask, Serve], Reply]:
    return lambda ask, serve: serve(ask).under(number)


def in_form(ask: Ask, *pieces: bytes) -> bool:
    return ask.content_type.startswith(FORM) and any(piece in ask.body for piece in pieces)


for name, breaks, holds, refuse in (
    (
        "header-names-in-lower-case-not-found",
        "operation-post",
        lambda ask: ask.environ.get(HEAD) == "lower-case-names",
        lambda ask, serve: reply(http_error(411)),
    ),
    (
        "whole-url-not-found",
        "http-requests",
        lambda ask: ask.environ.get(HEAD) == "whole-url",
        lambda ask, serve: reply(http_error(404)),
    ),
    (
        "http-1.0-not-supported",
        "http-requests status-documented",
        lambda ask: ask.environ.get(HEAD) == "http-1.0",
        status(505),
    ),
    (
        "accept-compared-as-a-whole",
        "status-documented operation-post",
        lambda ask: ask.environ.get("HTTP_ACCEPT", "*/*") not in ("*/*", "application/json"),
        status(406),
    ),
    (
        "long-header-refused",
        "http-requests status-documented",
        lambda ask: len(ask.environ.get("HTTP_COOKIE", "")) > 4096,
        status(431),
    ),
    ("cookies-crash", "status-500", lambda ask: "HTTP_COOKIE" in ask.environ, crash),
    ("via-a-proxy-refused", "operation-post", lambda ask: "HTTP_VIA" in ask.environ, invalid),
    (
        "pause-taken-for-the-end",
        "body-urlencoded",
        lambda ask: bool(ask.environ.get(PAUSED)),
        invalid,
    ),
    (
        "body-of-six-seconds-cut-off",
        "slow-upload",
        lambda ask: ask.environ.get(PAUSED, 0) > 5,
        invalid,
    ),
    (
        "charset-in-quotes-crashes",
        "status-500 body-urlencoded",
        lambda ask: 'charset="' in ask.content_type,
        crash,
    ),
    (
        "unknown-charset-crashes",
        "status-500 body-urlencoded",
        lambda ask: "x-unknown" in ask.content_type,
        crash,
    ),
    (
        "name-without-a-value-crashes",
        "status-500 body-urlencoded",
        lambda ask: in_form(ask, b"&debug", b"&auto_rotate") and b"=" not in ask.body[-12:],
        crash,
    ),
    (
        "empty-pair-crashes",
        "status-500 body-urlencoded",
        lambda ask: in_form(ask, b"&&") or ask.body.endswith(b"&"),
        crash,
    ),
    (
        "two-megabytes-without-parameters",
        "body-urlencoded photo-ordinary",
        lambda ask: len(ask.body) > 2 << 20,
        invalid,
    ),
):
    mutant(*breaks.split(), name=name)(asked(holds, refuse))


@mutant("score-type")
@around
def score_in_the_language_of_the_client(ask: Ask, serve: Serve) -> Reply:
    given = serve(ask)
    german = ask.environ.get("HTTP_ACCEPT_LANGUAGE", "").startswith("de")
    return (
        given.but(verification_score=f"{given.score:.4f}") if german and given.compared else given
    )


@mutant("answer-json")
@around
def message_repeats_what_it_refuses(ask: Ask, serve: Serve) -> Reply:
    """And escapes nothing."""
    given, fields = serve(ask), dict(ask.fields or [])
    wrong = [fields[name] for name in (ROTATE, QUALITY) if fields.get(name, b"true") != b"true"]
    if not given.refused or not wrong:
        return given
    said = given.body.replace(b'"message": "', b'"message": "%b: ' % wrong[0])
    return replace(given, body=said)


@mutant("answer-one-line")
@on_answer
def json_over_two_lines(given: Reply) -> Reply:
    return replace(given, body=json.dumps(given.fields, indent=0).encode() if given.body else b"")


@mutant("status-404")
@around
def paths_compared_by_their_start(ask: Ask, serve: Serve) -> Reply:
    begins = ask.path.startswith(CONTRACT.path)
    return serve(ask.having(PATH_INFO=CONTRACT.path) if begins else ask)


# Photos


def camera(file: bytes) -> bool:
    return file.startswith(b"\xff\xd8\xff\xe1") and b"II*\0" in file[:64]


@mutant("photo-ordinary", "photo-formats")
@on_file
def jpeg_without_jfif_refused(index: int, file: bytes) -> bytes:
    if file.startswith(b"\xff\xd8") and file[2:4] != b"\xff\xe0":
        raise UnreadablePhoto(index)
    return file


@mutant("photo-ordinary")
@on_file
def size_of_the_thumbnail_judged(index: int, file: bytes) -> bytes:
    if camera(file):
        raise WrongPixelSize(index, "(160, 120) pixels")
    return file


@mutant("auto-rotate-exif")
def little_endian_exif_ignored(parts: Parts) -> Serve:
    """And nothing else tells how a photo is turned."""
    by_exif = on_compare(partial(turned_only, Turns(())))
    return on_file(_without_camera)(replace(parts, inside=by_exif))


def _without_camera(index: int, file: bytes) -> bytes:
    if not camera(file):
        return file
    return file[:2] + file[4 + int.from_bytes(file[4:6], "big") :]


@mutant("code-4004", "check-quality-true")
@on_compare
def quality_checked_before_turning(compare: Compare, pair: Pair) -> float:
    if not pair.rotate or not pair.quality:
        return compare(pair)
    for photo in pair.photos:
        try:
            compare(Pair(photo, photo, quality=True))
        except NoFaceFound:
            continue
    return compare(replace(pair, quality=False))


def dark_refused(compare: Compare, pair: Pair) -> float:
    if pair.quality and any(photo.pixels.mean() < DARK for photo in pair.photos):
        raise InvalidArgument("it is too dark")
    return compare(pair)


@mutant("refusal-code", "check-quality-true")
def dark_photo_refused_with_an_own_code(parts: Parts) -> Serve:
    def with_own_code(given: Reply) -> Reply:
        dark = "too dark" in given.fields.get("message", "")
        return given.but(code=4010) if dark else given

    return on_answer(with_own_code)(replace(parts, inside=on_compare(dark_refused)))


@mutant("code-4004", "check-quality-true")
@on_compare
def two_covered_faces_pass(compare: Compare, pair: Pair) -> float:
    covered = 0
    for photo in pair.photos:
        try:
            compare(Pair(photo, photo, rotate=pair.rotate, quality=True))
        except FaceCovered:
            covered += 1
    return compare(replace(pair, quality=pair.quality and covered == 1))


@mutant("photo-ordinary", "photo-formats")
@on_file
def photo_with_a_color_profile_refused(index: int, file: bytes) -> bytes:
    if b"ICC_PROFILE" in file[:20_000]:
        raise UnreadablePhoto(index)
    return file


@mutant("photo-modes")
@on_file
def data_behind_the_end_refused(index: int, file: bytes) -> bytes:
    if file.startswith(b"\xff\xd8") and file.endswith(bytes(64)):
        raise UnreadablePhoto(index)
    return file


@mutant("encryption-cipher")
@on_ciphertext
def plain_png_accepted(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    return cipher.encrypted(ciphertext) if ciphertext.startswith(b"\x89PNG") else ciphertext


@mutant("encryption-tag")
@on_ciphertext
def sum_of_the_tag_verified(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    right = cipher.encrypted(cipher.deciphered(ciphertext[:-TAG]))
    return right if sum(right[-TAG:]) == sum(ciphertext[-TAG:]) else ciphertext
