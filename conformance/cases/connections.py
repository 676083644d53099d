"""What a connection and its requests leave behind, and bodies that do not come at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance.case import CaseContext
from conformance.cases import case
from conformance.errors import NotApplicable
from conformance.judging.limits import TOO_LONG
from conformance.judging.outcome import describe_actual, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.exchange import exchange, give_up, in_a_row
from conformance.requests.recipe import EncryptedPhoto, Photo, Request

_GIVEN_UP = 10
_MANY = 110
"""Servers close a connection, and some lose a request, after a hundred."""
_WRAPPED = 2**32
"""What a length of 32 bits does not show."""


@case(
    "connection-reused",
    "Requests over one connection are independent, with refused ones in between",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _reused(context: CaseContext) -> Iterator[Finding]:
    short = Request(first="A" * 2000, second="A" * 2000)
    ordinary, refused = (
        Request(first=EncryptedPhoto(), second=EncryptedPhoto()),
        (short, replace(short, path="{path}/nothing")),
    )
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
        yield from context.differs(alone, last)


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
    for one in exchanges:
        if one.answer:  # a lost one is this case's own finding
            context.environment.judged(one)
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
    return context.differs(alone, context.ask(Request()))


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
            yield from context.differs(alone, context.ask(replace(request, headers=headers)))


@case(
    "length-beyond-32-bits",
    "A declared length whose lowest 32 bits are the maximum gets 413, and no 100 Continue",
    since="1.8.0",
    requires=("length-believed",),
)
def _believed(context: CaseContext) -> Iterable[Finding]:
    """A server that awaits the body never gets it; no other case judges such an answer."""
    most = context.profile.standards.max_body_bytes
    if most is None:
        raise NotApplicable("judged only with a profile that gives max_body_bytes")
    declared = (("Content-Length", str(_WRAPPED + most)),)
    request = context.fitted(Request(headers=declared, expect_continue=True))
    one = exchange(context.environment.target, context.case.id, request)
    if outcome(one.answer) == TOO_LONG:
        return []
    return context.finding("HTTP 413", actual=describe_actual(one))
