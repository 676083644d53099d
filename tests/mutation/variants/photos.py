"""Servers that take other photos, or take them otherwise."""

from __future__ import annotations

import itertools
import struct
from dataclasses import replace
from functools import partial

import numpy as np

from reference_server.pictures import Photo
from reference_server.refusals import FaceCovered, NoFaceFound, UnreadablePhoto
from tests.mutation.mutants.faces import finds_whole
from tests.mutation.mutants.files import directories, exif_of
from tests.mutation.parts import Compare, Pair, on_compare, on_file, on_standards
from tests.mutation.registry import PROFILES, variant
from verikit.contract import PhotoStandards
from verikit.contract.profile import load_profile


def standards_of(profile: str, standards: PhotoStandards) -> PhotoStandards:
    """The photo standards of a profile, which the suite may be told or not."""
    return load_profile(profile).standards.filled(standards)


for name, told in (
    ("strict", True),
    ("jpeg-only", True),
    ("png-only", True),
    ("lenient", True),
    ("lenient", False),
    ("narrow", False),
):
    profile = str(PROFILES / f"{name}.yaml")
    how = "given_as_profile" if told else "unknown"
    variant(name=f"{name}_standards_{how}", profile=profile if told else None)(
        on_standards(partial(standards_of, profile))
    )


# EXIF 0x0112: how many quarters counter-clockwise, after mirroring, show the photo upright.
EXIF = {1: (False, 0), 2: (True, 0), 3: (False, 2), 4: (True, 2)}
EXIF |= {5: (True, 1), 6: (False, 3), 7: (True, 3), 8: (False, 1)}


def shown(photo: Photo) -> Photo:
    """A photo as a viewer shows it."""
    mirrored, quarters = EXIF[photo.orientation]
    pixels = photo.pixels[:, ::-1] if mirrored else photo.pixels
    return Photo(np.ascontiguousarray(np.rot90(pixels, quarters)))


@variant()
@on_compare
def exif_always_honoured(compare: Compare, pair: Pair) -> float:
    return compare(replace(pair, first=shown(pair.first), second=shown(pair.second)))


def halves(photo: Photo) -> list[Photo]:
    """The left and the right half."""
    parts = np.array_split(photo.pixels, 2, axis=1)
    return [Photo(np.ascontiguousarray(half), photo.orientation) for half in parts]


@variant()
@on_compare
def several_faces_refused(compare: Compare, pair: Pair) -> float:
    for index, photo in enumerate(pair.photos):
        if all(finds_whole(compare, half) for half in halves(photo)):
            raise NoFaceFound(index)
    return compare(pair)


def one_of_several(side: int, compare: Compare, pair: Pair) -> float:
    """Of two faces, that on one side is compared."""
    chosen = []
    for photo in pair.photos:
        sides = halves(photo)
        crowded = all(finds_whole(compare, half) for half in sides)
        chosen.append(sides[side] if crowded else photo)
    return compare(replace(pair, first=chosen[0], second=chosen[1]))


for side, name in enumerate(("left", "right")):
    variant(name=f"{name}_one_of_several_faces")(on_compare(partial(one_of_several, side)))


@variant()
@on_compare
def covered_faces_not_found(compare: Compare, pair: Pair) -> float:
    """Detectors differ: one may not see a face behind a mask."""
    score = compare(pair)
    for index, photo in enumerate(pair.photos):
        try:
            compare(replace(pair, first=photo, second=photo, quality=True))
        except FaceCovered:
            raise NoFaceFound(index) from None
    return score


@variant()
@on_file
def photos_with_damaged_exif_refused(index: int, file: bytes) -> bytes:
    exif = exif_of(file)
    try:
        list(itertools.islice(directories(exif) if exif is not None else (), 3))
    except (KeyError, struct.error):
        raise UnreadablePhoto(index) from None
    return file
