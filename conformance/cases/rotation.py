"""auto_rotate: photos that lie on their side, stand on their head, or say so in EXIF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from conformance.case import Case, Talk, number, score_of
from conformance.cases.scores import HOPPER, NOISE, RECOMMENDED
from conformance.exchange import Exchange
from conformance.outcome import ACCEPTED, outcome, spoken
from conformance.recipe import Photo
from conformance.verdicts import Finding

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


def _turned_upright(talk: Talk, turned: Photo, swap: bool) -> Iterable[Finding]:
    pair = (turned, Photo()) if swap else (Photo(), turned)
    one = talk.compare(*pair, auto_rotate="true")
    if outcome(one.answer) != ACCEPTED or score_of(one) <= RECOMMENDED:
        return talk.differs(f"one person: a score above {RECOMMENDED}", spoken(one), one)
    return []


def _not_turned(talk: Talk, turn: int) -> Iterable[Finding]:
    """With false, the photo must not be read as well as with true."""
    turned = Photo(turn=turn)
    told = talk.compare(turned, Photo(), auto_rotate="true")
    left = talk.compare(turned, Photo(), auto_rotate="false")
    if outcome(left.answer) == ACCEPTED and abs(score_of(left) - score_of(told)) <= NOISE:
        return talk.differs("another answer than with auto_rotate true", spoken(left), left)
    return []


def _default(talk: Talk, turn: int) -> Iterator[Finding]:
    for first, second in ((Photo(turn=turn), Photo()), (HOPPER, Photo(turn=turn))):
        left = talk.compare(first, second, auto_rotate="false")
        absent = talk.compare(first, second)
        if not _alike(left, absent):
            expected = f"as with auto_rotate false: {spoken(left)}"
            yield from talk.differs(expected, spoken(absent), absent)


def _strangers(talk: Talk, turn: int) -> Iterator[Finding]:
    """Turning must not lose sight of who is compared with whom."""
    turned = Photo(turn=turn)
    for first, second in ((HOPPER, turned), (turned, HOPPER)):
        one = talk.compare(first, second, auto_rotate="true")
        if outcome(one.answer) == ACCEPTED and score_of(one) > RECOMMENDED:
            yield from talk.differs(f"two people: at most {RECOMMENDED}", spoken(one), one)


def _tested(talk: Talk, turn: int) -> Iterator[Finding]:
    """The quality test may refuse a lying photo; it must not turn it."""
    turned = Photo(turn=turn)
    for first, second in ((turned, Photo()), (Photo(), turned)):
        plain = talk.compare(first, second)
        tested = talk.compare(first, second, check_quality="true")
        if outcome(tested.answer) == ACCEPTED and not _alike(plain, tested):
            expected = f"refused, or as without check_quality: {spoken(plain)}"
            yield from talk.differs(expected, spoken(tested), tested)


def _alike(one: Exchange, other: Exchange) -> bool:
    if outcome(one.answer) != outcome(other.answer):
        return False
    if outcome(one.answer) != ACCEPTED or one.answer is None or other.answer is None:
        return True
    return abs(number(one.answer) - number(other.answer)) <= NOISE


BY_TURN = (
    (
        "as-it-is",
        " stays so with auto_rotate false",
        ("auto-rotate-false",),
        _not_turned,
    ),
    (
        "by-default",
        ", without auto_rotate",
        ("auto-rotate-default",),
        _default,
    ),
    (
        "stranger",
        " against another person, with auto_rotate",
        ("auto-rotate-true", "operation-compares"),
        _strangers,
    ),
    (
        "tested",
        ", with check_quality but without auto_rotate",
        ("auto-rotate-default",),
        _tested,
    ),
)
"""For each quarter turn a case: end of the id, of the title, requirements, what is played."""


def _cases() -> Iterator[Case]:
    for turn in TURNS:
        for photo in ("first", "second"):
            yield Case(
                id=f"{photo}-turned-{turn}-upright",
                title=f"The {photo} photo is turned by {turn} degrees, with auto_rotate",
                requires=("auto-rotate-true", f"{photo}-judged"),
                play=partial(_turned_upright, turned=Photo(turn=turn), swap=photo == "first"),
                group="rotation",
            )
        for name, title, requires, play in BY_TURN:
            yield Case(
                id=f"turned-{turn}-{name}",
                title=f"A photo turned by {turn} degrees{title}",
                requires=requires,
                play=partial(play, turn=turn),
                group="rotation",
            )
    for orientation, stored in UPRIGHT.items():
        for photo in ("first", "second"):
            yield Case(
                id=f"{photo}-exif-{orientation}-upright",
                title=f"The {photo} photo is set upright by EXIF {orientation}, with auto_rotate",
                requires=("auto-rotate-exif", f"{photo}-judged"),
                play=partial(_turned_upright, turned=stored, swap=photo == "first"),
                group="rotation",
            )


CASES = tuple(_cases())
