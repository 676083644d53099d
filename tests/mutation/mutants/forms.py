"""Faults in reading the form."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from reference_server.answers import http_error
from reference_server.refusals import InvalidArgument
from reference_server.request.form import READERS
from tests.mutation.naming import FIRST
from tests.mutation.parts import Crash, around, on_fields
from tests.mutation.registry import mutant
from tests.mutation.wire import FORM, JSON, Ask, Fields, Reply, Serve, reply

MULTIPART = next(kind for kind in READERS if kind != FORM)


@mutant("sample-java")
@around
def charset_in_content_type_refused(ask: Ask, serve: Serve) -> Reply:
    if ask.is_operation and ask.content_type.startswith(FORM) and "charset" in ask.content_type:
        raise InvalidArgument(f"the content type must be {FORM}")
    return serve(ask)


@mutant("body-urlencoded")
@around
def media_type_in_capitals_refused(ask: Ask, serve: Serve) -> Reply:
    if ask.is_operation and ask.content_type != ask.content_type.lower():
        raise InvalidArgument(f"the content type must be {FORM}")
    return serve(ask)


@mutant("body-urlencoded")
@around
def media_type_in_turkish_small_letters(ask: Ask, serve: Serve) -> Reply:
    """As by Java's toLowerCase() where the machine speaks Turkish: the small I has no dot."""
    if ask.is_operation and "I" in ask.content_type:
        raise InvalidArgument(f"{FIRST} is missing")
    return serve(ask)


@mutant("body-multipart")
@around
def multipart_in_capitals_refused(ask: Ask, serve: Serve) -> Reply:
    if ask.is_operation and ask.content_type.startswith(MULTIPART.upper()):
        raise InvalidArgument(f"{FIRST} is missing")
    return serve(ask)


@mutant("body-unknown-parameter", "status-500")
@on_fields
def values_decoded_twice(fields: Fields) -> Fields:
    """As by Java's URLDecoder behind a framework that has decoded them, which throws."""
    if any(re.search(rb"%(?![0-9A-Fa-f]{2})", value) for _, value in fields):
        raise Crash
    return fields


def _escapes(ask: Ask, pattern: bytes) -> bool:
    in_form = ask.is_operation and ask.content_type.lower().startswith(FORM)
    return in_form and bool(re.search(pattern, ask.body))


@mutant("body-urlencoded")
@around
def escapes_in_lower_case_refused(ask: Ask, serve: Serve) -> Reply:
    if _escapes(ask, rb"%[0-9]?[a-f]"):
        raise InvalidArgument("an escape has two digits in upper case")
    return serve(ask)


@mutant("body-urlencoded")
@around
def only_the_escapes_of_base64_decoded(ask: Ask, serve: Serve) -> Reply:
    if _escapes(ask, b"_image=[^&]*%(?!2B|2F|3D)"):
        raise InvalidArgument("no Base64")
    return serve(ask)


@mutant("body-urlencoded")
@around
def escapes_in_names_not_decoded(ask: Ask, serve: Serve) -> Reply:
    if _escapes(ask, b"(?:^|&)[^=&]*%"):
        raise InvalidArgument(f"{FIRST} is missing")
    return serve(ask)


@mutant("body-multipart")
@around
def multipart_refused(ask: Ask, serve: Serve) -> Reply:
    if ask.is_operation and ask.content_type.startswith(MULTIPART):
        raise InvalidArgument(f"the content type must be {FORM}")
    return serve(ask)


@mutant("body-multipart")
@around
def file_parts_overlooked(ask: Ask, serve: Serve) -> Reply:
    if ask.content_type.startswith(MULTIPART) and b"filename=" in ask.body:
        raise InvalidArgument(f"{FIRST} is missing")
    return serve(ask)


def _large(ask: Ask, media_type: str) -> bool:
    """Whether Werkzeug 3.1.3 to 3.1.8 would refuse this form."""
    return ask.is_operation and ask.content_type.startswith(media_type) and len(ask.body) > 500_000


