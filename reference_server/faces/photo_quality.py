"""Measures of how poor a photo of a face is; the higher, the poorer.

Poor photos of different people look alike to a recogniser. ``scoring.penalty`` says what that
costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.detection.boxes import Box
from reference_server.pictures import Pixels

Grey = NDArray[np.float32]
Values = NDArray[np.float32]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_FACE = np.s_[23:127, 23:127]
"""The middle of a chip of 150 pixels: the face, without what is behind it."""
_TILE = 10
_BLOCK = 8
"""Pixels of a side of what JPEG compresses at a time."""
_LARGEST_LOOKED_AT = 256
_NOISE_IN_DETAIL = 0.65
"""Of what ``_calmest`` says of white noise: its standard deviation as a second difference."""
_LEAST_DETAIL = 0.03
"""Of the contrast."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """The measures of a photo; natural logarithms of ratios, unless said otherwise.

    Attributes:
        blur: the lack of detail, in the direction with the least detail.
        smear: the difference of detail between directions, as after a movement of the camera.
        noise: in the calmest part of the face.
        colour_noise: in the difference of red and green, where a sharp photo has little detail.
        blocks: the edges of JPEG's blocks.
        mosaic: uniform patches, such as enlarged pixels; a share times a logarithm.
        smallness: minus the logarithm of the face's width in pixels.
        flatness: the lack of contrast.
        veil: the brightness relative to the contrast.
        greyness: the lack of color.
        glare: the share of the face that is white, from 0 to 1.
        eyes: the confidence that both eyes are covered, from 0 to 1.
        nose: the confidence that the nose is covered.
        mouth: the confidence that the mouth is covered.
    """

    blur: float
    smear: float
    noise: float
    colour_noise: float
    blocks: float
    mosaic: float
    smallness: float
    flatness: float
    veil: float
    greyness: float
    glare: float
    eyes: float
    nose: float
    mouth: float


def measures(chip: Pixels, picture: Pixels, box: Box, covered: Mapping[str, float]) -> Measures:
    """The measures of a face.

    ``chip``: uint8 RGB, shape (150, 150, 3); ``box`` is in pixels of ``picture``; ``covered``: the
    confidence for each region, as of ``occlusion``.
    """
    face = chip[_FACE].astype(np.float32)
    grey = face @ _LUMA
    contrast = float(grey.std()) + 1
    half = _halved(grey)
    noise, steps = _calmest(half), _steps(picture, box)
    details = [
        max(_LEAST_DETAIL * contrast, _without(_NOISE_IN_DETAIL * noise, _size(each)))
        for each in _second_differences(half)
    ]
    return Measures(
        blur=float(np.log(contrast / min(details))),
        smear=_smear(*details),
        noise=float(np.log(noise / contrast + 1e-3)),
        colour_noise=float(np.log(_calmest(_halved(_colour(face, 1))) / contrast + 1e-3)),
        blocks=max(0.0, min(map(_blocks, steps))),
        mosaic=min(map(_mosaic, steps)),
        smallness=-float(np.log(max(box.width, 1))),
        flatness=-float(np.log(contrast)),
        veil=float(np.log((1 + grey.mean()) / contrast)),
        greyness=-float(np.log(1 + np.abs(_colour(face, 2)).mean())),
        glare=float((grey >= 250).mean()),
        eyes=min(covered["left eye"], covered["right eye"]),
        nose=covered["nose"],
        mouth=covered["mouth"],
    )


def _smear(across: float, down: float, falling: float, rising: float) -> float:
    return max(float(np.log(across / down)), abs(float(np.log(falling / rising))))


def _colour(face: Values, channel: int) -> Grey:
    """Red without another channel; skin always has more of it than of blue."""
    return np.asarray(face[..., 0] - face[..., channel])


def _halved(grey: Grey) -> Grey:
    rows = grey[::2] + grey[1::2]
    return np.asarray((rows[:, ::2] + rows[:, 1::2]) / 4, np.float32)


def _without(noise: float, size: float) -> float:
    """A root mean square without the part that noise has in it."""
    return math.sqrt(max(0.0, size**2 - noise**2))


def _size(differences: Grey) -> float:
    """Their root mean square; their mean is next to nothing, and to take it off takes long."""
    flat = differences.ravel()
    return math.sqrt(float(flat @ flat) / flat.size)


def _second_differences(grey: Grey) -> list[Grey]:
    """Across, down, and along both diagonals."""
    middle = 2 * grey[1:-1, 1:-1]
    return [
        grey[1:-1, 2:] + grey[1:-1, :-2] - middle,
        grey[2:, 1:-1] + grey[:-2, 1:-1] - middle,
        grey[2:, 2:] + grey[:-2, :-2] - middle,
        grey[2:, :-2] + grey[:-2, 2:] - middle,
    ]


def _calmest(grey: Grey) -> float:
    """The noise of the tile that has second least of it.

    Immerkaer, "Fast Noise Variance Estimation", 1996; here by tiles, as detail is not everywhere.
    """
    across = grey[:, :-2] - 2 * grey[:, 1:-1] + grey[:, 2:]
    noise = np.abs(across[:-2] - 2 * across[1:-1] + across[2:])
    sides = noise.shape[0] // _TILE, _TILE, noise.shape[1] // _TILE, _TILE
    return float(np.partition(noise.reshape(sides).mean(axis=(1, 3)).ravel(), 1)[1])


def _steps(picture: Pixels, box: Box) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Differences between neighbors in the face, with their direction along the rows."""
    (x, y), reach = box.centre, min(box.width, _LARGEST_LOOKED_AT) / 2
    top, left = max(0, int(y - reach)), max(0, int(x - reach))
    face = picture[top : int(y + reach), left : int(x + reach), 1].astype(np.int16)
    return np.abs(face[:, 1:] - face[:, :-1]), np.abs(face[1:] - face[:-1]).T


def _blocks(steps: NDArray[np.int16]) -> float:
    """How much larger the steps are from block to block than within blocks, as a logarithm."""
    columns = steps.sum(axis=0) / max(1, len(steps))
    whole = len(columns) // _BLOCK * _BLOCK
    if whole < 2 * _BLOCK:
        return 0.0
    phases = np.sort(columns[:whole].reshape(-1, _BLOCK).mean(axis=0))
    return float(np.log((phases[-1] + 0.3) / (phases[3] + 0.3)))


def _mosaic(steps: NDArray[np.int16]) -> float:
    """The share of neighbors that are equal, times the logarithm of how much the others differ."""
    different = np.count_nonzero(steps)
    if not different:
        return 0.0
    return (1 - different / steps.size) * float(np.log(steps.sum() / different))
