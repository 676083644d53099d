"""Recognizes the two faces of the suite's portraits by comparing pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from conformance.requests.photos.portraits import FACES, draw
from conformance.requests.recipe import Photo

Grey = NDArray[np.float64]

_SHORT_SIDE = 64
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
    faces = [
        Face(person, _likeness(grey, template))
        for person, quarter_turns, template in _templates()
        if (turn or quarter_turns == 0) and all(np.less_equal(template.shape, grey.shape))
    ]
    best = max(faces, key=lambda face: face.likeness, default=None)
    return best if best and best.likeness > _FOUND else None


def score(first: Face, second: Face) -> float:
    """The score, from 0 to 1: high for one person, low for two."""
    likeness = min(1.0, first.likeness * second.likeness)
    return likeness if first.person == second.person else _DIFFERENT * likeness


def _likeness(grey: Grey, template: Grey) -> float:
    """The best normalized cross-correlation of the template with any part of the picture."""
    centred = template - template.mean()
    rows, columns = np.subtract(grey.shape, template.shape) + 1
    spectrum = np.fft.rfft2(grey) * np.conj(np.fft.rfft2(centred, grey.shape))
    product = np.fft.irfft2(spectrum, grey.shape)[:rows, :columns]
    spread = _sums(grey**2, template.shape) - _sums(grey, template.shape) ** 2 / template.size
    norm = np.sqrt(np.maximum(spread, _FLAT) * (centred**2).sum())
    return float((product / norm).max())


def _sums(grey: Grey, shape: tuple[int, ...]) -> Grey:
    """The sum over each window of a shape."""
    total = np.pad(grey, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    high, wide = shape
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
        for face in (_grey(picture)[12:52, 12:52],)
        for quarter_turns in range(4)
    )
