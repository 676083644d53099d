"""check_quality, over several photos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from conformance.case import Case, CaseContext, score_of
from conformance.cases import case
from conformance.cases.scores import HOPPER
from conformance.judging.outcome import describe_actual, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.recipe import Photo

COVERS = ("eyes", "nose", "mouth", "mask")
_COVERED = "FACE_OCCLUSION"


def _some_cover_found(context: CaseContext, photo: str) -> Iterable[Finding]:
    for cover in COVERS:
        covered, bare = Photo(of="hopper", cover=cover), Photo()
        pair = (covered, bare) if photo == "first" else (bare, covered)
        one = context.compare(*pair, check_quality="true")
        if outcome(one.answer) == _COVERED:
            return []
    return context.finding("code 4004 for at least one cover", one)


CASES = tuple(
    Case(
        id=f"{photo}-covered-somehow",
        title=f"The {photo} face gets 4004 for at least one of four covers",
        since="1.8.0",
        requires=("code-4004", "check-quality-true"),
        play=partial(_some_cover_found, photo=photo),
        group="quality",
        alone=False,
    )
    for photo in ("first", "second")
)


@case(
    "quality-leaves-score",
    "check_quality does not change the score of good photos",
    since="1.8.0",
    requires=("check-quality-true",),
)
def _leaves_score(context: CaseContext) -> Iterator[Finding]:
    for second in (Photo(brightness=0.9), HOPPER):
        plain = context.score(Photo(), second)
        tested = context.compare(Photo(), second, check_quality="true")
        if abs(score_of(tested) - plain) > context.profile.score_tolerance:
            yield from context.finding(f"{plain} within {context.profile.score_tolerance}", tested)


@case(
    "quality-default-is-false",
    "Omitting check_quality is the same as check_quality false for a covered face",
    since="1.8.0",
    requires=("check-quality-default",),
)
def _default_is_false(context: CaseContext) -> Iterator[Finding]:
    for cover in COVERS:
        left = context.compare(Photo(cover=cover), Photo(), check_quality="false")
        absent = context.compare(Photo(cover=cover), Photo())
        if outcome(left.answer) != outcome(absent.answer):
            yield from context.finding(
                f"the same response as with check_quality false: {describe_actual(left)}", absent
            )
