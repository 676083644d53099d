"""Recognizes the two faces of the suite's portraits by comparing pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from conformance.requests.photos.portraits import FACES, draw
from conformance.requests.recipe import Photo

Grey = NDArray[np.float64]
Spectrum = NDArray[np.complex128]

_SHORT_SIDE = 64
_MARGIN = 12
_TEMPLATE = (40, 40)
_FOUND = 0.7
_BARE = 0.988
_DIFFERENT = 0.2
_FLAT = 1.0
"""The least sum of squares of a window that is not all of one gray."""


@dataclass(frozen=True)
class Face:
    """The person of a face, and its likeness to that person's portrait, from 0 to 1."""

    person: str
    likeness: float

    @property
    def covered(self) -> bool:
        """Whether a part of the face differs from the portrait."""
        return self.likeness < _BARE


def find(picture: Image.Image, *, turn: bool) -> Face | None:
    """The best face in a picture, or None; without ``turn``, upright faces only."""
    grey = _grey(picture)
    rows, columns = np.subtract(grey.shape, _TEMPLATE) + 1
    spectrum, spread = np.fft.rfft2(grey), _spread(grey)
    faces = []
    for index, (person, quarter_turns, _) in enumerate(_templates()):
        if turn or quarter_turns == 0:
            filtered, energy = _filter(index, grey.shape)
            product = np.fft.irfft2(spectrum * filtered, grey.shape)[:rows, :columns]
            faces.append(Face(person, float((product / np.sqrt(spread * energy)).max())))
    best = max(faces, key=lambda face: face.likeness)
    return best if best.likeness > _FOUND else None


def score(first: Face, second: Face) -> float:
    """The score, from 0 to 1: high for one person, low for two."""
    likeness = min(1.0, first.likeness * second.likeness)
    return likeness if first.person == second.person else _DIFFERENT * likeness


@lru_cache(64)
def _filter(index: int, shape: tuple[int, int]) -> tuple[Spectrum, float]:
    """What correlates a picture of this shape with a template, and the template's sum of squares.

    Both are of the template without its mean.
    """
    template = _templates()[index][2]
    centred = template - template.mean()
    return np.conj(np.fft.rfft2(centred, shape)), (centred**2).sum()


def _spread(grey: Grey) -> Grey:
    """The sum of squares of each window, as large as a template, without its mean."""
    spread = _sums(grey**2) - _sums(grey) ** 2 / np.prod(_TEMPLATE)
    return np.maximum(spread, _FLAT)


def _sums(grey: Grey) -> Grey:
    """The sum over each window as large as a template."""
    total = np.pad(grey, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    high, wide = _TEMPLATE
    window: Grey = total[high:, wide:] - total[:-high, wide:]
    window -= total[high:, :-wide] - total[:-high, :-wide]
    return window


def _grey(picture: Image.Image) -> Grey:
    small = picture.convert("L")
    scale = _SHORT_SIDE / min(small.size)
    size = tuple(max(1, round(side * scale)) for side in small.size)
    return np.asarray(small.resize((size[0], size[1]), Image.Resampling.BOX), dtype=float)


@cache
def _templates() -> tuple[tuple[str, int, Grey], ...]:
    """Each person's face, and its mirror image, in four quarter turns."""
    return tuple(
        (person, quarter_turns, np.rot90(face, quarter_turns))
        for person in FACES
        for picture in (draw(Photo(of=person)), ImageOps.mirror(draw(Photo(of=person))))
        for face in (_grey(picture)[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN],)
        for quarter_turns in range(4)
    )
