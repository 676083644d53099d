"""Concurrent and consecutive requests: no answer may belong to another request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance.case import CaseContext, score_of
from conformance.cases import case
from conformance.cases.scores import COLLINS, HOPPER
from conformance.judging.outcome import ACCEPTED, describe_actual, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.recipe import EncryptedPhoto, Encryption, Photo, Request

_MIXED = (
    Request(first=EncryptedPhoto(photo=COLLINS), second=EncryptedPhoto(photo=COLLINS)),
    Request(first=EncryptedPhoto(photo=COLLINS), second=EncryptedPhoto(photo=HOPPER)),
    Request(first=EncryptedPhoto(photo=HOPPER), second=EncryptedPhoto(photo=HOPPER)),
    Request(first=EncryptedPhoto(photo=Photo(of="nobody"))),
    Request(second=EncryptedPhoto(photo=Photo(content="text"))),
    Request(first=EncryptedPhoto(encryption=Encryption(flip="tag"))),
    Request(second=None),
    Request(check_quality="maybe"),
)
_ROUNDS = 3


@case(
    "concurrent-answers-not-mixed",
    "Concurrent requests get the same responses as sequential ones",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _not_mixed(context: CaseContext) -> Iterator[Finding]:
    alone = [context.ask(request) for request in _MIXED]
    for together in (context.together(_MIXED) for _ in range(_ROUNDS)):
        for one, other in zip(alone, together, strict=True):
            same = outcome(one.answer) == outcome(other.answer)
            if same and outcome(one.answer) == ACCEPTED:
                same = abs(score_of(one) - score_of(other)) <= context.profile.score_tolerance
            if not same:
                expected = f"the same response as when sent alone: {describe_actual(one)}"
                yield from context.finding(expected, other)


@case(
    "connection-reused",
    "Requests over one connection are independent, with refused ones in between",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _reused(context: CaseContext) -> Iterator[Finding]:
    short = Request(first="A" * 2000, second="A" * 2000)
    ordinary, refused = _MIXED[0], (short, replace(short, path="{path}/nothing"))
    alone = context.ask(ordinary)
    for between in refused:
        last = context.in_a_row([ordinary, between, ordinary])[-1]
        if outcome(last.answer) != outcome(alone.answer):
            yield from context.finding(
                f"the same response as when sent alone: {describe_actual(alone)}", last
            )


@case(
    "concurrent-request-ids",
    "Forty concurrent requests get forty different IDs",
    since="1.8.0",
    requires=("request-id-unique",),
)
def _request_ids(context: CaseContext) -> Iterable[Finding]:
    answers = [one.answer for one in context.together([Request(first=None)] * 40)]
    ids = Counter(str(a.fields.get("request_id")) for a in answers if a and a.fields)
    repeated = {name: times for name, times in ids.items() if times > 1}
    if not repeated:
        return []
    return context.finding("a unique ID for each request", actual=f"repeated: {repeated}")
