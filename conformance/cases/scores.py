"""What the score says about two people."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Iterator

from conformance.case import Talk, score_of
from conformance.cases import talk_case
from conformance.errors import CouldNotJudge
from conformance.outcome import ACCEPTED, outcome, spoken
from conformance.recipe import Photo
from conformance.verdicts import Finding
from verikit.contract import load_contract

RECOMMENDED = load_contract().error_rates.recommended_above
NOISE = 0.005
"""Scores of one comparison may differ this much: arithmetic on a GPU is not exact."""

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


@talk_case(
    "score-same-photo",
    "A photo compared with itself is above the recommended threshold",
    requires=("threshold-recommended", "operation-compares"),
)
def _same_photo(talk: Talk) -> Iterator[Finding]:
    for photo in (COLLINS, HOPPER):
        yield from _above(talk, photo, photo)


@talk_case(
    "score-same-person",
    "Differently taken copies of a portrait are above the recommended threshold",
    requires=("threshold-recommended", "operation-compares"),
)
def _same_person(talk: Talk) -> Iterator[Finding]:
    for variant in VARIANTS:
        yield from _above(talk, COLLINS, variant)


@talk_case(
    "score-different-people",
    "Two different people are below the recommended threshold",
    requires=("threshold-recommended", "operation-compares"),
)
def _different_people(talk: Talk) -> Iterator[Finding]:
    for first, second in ((COLLINS, HOPPER), (HOPPER, COLLINS), (VARIANTS[1], HOPPER)):
        one = talk.compare(first, second)
        if score_of(one) >= RECOMMENDED:
            yield from talk.differs(f"a score below {RECOMMENDED}", spoken(one), one)


@talk_case(
    "score-ranks-people",
    "One person scores higher than two, whichever photo changes",
    requires=("score-greater-is-likelier", "operation-compares"),
)
def _ranks_people(talk: Talk) -> Iterator[Finding]:
    different = talk.compare(COLLINS, HOPPER)
    for first, second in ((HOPPER, HOPPER), (COLLINS, VARIANTS[0])):
        same = talk.score(first, second)
        if score_of(different) >= same:
            expected = f"less than {same}, the score of one person"
            yield from talk.differs(expected, spoken(different), different)


@talk_case(
    "score-symmetric",
    "Swapping the photos leaves the score as it is",
    requires=("operation-order",),
)
def _symmetric(talk: Talk) -> Iterator[Finding]:
    for first, second in ((COLLINS, HOPPER), (COLLINS, VARIANTS[1]), (VARIANTS[3], HOPPER)):
        forward = talk.score(first, second)
        backward = talk.compare(second, first)
        if abs(forward - score_of(backward)) > NOISE:
            yield from talk.differs(
                f"{forward} within {NOISE}, as the other way round", spoken(backward), backward
            )


@talk_case(
    "score-repeatable",
    "The same request gets the same score, whatever was asked in between",
    requires=("operation-stateless",),
)
def _repeatable(talk: Talk) -> Iterator[Finding]:
    pairs = ((COLLINS, HOPPER), (COLLINS, VARIANTS[1]), (HOPPER, HOPPER))
    before = {pair: talk.score(*pair) for pair in pairs}
    for pair in reversed(pairs):
        again = talk.compare(*pair)
        if abs(score_of(again) - before[pair]) > NOISE:
            expected = f"{before[pair]} within {NOISE}, as before"
            yield from talk.differs(expected, spoken(again), again)


@talk_case(
    "own-photos-accepted",
    "The vendor's own portraits are accepted",
    requires=("photo-ordinary",),
    needs=("photos",),
)
def _own_accepted(talk: Talk) -> Iterator[Finding]:
    for photo in itertools.chain(*talk.around.people.values()):
        one = talk.compare(photo, photo)
        if outcome(one.answer) != ACCEPTED:
            yield from talk.differs("two ordinary portraits compared", spoken(one), one)


@talk_case(
    "own-people-ranked",
    "The vendor's people: pairs of one person score higher in the median than pairs of two",
    requires=("score-greater-is-likelier", "operation-compares"),
    needs=("photos",),
)
def _own_ranked(talk: Talk) -> Iterable[Finding]:
    people = talk.around.people
    mated = [p for photos in people.values() for p in itertools.combinations(photos, 2)]
    others = [(photos[0], more[0]) for photos, more in itertools.combinations(people.values(), 2)]
    if not mated or not others:
        raise CouldNotJudge("the folder needs two people, one of them with two photos")
    same = statistics.median(talk.score(*pair) for pair in mated[:_OWN_PAIRS])
    different = statistics.median(talk.score(*pair) for pair in others[:_OWN_PAIRS])
    if same <= different:
        return talk.differs(
            f"a median above {different:.3f}, that of different people", f"{same:.3f}"
        )
    return []


def _above(talk: Talk, first: Photo, second: Photo) -> Iterable[Finding]:
    one = talk.compare(first, second)
    if score_of(one) <= RECOMMENDED:
        return talk.differs(f"a score above {RECOMMENDED}", spoken(one), one)
    return []
