"""Faults in finding a face, turning it upright and telling whether it is covered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from reference_server.pictures import Photo
from reference_server.refusals import (
    FaceCovered,
    InvalidArgument,
    NoFaceFound,
    UnreadablePhoto,
)
from tests.mutation.naming import ABOUT, PHOTOS
from tests.mutation.parts import Compare, Crash, Pair, on_compare, on_refusal
from tests.mutation.registry import mutant
from tests.mutation.wire import CONTRACT, Reply

NO_FACE = CONTRACT.codes["DETECTION_FAILED"].code
COVERED = CONTRACT.codes["FACE_OCCLUSION"].code


def finds(compare: Compare, photo: Photo) -> bool:
    """Whether a face is found in a photo as it is stored."""
    try:
        compare(Pair(photo, photo))
    except NoFaceFound:
        return False
    return True


def finds_whole(compare: Compare, photo: Photo) -> bool:
    """Whether a face is found with nothing cut off or covered."""
    try:
        compare(Pair(photo, photo, quality=True))
    except (NoFaceFound, FaceCovered):
        return False
    return True


def turned(photo: Photo, quarters: int) -> Photo:
    """A photo turned counter-clockwise."""
    return Photo(np.ascontiguousarray(np.rot90(photo.pixels, quarters)), photo.orientation)


# A photo without a face


@mutant("code-4000")
@on_refusal
def no_face_scores_zero(given: Reply) -> Reply:
    if given.code != NO_FACE:
        return given
    scored = given.without("message").under(200)
    return scored.but(code=CONTRACT.success_code, verification_score=0.0)


def faceless_photo_replaced(index: int, compare: Compare, pair: Pair) -> float:
    """A photo without a face is taken for the other one."""
    try:
        return compare(pair)
    except NoFaceFound as finding:
        if finding.photo != index:
            raise
        other = pair.photos[1 - index]
        return compare(replace(pair, first=other, second=other))


for index, name in enumerate(PHOTOS):
    mutant("code-4000", f"{ABOUT[name]}-judged", name=f"{ABOUT[name]}_photo_without_face_replaced")(
        on_compare(partial(faceless_photo_replaced, index))
    )


def answered_as(code: int, finding: Callable[[], Exception], given: Reply) -> Reply:
    """A finding about a face is answered as another one."""
    if given.code == code:
        raise finding()
    return given


for code, finding, name in (
    (NO_FACE, FaceCovered, "no_face_answered_as_covered_face"),
    (NO_FACE, UnreadablePhoto, "no_face_answered_as_damaged"),
    (NO_FACE, partial(InvalidArgument, "no face"), "no_face_answered_as_invalid_argument"),
    (NO_FACE, Crash, "no_face_crashes"),
    (COVERED, NoFaceFound, "covered_face_answered_as_no_face"),
    (COVERED, UnreadablePhoto, "covered_face_answered_as_damaged"),
    (COVERED, Crash, "covered_face_crashes"),
):
    mutant(f"code-{code}", name=name)(on_refusal(partial(answered_as, code, finding)))


@mutant("one-face", "status-500")
@on_compare
def several_faces_crash(compare: Compare, pair: Pair) -> float:
    for photo in pair.photos:
        left, right = np.array_split(photo.pixels, 2, axis=1)
        if all(finds_whole(compare, Photo(np.ascontiguousarray(h))) for h in (left, right)):
            raise Crash
    return compare(pair)


# Covered faces


@mutant("check-quality-default", "check-quality-false")
@on_compare
def quality_always_checked(compare: Compare, pair: Pair) -> float:
    return compare(replace(pair, quality=True))


@mutant("check-quality-true")
@on_compare
def every_face_taken_for_covered(compare: Compare, pair: Pair) -> float:
    score = compare(pair)
    if pair.quality:
        raise FaceCovered(0)
    return score


def region_not_checked(region: str, compare: Compare, pair: Pair) -> float:
    """A face of which nothing but this region is covered passes."""
    try:
        return compare(pair)
    except FaceCovered as finding:
        if not all(region in covered for covered in finding.regions):
            raise
        return compare(replace(pair, quality=False))


for region in ("eye", "nose", "mouth"):
    mutant("code-4004", name=f"covered_{region}_overlooked")(
        on_compare(partial(region_not_checked, region))
    )


def quality_of_one_checked(index: int, compare: Compare, pair: Pair) -> float:
    """Only one of the photos is tested."""
    score = compare(replace(pair, quality=False))
    if pair.quality:
        tested = pair.photos[index]
        compare(replace(pair, first=tested, second=tested))
    return score


for index, other in enumerate(reversed(PHOTOS)):
    mutant("code-4004", f"{ABOUT[other]}-judged", name=f"quality_of_{ABOUT[other]}_not_checked")(
        on_compare(partial(quality_of_one_checked, index))
    )


# Turning


@dataclass(frozen=True)
class Turns:
    """The quarter turns that are tried, whether EXIF counts, and in which photos."""

    quarters: tuple[int, ...]
    exif: bool = True
    photos: tuple[int, ...] = (0, 1)


def turned_only(turns: Turns, compare: Compare, pair: Pair) -> float:
    """auto_rotate does less than it should."""
    if not pair.rotate:
        return compare(pair)
    for index, photo in enumerate(pair.photos):
        tries = (0, *turns.quarters) if index in turns.photos else (0,)
        by_exif = turns.exif and index in turns.photos and photo.orientation != 1
        if not by_exif and not any(finds(compare, turned(photo, n)) for n in tries):
            raise NoFaceFound(index)
    return compare(pair)


for name, turns, requirement in (
    ("only_by_exif", Turns(()), "auto-rotate-true"),
    ("not_by_exif", Turns((), exif=False), "auto-rotate-exif"),
    ("not_upside_down", Turns((1, 3)), "auto-rotate-true"),
    ("only_upside_down", Turns((2,)), "auto-rotate-true"),
    ("only_clockwise", Turns((3,)), "auto-rotate-true"),
    ("only_the_first_photo", Turns((1, 2, 3), photos=(0,)), "auto-rotate-true"),
    ("only_the_second_photo", Turns((1, 2, 3), photos=(1,)), "auto-rotate-true"),
):
    mutant(requirement, name=f"auto_rotate_{name}")(on_compare(partial(turned_only, turns)))


@mutant("auto-rotate-true", "auto-rotate-boolean")
@on_compare
def auto_rotate_turns_upright_photos_too(compare: Compare, pair: Pair) -> float:
    if not pair.rotate:
        return compare(pair)
    first, second = (turned(photo, 1) for photo in pair.photos)
    return compare(Pair(first, second, quality=pair.quality))


@mutant("auto-rotate-true")
@on_compare
def auto_rotate_finds_a_face_and_compares_another(compare: Compare, pair: Pair) -> float:
    """With auto_rotate the second photo is no more than looked at."""
    score = compare(pair)
    return compare(replace(pair, second=pair.first)) if pair.rotate else score
