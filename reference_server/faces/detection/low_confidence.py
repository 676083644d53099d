"""Detects covered faces, to which detectors give a low confidence."""

from __future__ import annotations

from collections.abc import Sequence

from reference_server.faces.alignment import Aligner
from reference_server.faces.detection.boxes import Box
from reference_server.faces.detection.landmarks import every_turn, most_upright
from reference_server.faces.detection.mtcnn import (
    LONG_SIDE,
    SHARED,
    MtcnnDetector,
    Networks,
    Search,
)
from reference_server.faces.occlusion import CHIP, Occlusion
from reference_server.faces.pictures import reduced
from reference_server.pictures import Pixels

LOW_CONFIDENCE = Search(40, pnet=0.3, rnet=0.1, onet=0.02, most_boxes=100, most_faces=16)
MOST_LOOKED_AT = 6
"""Of the candidates in a picture; small ones, too, although they do not count: where many of them
are surer than a large one, as in foliage, that is mostly no face either."""
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
        (found,) = self._find_each([pixels])
        return found

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """See ``Detector``."""
        small, factor = reduced(pixels, LONG_SIDE)
        found = self._find_each(every_turn(small))
        turns = most_upright(found)
        return turns, [box.scaled(factor) for box in found[turns]]

    def _find_each(self, pictures: Sequence[Pixels]) -> list[list[Box]]:
        faces = self._mtcnn.candidates_each(pictures)
        return [
            [box for box in boxes if self._is_one(pixels, box)]
            for pixels, boxes in zip(pictures, _surest(faces), strict=True)
        ]

    def _is_one(self, pixels: Pixels, box: Box) -> bool:
        return _may_be_one(box, max(pixels.shape)) and self.face(pixels, box) > SURE

    def face(self, pixels: Pixels, box: Box) -> float:
        """The occlusion network's confidence, from 0 to 1, that a box has an upright face."""
        return self._occlusion.face(self._aligner.chip(pixels, box, CHIP))


def _may_be_one(box: Box, long_side: int) -> bool:
    return box.width >= LEAST_SHARE * long_side and abs(box.roll) <= MOST_ROLLED


def _surest(faces: Sequence[list[Box]]) -> list[list[Box]]:
    """The faces to look at; ``faces``: by picture, in each the surest first."""
    faces = [boxes[:MOST_LOOKED_AT] for boxes in faces]
    ranked = sorted((box.confidence for boxes in faces for box in boxes), reverse=True)
    least = ranked[: SHARED * MOST_LOOKED_AT][-1] if ranked else 0.0
    return [[box for box in boxes if box.confidence >= least] for boxes in faces]
