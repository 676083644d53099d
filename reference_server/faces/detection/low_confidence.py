"""Detects covered faces, to which detectors give a low confidence."""

from __future__ import annotations

from reference_server.faces.alignment import Aligner
from reference_server.faces.detection.boxes import Box
from reference_server.faces.detection.landmarks import most_upright
from reference_server.faces.detection.mtcnn import LONG_SIDE, MtcnnDetector, Networks, Search
from reference_server.faces.occlusion import CHIP, Occlusion
from reference_server.pictures import Pixels

LOW_CONFIDENCE = Search(40, pnet=0.3, rnet=0.1, onet=0.02, most_boxes=100, most_faces=16)
MOST_LOOKED_AT = 6
LEAST_SHARE = 0.15
"""Of the photo's long side: what MTCNN is unsure of in photos without people is mostly smaller."""
MOST_ROLLED = 30
"""Degrees: what leans more is mostly a face on its side, in which our own network sees another one.
Of 48 covered faces that are found so none leans more than 17."""
SURE = 0.9
"""How sure our own network must be, as no detector is."""


class LowConfidenceFaces:
    """MTCNN with low thresholds; the occlusion network confirms its faces."""

    def __init__(self, networks: Networks, aligner: Aligner, occlusion: Occlusion) -> None:
        self._mtcnn = MtcnnDetector(networks, LOW_CONFIDENCE)
        self._aligner, self._occlusion = aligner, occlusion

    def find(self, pixels: Pixels) -> list[Box]:
        """See ``Detector``."""
        boxes = self._mtcnn.candidates(pixels)[:MOST_LOOKED_AT]
        likely = (box for box in boxes if _may_be_one(box, max(pixels.shape)))
        return [box for box in likely if self.face(pixels, box) > SURE]

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """See ``Detector``."""
        return most_upright(self.find, pixels, LONG_SIDE)

    def face(self, pixels: Pixels, box: Box) -> float:
        """The occlusion network's confidence, from 0 to 1, that a box has an upright face."""
        return self._occlusion.face(self._aligner.chip(pixels, box, CHIP))


def _may_be_one(box: Box, long_side: int) -> bool:
    return box.width >= LEAST_SHARE * long_side and abs(box.roll) <= MOST_ROLLED
