"""Servers that write legal answers in their own way."""

from __future__ import annotations

import itertools
import json
import random
import re
import uuid
from dataclasses import replace

import numpy as np

from tests.mutation.parts import (
    Compare,
    Pair,
    Parts,
    on_answer,
    on_compare,
    on_comparison,
    on_refusal,
)
from tests.mutation.registry import PROFILES, variant
from tests.mutation.wire import CONTRACT, Ask, Reply, Serve

DOCUMENTED = {entry.code: entry for entry in CONTRACT.codes.values()}


# Messages


@variant()
@on_refusal
def messages_just_as_documented(given: Reply) -> Reply:
    return given.but(message=DOCUMENTED[given.code].message)


@variant()
@on_refusal
def messages_in_capitals(given: Reply) -> Reply:
    return given.but(message=f"{DOCUMENTED[given.code].message.upper()}.")


@variant()
@on_refusal
def messages_in_japanese(given: Reply) -> Reply:
    text = json.dumps({**given.fields, "message": "リクエストが不正です"}, ensure_ascii=False)
    return replace(given, body=text.encode())


# Fields and headers


@variant()
@on_comparison
def more_fields_in_comparisons(given: Reply) -> Reply:
    return given.but(took_ms=12.5, model="m1", faces=[{"box": [1, 2, 3, 4]}, None])


@variant()
@on_refusal
def more_fields_in_refusals(given: Reply) -> Reply:
    return given.but(parameter=None, retryable=False, documentation={"page": 7})


@variant()
@on_answer
def more_headers(given: Reply) -> Reply:
    return given.headed(
        Cache_Control="no-store", X_Request_Id="7", Strict_Transport_Security="max-age=1"
    )


@variant()
@on_answer
def headers_in_lower_case(given: Reply) -> Reply:
    return replace(given, headers={name.lower(): text for name, text in given.headers.items()})


@variant()
@on_answer
def content_type_with_charset(given: Reply) -> Reply:
    return given.headed(Content_Type="Application/JSON;charset=UTF-8")


@variant()
@on_answer
def json_over_many_lines(given: Reply) -> Reply:
    text = json.dumps(given.fields, indent=4, sort_keys=True)
    return replace(given, body=f"\n{text}\r\n".encode() if given.body else b"")


@variant()
@on_answer
def json_escaped_throughout(given: Reply) -> Reply:
    """Names as well; to a reader it is the same text."""
    escaped = re.sub(rb'"([^"\\]*)"', _escaped, given.body)
    return replace(given, body=escaped)


def _escaped(found: re.Match[bytes]) -> bytes:
    return b'"%b"' % b"".join(b"\\u%04x" % character for character in found[1])


# Ids


@variant()
@on_answer
def request_id_with_dashes(given: Reply) -> Reply:
    return given.but(request_id=str(uuid.uuid4()))


@variant()
@on_answer
def request_id_of_two_hundred_characters(given: Reply) -> Reply:
    return given.but(request_id=f"node/7 #{uuid.uuid4().hex * 6}")


@variant()
def request_id_a_counter(parts: Parts) -> Serve:
    count = itertools.count(1)

    def serve(ask: Ask) -> Reply:
        return parts.serve(ask).but(request_id=str(next(count)))

    return serve


@variant()
def request_id_a_counter_of_one_of_four_workers(parts: Parts) -> Serve:
    counts = [itertools.count(1) for _ in range(4)]
    dice = random.Random(7)  # noqa: S311 - not for secrets

    def serve(ask: Ask) -> Reply:
        worker = dice.randrange(4)
        return parts.serve(ask).but(request_id=f"w{worker}-{next(counts[worker]):06}")

    return serve


# Scores


@variant()
@on_comparison
def score_of_two_digits(given: Reply) -> Reply:
    return given.but(verification_score=round(given.score, 2))


@variant()
@on_comparison
def score_one_without_a_point(given: Reply) -> Reply:
    return given.but(verification_score=1 if given.score > 0.99 else given.score)


@variant()
@on_comparison
def score_of_another_function(given: Reply) -> Reply:
    """A strictly growing one."""
    return given.but(verification_score=given.score**0.9)


@variant()
@on_comparison
def score_never_quite_one(given: Reply) -> Reply:
    return given.but(verification_score=0.97 * given.score)


@variant()
@on_compare
def score_from_inexact_arithmetic(compare: Compare, pair: Pair) -> float:
    """As a GPU computes it: the same comparison differs in the last digits."""
    noise = float(np.random.default_rng().uniform(-1e-4, 1e-4))
    return min(1.0, max(0.0, compare(pair) + noise))


# Statuses


STATUSES = {1200: 400, 2003: 413, 2004: 413, 2005: 400, 4000: 404, 4004: 400}


@variant(profile=str(PROFILES / "paired.yaml"))
@on_refusal
def statuses_paired_as_the_profile_says(given: Reply) -> Reply:
    return given.under(STATUSES[given.code])


@variant()
@on_refusal
def statuses_paired_otherwise(given: Reply) -> Reply:
    return given.under(STATUSES[given.code])


@variant()
@on_answer
def http_errors_with_codes_of_their_own(given: Reply) -> Reply:
    if given.compared or given.refused:
        return given
    return given.but(code=-given.status, message="see the manual")
