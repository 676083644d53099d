"""The scores of pairs of one person and of two people."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance.case import CaseContext, score_of
from conformance.cases import case
from conformance.errors import CouldNotJudge, NotApplicable
from conformance.judging.outcome import ACCEPTED, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import EncryptedPhoto, Encryption, Photo, Request
from verikit.contract import load_contract

RECOMMENDED = load_contract().error_rates.recommended_above

COLLINS = Photo(of="collins")
HOPPER = Photo(of="hopper")
VARIANTS = (
    Photo(quality=60),
    Photo(brightness=0.75),
    Photo(brightness=1.2),
    Photo(brightness=1.1, quality=40),
    Photo(mirror=True),
)
_OWN_PAIRS = 40
_ROOM = 64
"""Bytes for a comment."""


@case(
    "score-same-photo",
    "A photo compared with itself scores above the recommended threshold",
    since="1.8.0",
    requires=("threshold-recommended", "operation-compares"),
)
def _same_photo(context: CaseContext) -> Iterator[Finding]:
    for photo in (COLLINS, HOPPER):
        yield from _above(context, photo, photo)


@case(
    "score-same-person",
    "Altered copies of a portrait score above the recommended threshold",
    since="1.8.0",
    requires=("threshold-recommended", "operation-compares"),
)
def _same_person(context: CaseContext) -> Iterator[Finding]:
    for variant in VARIANTS:
        yield from _above(context, COLLINS, variant)


@case(
    "score-different-people",
    "Two different people score below the recommended threshold",
    since="1.8.0",
    requires=("threshold-recommended", "operation-compares"),
)
def _different_people(context: CaseContext) -> Iterator[Finding]:
    for first, second in ((COLLINS, HOPPER), (HOPPER, COLLINS), (VARIANTS[1], HOPPER)):
        one = context.compare(first, second)
        if score_of(one) >= RECOMMENDED:
            yield from context.finding(f"a score below {RECOMMENDED}", one)


@case(
    "score-ranks-people",
    "A pair of one person scores higher than a pair of two, whichever photo changes",
    since="1.8.0",
    requires=("score-greater-is-likelier", "operation-compares"),
)
def _ranks_people(context: CaseContext) -> Iterator[Finding]:
    different = context.compare(COLLINS, HOPPER)
    for first, second in ((HOPPER, HOPPER), (COLLINS, VARIANTS[0])):
        same = context.score(first, second)
        if score_of(different) >= same:
            expected = f"less than {same}, the score of one person"
            yield from context.finding(expected, different)


@case(
    "score-graded",
    "Pairs of varying similarity get more than two distinct scores",
    since="1.8.0",
    requires=("score-graded", "score-greater-is-likelier"),
)
def _graded(context: CaseContext) -> Iterable[Finding]:
    """Covered faces, which a server may refuse, are those whose scores differ most."""
    pairs = [(COLLINS, HOPPER), *((COLLINS, other) for other in (COLLINS, *VARIANTS[2:]))]
    exchanges = [context.compare(*pair) for pair in pairs]
    scores = {round(score_of(one), 3) for one in exchanges}
    for cover in ("eyes", "nose", "mouth", "mask"):
        if len(scores) > 2:
            return []
        one = context.compare(COLLINS, replace(COLLINS, cover=cover))
        if outcome(one.answer) == ACCEPTED:
            exchanges.append(one)
            scores.add(round(score_of(one), 3))
    if len(scores) > 2:
        return []
    return context.finding(
        f"more than two distinct scores for {len(exchanges)} pairs",
        exchanges[-1],
        actual=f"only {', '.join(map(str, sorted(scores)))}",
    )


@case(
    "default-key-refused",
    "A server with its own key refuses a photo encrypted with the documented key",
    since="1.8.0",
    requires=("encryption-key", "code-1200"),
)
def _default_key(context: CaseContext) -> Iterator[Finding]:
    if context.environment.target.secrets.has_default_key:
        raise NotApplicable("the server uses the documented key")
    for iv, where in itertools.product(("right", "default"), ("first", "second")):
        photo = EncryptedPhoto(encryption=Encryption(key="default", iv=iv))
        one = context.ask(Request(**{where: photo}))  # type: ignore[arg-type]
        if outcome(one.answer) == ACCEPTED:
            yield from context.finding("a photo under another key refused", one)


@case(
    "score-symmetric",
    "Swapping the photos does not change the score",
    since="1.8.0",
    requires=("operation-order",),
)
def _symmetric(context: CaseContext) -> Iterator[Finding]:
    for first, second in ((COLLINS, HOPPER), (COLLINS, VARIANTS[1]), (VARIANTS[3], HOPPER)):
        forward = context.score(first, second)
        backward = context.compare(second, first)
        if abs(forward - score_of(backward)) > context.profile.score_tolerance:
            yield from context.finding(
                f"{forward} within {context.profile.score_tolerance}, the score in the other order",
                backward,
            )


@case(
    "score-repeatable",
    "The same request gets the same score, whatever was sent in between",
    since="1.8.0",
    requires=("operation-stateless",),
)
def _repeatable(context: CaseContext) -> Iterator[Finding]:
    pairs = ((COLLINS, HOPPER), (COLLINS, VARIANTS[1]), (HOPPER, HOPPER))
    before = {pair: context.score(*pair) for pair in pairs}
    for pair in reversed(pairs):
        again = context.compare(*pair)
        if abs(score_of(again) - before[pair]) > context.profile.score_tolerance:
            expected = f"{before[pair]} within {context.profile.score_tolerance}, the score before"
            yield from context.finding(expected, again)


@case(
    "score-same-length",
    "Photos in files of one length are told apart",
    since="1.8.0",
    requires=("operation-stateless", "operation-compares"),
)
def _same_length(context: CaseContext) -> Iterator[Finding]:
    """A cache that knows photos by their length gives the score of others."""
    request = Request(first=EncryptedPhoto(photo=COLLINS), second=EncryptedPhoto(photo=HOPPER))
    lengths = [len(photo_file(photo)) for photo in context.fitted(request).photos]
    collins, hopper = (replace(each, pad_to=max(lengths) + _ROOM) for each in (COLLINS, HOPPER))
    yield from _above(context, collins, collins)
    one = context.compare(collins, hopper)
    if score_of(one) >= RECOMMENDED:
        yield from context.finding(f"a score below {RECOMMENDED}", one)
    yield from _above(context, hopper, hopper)


@case(
    "own-photos-accepted",
    "The vendor's own portraits are accepted",
    since="1.8.0",
    requires=("photo-ordinary",),
    needs=("photos",),
)
def _own_accepted(context: CaseContext) -> Iterator[Finding]:
    for photo in itertools.chain(*context.environment.people.values()):
        one = context.compare(photo, photo)
        if outcome(one.answer) != ACCEPTED:
            yield from context.finding("two ordinary portraits compared", one)


@case(
    "own-people-ranked",
    "The vendor's pairs of one person have a higher median score than pairs of two",
    since="1.8.0",
    requires=("score-greater-is-likelier", "operation-compares"),
    needs=("photos",),
)
def _own_ranked(context: CaseContext) -> Iterable[Finding]:
    people = context.environment.people
    mated = [p for photos in people.values() for p in itertools.combinations(photos, 2)]
    others = [(photos[0], more[0]) for photos, more in itertools.combinations(people.values(), 2)]
    if not mated or not others:
        raise CouldNotJudge("the folder needs two people, at least one of them with two photos")
    same = statistics.median(context.score(*pair) for pair in mated[:_OWN_PAIRS])
    different = statistics.median(context.score(*pair) for pair in others[:_OWN_PAIRS])
    if same <= different:
        return context.finding(
            f"a median above {different:.3f}, that of different people", actual=f"{same:.3f}"
        )
    return []


def _above(context: CaseContext, first: Photo, second: Photo) -> Iterable[Finding]:
    one = context.compare(first, second)
    if score_of(one) <= RECOMMENDED:
        return context.finding(f"a score above {RECOMMENDED}", one)
    return []
