"""Chips of covered and bare faces, cut by the server's own detector and aligner.

The alignment suffers when a face is covered, so things are drawn on the photo and the whole
pipeline runs on the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.alignment import Aligner
from reference_server.faces.detection.boxes import Box
from reference_server.faces.detection.hog import HogDetector
from reference_server.faces.detection.mtcnn import MtcnnDetector, load_networks
from reference_server.faces.occlusion import CHIP, REGIONS
from training.drawing.distortions import distorted
from training.drawing.frame import Frame, Points
from training.drawing.paint import Picture, over
from training.drawing.scene import Drawing, Scene

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Sample:
    """A chip, the share of each region that is covered, and whether the detector found the face."""

    chip: Pixels
    covered: NDArray[np.float32]
    found: bool


class Maker:
    """Draws on photos and cuts the chips out."""

    def __init__(self, others: Sequence[Pixels]) -> None:
        self._hog = HogDetector()
        self.mtcnn = MtcnnDetector(load_networks())
        self._aligner = Aligner()
        self.others = others

    def frame(self, photo: Pixels) -> Frame | None:
        """The frame of the face nearest the center, None where none is found."""
        boxes, landmarks = self.mtcnn.detect(photo)
        if not len(boxes):
            return None
        height, width = photo.shape[:2]
        centres = (boxes[:, :2] + boxes[:, 2:4]) / 2
        nearest = np.argmin(np.linalg.norm(centres - (width / 2, height / 2), axis=1))
        return Frame.of(landmarks[nearest], (width, height))

    def sample(
        self,
        rng: np.random.Generator,
        photo: Pixels,
        frame: Frame,
        drawings: Sequence[Drawing],
        *,
        detect: bool = True,
    ) -> Sample:
        """The photo with things drawn on it and distorted, then through the pipeline.

        Without ``detect`` the face is taken to be found about where it is.
        """
        picture, covered = self.drawn(rng, photo, frame, drawings)
        pixels, corners = distorted(rng, picture, frame.on_photo([(0, 1), (1, 1), (0, 2)]))
        expected = square(corners)
        box = self._found(pixels, expected) if detect else _jittered(rng, expected)
        found = box is not None
        return Sample(self.cut(pixels, box or _jittered(rng, expected)), covered, found)

    def cut(self, pixels: Pixels, box: Box) -> Pixels:
        """The chip of a face in a box."""
        return self._aligner.chip(pixels, box, CHIP)

    def drawn(
        self, rng: np.random.Generator, photo: Pixels, frame: Frame, drawings: Sequence[Drawing]
    ) -> tuple[Picture, NDArray[np.float32]]:
        """The photo with things drawn on it, and the share of each region that they cover."""
        picture = photo.astype(np.float32)
        scene = Scene(rng=rng, frame=frame, photo=picture, others=self.others)
        picture, hidden = over(picture, [layer for draw in drawings for layer in draw(scene)])
        regions = frame.regions()
        shares = [(hidden > 0.5)[regions[name] > 0.5].mean() for name in REGIONS]
        return picture, np.nan_to_num(np.array(shares, np.float32))

    def _found(self, pixels: Pixels, expected: Box) -> Box | None:
        side = expected.right - expected.left
        for box in self._hog.find(pixels) or self.mtcnn.find(pixels):
            apart = np.hypot(*np.subtract(box.centre, expected.centre))
            if apart < 0.4 * side and 0.5 < box.area / expected.area < 2:
                return box
        return None


def square(corners: Points) -> Box:
    """The square that HOG gives for a face, from (0, 1), (1, 1) and (0, 2) of its frame."""
    middle, right, below = corners
    half = 2.38 * (np.hypot(*(right - middle)) + np.hypot(*(below - middle))) / 2
    (x, y), (aside, down) = middle, below - middle
    roll = np.degrees(np.arctan2(-aside, down))
    return Box(x - half, y - half, x + half, y + half, 1.0, roll)


def _jittered(rng: np.random.Generator, box: Box) -> Box:
    side = box.right - box.left
    x, y = rng.normal(0, 0.05 * side, 2)
    grow = rng.normal(0, 0.06 * side)
    sides = box.left + x - grow, box.top + y - grow, box.right + x + grow, box.bottom + y + grow
    return Box(*sides, 1.0, box.roll * rng.integers(2))  # MTCNN tells the roll, HOG does not
