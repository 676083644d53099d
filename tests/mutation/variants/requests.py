"""Servers that read requests otherwise where the page is silent."""

from __future__ import annotations

from dataclasses import replace

from reference_server.refusals import InvalidArgument
from tests.mutation.parts import Parts, around, on_fields
from tests.mutation.registry import variant
from tests.mutation.wire import Ask, Fields, Reply, Serve

KEY, IV = "0123456789abcdefghijklmnopqrstuv", "twelve-chars"


@variant(key=KEY, iv=IV)
def key_and_iv_of_its_own(parts: Parts) -> Serve:
    settings = replace(parts.settings, key=KEY.encode(), iv=IV.encode())
    return replace(parts, settings=settings).serve


@variant()
@on_fields
def first_of_repeated_parameters_counts(fields: Fields) -> Fields:
    return list(dict(reversed(fields)).items())


@variant()
@on_fields
def last_of_repeated_parameters_counts(fields: Fields) -> Fields:
    return list(dict(fields).items())


@variant()
@on_fields
def names_of_parameters_in_any_case(fields: Fields) -> Fields:
    return [(name.lower(), value) for name, value in fields]


@variant()
@on_fields
def blanks_around_values_dropped(fields: Fields) -> Fields:
    return [(name, value.strip()) for name, value in fields]


@variant()
@around
def query_string_refused(ask: Ask, serve: Serve) -> Reply:
    if ask.is_operation and ask.query:
        raise InvalidArgument("there is no query string")
    return serve(ask)


@variant()
@around
def length_of_an_empty_body_not_needed(ask: Ask, serve: Serve) -> Reply:
    """As behind a proxy that declares every length itself."""
    return serve(ask if ask.declares_length else ask.with_body(ask.body, ask.content_type))
