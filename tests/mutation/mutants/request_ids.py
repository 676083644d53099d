"""Faults in the id of a request."""

from __future__ import annotations

import itertools
import time
from hashlib import sha256

from tests.mutation.parts import Parts, around, on_answer, on_comparison, on_refusal
from tests.mutation.registry import mutant, mutants
from tests.mutation.wire import Ask, Reply, Serve

ID = "request_id"


UNIQUE = "request-id-unique"
mutants(
    on_comparison,
    {"request-id-missing-on-comparisons": ("request-id", lambda given: given.without(ID))},
)
mutants(
    on_refusal,
    {
        "request-id-missing-on-refusals": (
            "request-id refusal-shape",
            lambda given: given.without(ID),
        ),
        "request-id-null-on-refusals": ("request-id", lambda given: given.but(request_id=None)),
        "request-id-of-refusals-always-the-same": (
            UNIQUE,
            lambda given: given.but(request_id="invalid"),
        ),
    },
)
mutants(
    on_answer,
    {
        "request-id-missing-on-http-errors": (
            "http-error-shape",
            lambda given: given if given.compared or given.refused else given.without(ID),
        ),
        "request-id-a-number": (
            "request-id",
            lambda given: given.but(request_id=int(given.fields.get(ID, "0"), 16)),
        ),
        "request-id-empty": ("request-id", lambda given: given.but(request_id="")),
        "request-id-always-the-same": (UNIQUE, lambda given: given.but(request_id="0" * 32)),
        "request-id-is-the-second": (
            UNIQUE,
            lambda given: given.but(request_id=f"{time.time():.0f}"),
        ),
    },
)


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


@mutant("request-id-space")
def request_id_of_24_bits(parts: Parts) -> Serve:
    """Those of a run differ, as luck has it; those of a day do not."""
    count = itertools.count()

    def serve(ask: Ask) -> Reply:
        return parts.serve(ask).but(request_id=f"{next(count) * 0x9E3779B1 % 2**24:06x}")

    return serve


@mutant("request-id-own")
@around
def request_id_of_the_client_repeated(ask: Ask, serve: Serve) -> Reply:
    given, own = serve(ask), ask.environ.get("HTTP_X_REQUEST_ID")
    return given.but(request_id=own) if own else given
