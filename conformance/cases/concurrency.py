"""Concurrent and consecutive requests: no answer may belong to another request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance.case import CaseContext, score_of
from conformance.cases import case
from conformance.cases.scores import COLLINS, HOPPER
from conformance.judging.oracle import right
from conformance.judging.outcome import ACCEPTED, describe_actual, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.exchange import Exchange, give_up, in_a_row
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
_ROUNDS, _GIVEN_UP = 3, 10
_MANY = 110
"""Servers close a connection, and some lose a request, after a hundred."""


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
            yield from _differs(context, one, other)


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
    "connection-forgets",
    "A request over one connection gets nothing from the request before",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _forgets(context: CaseContext) -> Iterator[Finding]:
    ordinary = Request()
    turned = Request(first=EncryptedPhoto(photo=Photo(turn=90)))
    covered = Request(second=EncryptedPhoto(photo=Photo(cover="mask")))
    for before, then in (
        (ordinary, replace(ordinary, first=None)),
        (ordinary, replace(ordinary, second=None)),
        (replace(turned, auto_rotate="true"), turned),
        (replace(covered, check_quality="true"), covered),
    ):
        alone = context.ask(then)
        last = context.in_a_row([before, then])[-1]
        yield from _differs(context, alone, last)


@case(
    "connection-of-many-requests",
    "A connection that is kept open for 110 requests loses none",
    since="1.8.0",
    requires=("http-fields",),
)
def _many(context: CaseContext) -> Iterable[Finding]:
    """A server may close it at any time, and a request be lost by that, unless it says so before.

    The transport opens another one where a response says so.
    """
    requests = [Request(first=None, second=None)] * _MANY
    target = context.environment.target
    exchanges = in_a_row(target, context.case.id, requests, again=False)
    lost = next((number for number, one in enumerate(exchanges) if one.answer is None), None)
    if lost is None:
        return []
    expected = "a response, or Connection: close in the one before (RFC 9112, section 9.6)"
    actual = f"no response to request {lost + 1} of a connection: {exchanges[lost].error}"
    return context.finding(expected, actual=actual)


@case(
    "uploads-given-up",
    "Ten uploads that clients give up halfway change nothing for others",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _given_up(context: CaseContext) -> Iterable[Finding]:
    alone = context.ask(Request())
    for _ in range(_GIVEN_UP):
        give_up(context.environment.target, context.case.id, context.fitted(Request()))
    return _differs(context, alone, context.ask(Request()))


@case(
    "options-not-cached",
    "The response to the same photos with other options is not that of before",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _options_not_cached(context: CaseContext) -> Iterator[Finding]:
    """Two pairs of photos that nothing else sends, each asked in another order."""
    for number, word in enumerate(("true", "false")):
        light = 0.94 + 0.01 * number
        photos = (Photo(turn=90, brightness=light), Photo(cover="mask", brightness=light))
        first, second = (EncryptedPhoto(photo=photo) for photo in photos)
        turned = Request(first=first, auto_rotate=word)
        covered = Request(first=second, check_quality=word)
        for request, option in ((turned, "auto_rotate"), (covered, "check_quality")):
            other = replace(request, **{option: "false" if word == "true" else "true"})  # type: ignore[arg-type]
            context.ask(request)
            for again in (other, request):
                yield from _oracle(context, again)


def _oracle(context: CaseContext, request: Request) -> Iterable[Finding]:
    one = context.ask(request)
    allowed = right(one.request, context.profile, context.environment.leaves_open)
    if allowed and outcome(one.answer) not in allowed.outcomes:
        return context.finding(allowed.expected, one)
    return []


@case(
    "cookies-carry-nothing",
    "A cookie that the server sets does not bring options along",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _cookies(context: CaseContext) -> Iterator[Finding]:
    turned = Request(first=EncryptedPhoto(photo=Photo(turn=90)))
    covered = Request(second=EncryptedPhoto(photo=Photo(cover="mask")))
    for request, option in ((turned, "auto_rotate"), (covered, "check_quality")):
        given = context.ask(replace(request, **{option: "true"}))  # type: ignore[arg-type]
        cookie = given.answer.headers.get("set-cookie", "") if given.answer else ""
        if cookie:
            headers = (("Cookie", cookie.partition(";")[0]),)
            alone = context.ask(request)
            yield from _differs(context, alone, context.ask(replace(request, headers=headers)))


def _differs(context: CaseContext, alone: Exchange, other: Exchange) -> Iterable[Finding]:
    """A finding if the outcome, or the score, is another than of the same request alone."""
    same = outcome(alone.answer) == outcome(other.answer)
    if same and outcome(alone.answer) == ACCEPTED:
        same = abs(score_of(alone) - score_of(other)) <= context.profile.score_tolerance
    if same:
        return []
    expected = f"the same response as when sent alone: {describe_actual(alone)}"
    return context.finding(expected, other)


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
