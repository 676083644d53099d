"""auto_rotate: photos that are sideways or upside down, in their pixels or by EXIF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from conformance.case import Case, CaseContext, number, score_of
from conformance.cases.scores import HOPPER, RECOMMENDED
from conformance.judging.outcome import ACCEPTED, describe_actual, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.exchange import Exchange
from conformance.requests.recipe import Photo

TURNS = (90, 180, 270)
UPRIGHT = {
    2: Photo(exif=2, mirror=True),
    3: Photo(exif=3, turn=180),
    4: Photo(exif=4, mirror=True, turn=180),
    5: Photo(exif=5, mirror=True, turn=270),
    6: Photo(exif=6, turn=270),
    7: Photo(exif=7, mirror=True, turn=90),
    8: Photo(exif=8, turn=90),
}
"""For each EXIF orientation the stored pixels that it sets upright."""
CAMERA = (3, 6, 8)
"""Orientations in which phones are held."""


def _turned_upright(context: CaseContext, turned: Photo, swap: bool) -> Iterable[Finding]:
    pair = (turned, Photo()) if swap else (Photo(), turned)
    one = context.compare(*pair, auto_rotate="true")
    if outcome(one.answer) != ACCEPTED or score_of(one) <= RECOMMENDED:
        return context.finding(f"one person: a score above {RECOMMENDED}", one)
    return []


def _not_turned(context: CaseContext, turn: int) -> Iterable[Finding]:
    """With false, the response must differ from the one with true."""
    turned = Photo(turn=turn)
    turned_upright = context.compare(turned, Photo(), auto_rotate="true")
    left = context.compare(turned, Photo(), auto_rotate="false")
    score_of(turned_upright)
    if outcome(left.answer) == ACCEPTED and _alike(context, left, turned_upright):
        return context.finding("a different response from that with auto_rotate true", left)
    return []


def _default(context: CaseContext, turn: int) -> Iterator[Finding]:
    for first, second in ((Photo(turn=turn), Photo()), (HOPPER, Photo(turn=turn))):
        left = context.compare(first, second, auto_rotate="false")
        absent = context.compare(first, second)
        if not _alike(context, left, absent):
            expected = f"the same response as with auto_rotate false: {describe_actual(left)}"
            yield from context.finding(expected, absent)


def _strangers(context: CaseContext, turn: int) -> Iterator[Finding]:
    """Rotation must not change who is compared with whom."""
    turned = Photo(turn=turn)
    for first, second in ((HOPPER, turned), (turned, HOPPER)):
        one = context.compare(first, second, auto_rotate="true")
        if outcome(one.answer) == ACCEPTED and score_of(one) > RECOMMENDED:
            yield from context.finding(f"two people: a score of at most {RECOMMENDED}", one)


def _tested(context: CaseContext, turn: int) -> Iterator[Finding]:
    """The quality check may refuse a sideways photo, but must not rotate it."""
    turned = Photo(turn=turn)
    for first, second in ((turned, Photo()), (Photo(), turned)):
        plain = context.compare(first, second)
        tested = context.compare(first, second, check_quality="true")
        if outcome(tested.answer) == ACCEPTED and not _alike(context, plain, tested):
            expected = f"a refusal, or as without check_quality: {describe_actual(plain)}"
            yield from context.finding(expected, tested)


def _alike(context: CaseContext, one: Exchange, other: Exchange) -> bool:
    if outcome(one.answer) != outcome(other.answer):
        return False
    if outcome(one.answer) != ACCEPTED or one.answer is None or other.answer is None:
        return True
    return abs(number(one.answer) - number(other.answer)) <= context.profile.score_tolerance


BY_TURN = (
    (
        "as-it-is",
        "; auto_rotate false",
        ("auto-rotate-false",),
        _not_turned,
    ),
    (
        "by-default",
        "; no auto_rotate",
        ("auto-rotate-default",),
        _default,
    ),
    (
        "stranger",
        " and shows another person; auto_rotate true",
        ("auto-rotate-true", "operation-compares"),
        _strangers,
    ),
    (
        "tested",
        "; check_quality true, no auto_rotate",
        ("auto-rotate-default",),
        _tested,
    ),
)
"""For each quarter turn a case: suffixes of id and title, requirements, and the function."""


def _cases() -> Iterator[Case]:
    for turn in TURNS:
        for photo in ("first", "second"):
            yield Case(
                id=f"{photo}-turned-{turn}-upright",
                title=f"The {photo} photo is rotated by {turn} degrees; auto_rotate true",
                since="1.8.0",
                requires=("auto-rotate-true", f"{photo}-judged"),
                play=partial(_turned_upright, turned=Photo(turn=turn), swap=photo == "first"),
                group="rotation",
            )
        for name, title, requires, play in BY_TURN:
            yield Case(
                id=f"turned-{turn}-{name}",
                title=f"A photo is rotated by {turn} degrees{title}",
                since="1.8.0",
                requires=requires,
                play=partial(play, turn=turn),
                group="rotation",
                alone=False,
            )
    for orientation in CAMERA:
        for photo in ("first", "second"):
            stored = replace(UPRIGHT[orientation], camera=True)
            yield Case(
                id=f"{photo}-exif-{orientation}-camera-upright",
                title=f"The {photo} photo is a phone's, of EXIF orientation {orientation}; "
                "auto_rotate true",
                since="1.8.0",
                requires=("auto-rotate-exif", f"{photo}-judged"),
                play=partial(_turned_upright, turned=stored, swap=photo == "first"),
                group="rotation",
            )
    for orientation, stored in UPRIGHT.items():
        for photo in ("first", "second"):
            yield Case(
                id=f"{photo}-exif-{orientation}-upright",
                title=f"The {photo} photo has EXIF orientation {orientation}; auto_rotate true",
                since="1.8.0",
                requires=("auto-rotate-exif", f"{photo}-judged"),
                play=partial(_turned_upright, turned=stored, swap=photo == "first"),
                group="rotation",
            )


CASES = tuple(_cases())
