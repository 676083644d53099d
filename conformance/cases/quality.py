"""check_quality, over several photos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from conformance.case import Case, Talk, score_of
from conformance.cases import talk_case
from conformance.cases.scores import HOPPER, NOISE
from conformance.outcome import outcome, spoken
from conformance.recipe import Photo
from conformance.verdicts import Finding

COVERS = ("eyes", "nose", "mouth", "mask")
_COVERED = "FACE_OCCLUSION"


def _some_cover_found(talk: Talk, photo: str) -> Iterable[Finding]:
    for cover in COVERS:
        covered, bare = Photo(of="hopper", cover=cover), Photo()
        pair = (covered, bare) if photo == "first" else (bare, covered)
        one = talk.compare(*pair, check_quality="true")
        if outcome(one.answer) == _COVERED:
            return []
    return talk.differs("4004 for at least one way to cover a face", spoken(one), one)


CASES = tuple(
    Case(
        id=f"{photo}-covered-somehow",
        title=f"Of four ways to cover the {photo} face, at least one is answered with 4004",
        requires=("code-4004", "check-quality-true"),
        play=partial(_some_cover_found, photo=photo),
        group="quality",
    )
    for photo in ("first", "second")
)


@talk_case(
    "quality-leaves-score",
    "check_quality does not change the score of good photos",
    requires=("check-quality-true",),
)
def _leaves_score(talk: Talk) -> Iterator[Finding]:
    for second in (Photo(brightness=0.9), HOPPER):
        plain = talk.score(Photo(), second)
        tested = talk.compare(Photo(), second, check_quality="true")
        if abs(score_of(tested) - plain) > NOISE:
            yield from talk.differs(f"{plain} within {NOISE}", spoken(tested), tested)


@talk_case(
    "quality-default-is-false",
    "A covered face without check_quality is treated as with false",
    requires=("check-quality-default",),
)
def _default_is_false(talk: Talk) -> Iterator[Finding]:
    for cover in COVERS:
        left = talk.compare(Photo(cover=cover), Photo(), check_quality="false")
        absent = talk.compare(Photo(cover=cover), Photo())
        if outcome(left.answer) != outcome(absent.answer):
            yield from talk.differs(f"as with false: {spoken(left)}", spoken(absent), absent)
