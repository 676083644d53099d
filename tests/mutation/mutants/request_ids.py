"""Faults in the id of a request."""

from __future__ import annotations

import itertools
import time
from hashlib import sha256

from tests.mutation.parts import Parts, on_answer, on_comparison, on_refusal
from tests.mutation.registry import mutant
from tests.mutation.wire import Ask, Reply, Serve

ID = "request_id"


@mutant("request-id")
@on_comparison
def request_id_missing_on_comparisons(given: Reply) -> Reply:
    return given.without(ID)


@mutant("request-id", "refusal-shape")
@on_refusal
def request_id_missing_on_refusals(given: Reply) -> Reply:
    return given.without(ID)


@mutant("http-error-shape")
@on_answer
def request_id_missing_on_http_errors(given: Reply) -> Reply:
    return given if given.compared or given.refused else given.without(ID)


@mutant("request-id")
@on_answer
def request_id_a_number(given: Reply) -> Reply:
    return given.but(request_id=int(given.fields.get(ID, "0"), 16))


@mutant("request-id")
@on_answer
def request_id_empty(given: Reply) -> Reply:
    return given.but(request_id="")


@mutant("request-id")
@on_refusal
def request_id_null_on_refusals(given: Reply) -> Reply:
    return given.but(request_id=None)


@mutant("request-id-unique")
@on_answer
def request_id_always_the_same(given: Reply) -> Reply:
    return given.but(request_id="0" * 32)


@mutant("request-id-unique")
@on_answer
def request_id_is_the_second(given: Reply) -> Reply:
    return given.but(request_id=f"{time.time():.0f}")


@mutant("request-id-unique")
@on_refusal
def request_id_of_refusals_always_the_same(given: Reply) -> Reply:
    return given.but(request_id="invalid")


@mutant("request-id-unique")
def request_id_made_of_the_photos(parts: Parts) -> Serve:
    def serve(ask: Ask) -> Reply:
        return parts.serve(ask).but(request_id=sha256(ask.body).hexdigest())

    return serve


@mutant("request-id-unique")
def request_id_repeated_once_in_a_hundred(parts: Parts) -> Serve:
    count = itertools.count()
    kept: list[str] = []

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        kept.append(given.fields.get(ID, ""))
        return given.but(request_id=kept[-2]) if next(count) % 100 == 99 else given

    return serve
