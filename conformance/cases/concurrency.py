"""Concurrent requests, and the same photos again: no answer may belong to another request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance.case import CaseContext
from conformance.cases import case
from conformance.cases.scores import COLLINS, HOPPER
from conformance.judging.oracle import right
from conformance.judging.outcome import describe_actual, outcome
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
_ROUNDS, _LARGE = 3, 1000


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
            yield from context.differs(one, other)


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


def _kept() -> Iterator[tuple[Request, Request]]:
    """Requests with photos that nothing else sends, and others about the same photos."""
    photos = (
        (Photo(exif=8, turn=90, brightness=0.96), "auto_rotate"),
        (Photo(turn=270, brightness=0.96), "auto_rotate"),
        (Photo(cover="mask", brightness=0.96), "check_quality"),
    )
    for number, (photo, option) in enumerate(photos):
        request = Request(**{("first", "second")[number % 2]: EncryptedPhoto(photo=photo)})  # type: ignore[arg-type]
        yield request, replace(request, **{option: "true"})  # type: ignore[arg-type]


@case(
    "photos-not-kept",
    "The response to photos stays the same after they were rotated or tested",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _not_kept(context: CaseContext) -> Iterator[Finding]:
    for request, between in _kept():
        alone = context.ask(request)
        context.ask(between)
        yield from context.differs(alone, context.ask(request))


@case(
    "photos-told-apart",
    "A whole photo and a truncated copy get the same responses, whichever comes first",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _told_apart(context: CaseContext) -> Iterator[Finding]:
    """The copy begins with the same bytes, nearly all of them."""
    photos = [Photo(width=_LARGE, height=_LARGE, brightness=light) for light in (0.97, 0.98)]
    whole, other_whole = (Request(second=EncryptedPhoto(photo=photo)) for photo in photos)
    copy, other_copy = (
        Request(second=EncryptedPhoto(photo=replace(photo, percent=92))) for photo in photos
    )
    before = [context.ask(whole), context.ask(other_copy)]
    after = [context.ask(other_whole), context.ask(copy)]
    for one, other in zip(before, after, strict=True):
        if outcome(one.answer) != outcome(other.answer):
            expected = f"the same response as {describe_actual(one)}"
            yield from context.finding(expected, other)