@mutant("body-multipart")
@around
def large_multipart_refused(ask: Ask, serve: Serve) -> Reply:
    return reply(http_error(413)) if _large(ask, MULTIPART) else serve(ask)


@mutant("body-urlencoded")
@around
def large_form_refused(ask: Ask, serve: Serve) -> Reply:
    return reply(http_error(413)) if _large(ask, FORM) else serve(ask)


@mutant("body-form-only")
@around
def json_read_as_well(ask: Ask, serve: Serve) -> Reply:
    if not ask.is_operation or ask.content_type != JSON:
        return serve(ask)
    fields = Reply(200, ask.body).fields
    return serve(ask.with_fields([(name, str(value).encode()) for name, value in fields.items()]))


@mutant("body-form-only")
@around
def content_type_not_looked_at(ask: Ask, serve: Serve) -> Reply:
    if not ask.is_operation or ask.content_type.startswith(tuple(READERS)):
        return serve(ask)
    return serve(ask.having(CONTENT_TYPE=FORM))


@mutant("status-500", "body-other")
@around
def body_that_is_no_form_crashes(ask: Ask, serve: Serve) -> Reply:
    if ask.is_operation and ask.fields is None:
        raise Crash
    return serve(ask)


@mutant("status-documented", "body-other")
@around
def body_that_is_no_form_answered_415(ask: Ask, serve: Serve) -> Reply:
    no_form = ask.is_operation and not ask.content_type.startswith(tuple(READERS))
    return serve(ask).under(415) if no_form else serve(ask)


@mutant("status-500", "body-other")
@around
def empty_body_crashes(ask: Ask, serve: Serve) -> Reply:
    if ask.is_operation and not ask.body:
        raise Crash
    return serve(ask)


@mutant("sample-curl")
@around
def plus_signs_read_as_blanks(ask: Ask, serve: Serve) -> Reply:
    """As every form parser does; strict Base64 then refuses the blanks."""
    if ask.is_operation and ask.content_type.startswith(FORM) and b"+" in ask.body:
        raise InvalidArgument("a blank is not Base64")
    return serve(ask)


@mutant("status-500", "encryption-base64")
@on_fields
def text_beyond_utf8_crashes(fields: Fields) -> Fields:
    try:
        for _, value in fields:
            value.decode()
    except UnicodeDecodeError:
        raise Crash from None
    return fields


@mutant("status-500", "encryption-base64")
@around
def malformed_percent_sign_crashes(ask: Ask, serve: Serve) -> Reply:
    if ask.content_type.startswith(FORM) and re.search(rb"%(?![0-9a-fA-F]{2})", ask.body):
        raise Crash
    return serve(ask)


@mutant("body-repeated", "status-500")
@on_fields
def repeated_parameter_crashes(fields: Fields) -> Fields:
    if len(fields) > len(dict(fields)):
        raise Crash
    return fields


def _multipart_refused_where(holds: Callable[[Ask], bool], ask: Ask, serve: Serve) -> Reply:
    """A spelling of a multipart form is not prepared for."""
    if ask.is_operation and ask.content_type.startswith(MULTIPART) and holds(ask):
        raise InvalidArgument(f"{FIRST} is missing")
    return serve(ask)


NAMED_LATE = re.compile(rb"--[^\r\n]+\r\n(?i:(?!content-disposition)[\w-]+): ")

for name, holds in (
    ("boundary-in-quotes-not-found", lambda ask: 'boundary="' in ask.content_type),
    ("text-before-the-first-part-refused", lambda ask: not ask.body.startswith(b"--")),
    ("parts-named-by-a-later-header-overlooked", lambda ask: bool(NAMED_LATE.search(ask.body))),
):
    mutant("body-multipart", name=name)(around(partial(_multipart_refused_where, holds)))


@mutant("body-unknown-parameter")
@around
def semicolon_anywhere_refused(ask: Ask, serve: Serve) -> Reply:
    """As by Go's url.ParseQuery, which no longer reads it as a separator."""
    if ask.is_operation and ask.content_type.startswith(FORM) and b";" in ask.body:
        raise InvalidArgument("invalid semicolon separator in query")
    return serve(ask)
