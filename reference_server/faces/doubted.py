"""Finds faces that are so covered that the detectors doubt them."""

from __future__ import annotations

from reference_server.faces.align import Aligner
from reference_server.faces.boxes import Box
from reference_server.faces.landmarks import most_upright
from reference_server.faces.mtcnn import MtcnnDetector
from reference_server.faces.occlusion import CHIP, Occlusion
from reference_server.faces.pictures import Pixels

THRESHOLDS = {"pnet": 0.3, "rnet": 0.1, "onet": 0.02}
MOST_LOOKED_AT = 6
LEAST_SHARE = 0.15
"""Of the photo's long side: what MTCNN doubts in photos without people is mostly smaller."""
SURE = 0.9
"""How sure our own network must be, as no detector is."""


class DoubtedFaces:
    """MTCNN with low thresholds; our own network says which of its boxes hold a face."""

    def __init__(self) -> None:
        self._mtcnn = MtcnnDetector(THRESHOLDS)
        self._aligner = Aligner()
        self._occlusion = Occlusion()

    def find(self, pixels: Pixels) -> list[Box]:
        """See ``Detector``."""
        least = LEAST_SHARE * max(pixels.shape)
        boxes = self._mtcnn.candidates(pixels)[:MOST_LOOKED_AT]
        return [b for b in boxes if b.right - b.left >= least and self.face(pixels, b) > SURE]

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """See ``Detector``."""
        return most_upright(self.find, pixels)

    def face(self, pixels: Pixels, box: Box) -> float:
        """How surely our own network sees an upright face in a box, from 0 to 1."""
        return self._occlusion.face(self._aligner.chip(pixels, box, CHIP))
