"""The detectors: in sequence, and by the names of `--detector`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Protocol

from reference_server.faces.detection.boxes import Box, largest, surest
from reference_server.faces.detection.hog import HALF_TURN, SURELY_UPRIGHT, HogDetector
from reference_server.faces.detection.low_confidence import LowConfidenceFaces
from reference_server.faces.detection.mtcnn import MtcnnDetector
from reference_server.faces.detection.mtcnn_tensorflow import MtcnnTensorflowDetector
from reference_server.faces.pictures import turned
from reference_server.pictures import Pixels

Found = tuple[int, list[Box]]
"""The quarter turns counter-clockwise that set the faces upright, and the faces then."""

SUBJECT_SHARE = 0.3
"""Of the photo's long side: the subject of a portrait is at least so wide."""


class Detector(Protocol):
    """Finds faces; boxes in pixels of the picture."""

    def find(self, pixels: Pixels) -> list[Box]:
        """All faces; empty if there is none. ``pixels``: uint8 RGB, shape (height, width, 3)."""

    def find_upright(self, pixels: Pixels) -> Found:
        """The faces in the photo set upright."""


class InTurn:
    """Several detectors in sequence; each runs only if those before it found nothing."""

    def __init__(self, *detectors: Detector) -> None:
        self._detectors = detectors

    def find(self, pixels: Pixels) -> list[Box]:
        """See :class:`Detector`."""
        return next((boxes for each in self._detectors if (boxes := each.find(pixels))), [])

    def find_upright(self, pixels: Pixels) -> Found:
        """See :class:`Detector`."""
        for each in self._detectors:
            turns, boxes = each.find_upright(pixels)
            if boxes:
                return turns, boxes
        return 0, []


class HogThenMtcnn:
    """HOG, which is fast and has few false detections; then MTCNN; then MTCNN with low thresholds.

    HOG misses covered faces. If its largest face is small or has a low confidence, the last step
    searches for further faces, so that a bystander is not taken for a masked subject.
    """

    def __init__(
        self, hog: HogDetector, mtcnn: Detector, low_confidence: LowConfidenceFaces
    ) -> None:
        self._hog, self._mtcnn, self._low_confidence = hog, mtcnn, low_confidence
        self._where_hog_sees_none = InTurn(mtcnn, low_confidence)

    def find(self, pixels: Pixels) -> list[Box]:
        """See :class:`Detector`."""
        if boxes := self._hog.find(pixels):
            return boxes + self._missed(pixels, 0, boxes)
        return self._where_hog_sees_none.find(pixels)

    def find_upright(self, pixels: Pixels) -> Found:
        """See :class:`Detector`."""
        by_mtcnn = cache(partial(self._mtcnn.find_upright, pixels))
        found = self._hog.find_upright(pixels, lambda: by_mtcnn()[0])
        if not found[1]:
            return by_mtcnn() if by_mtcnn()[1] else self._low_confidence.find_upright(pixels)
        turns, boxes = self._confirmed(pixels, found, by_mtcnn)
        return turns, boxes + self._missed(pixels, turns, boxes)

    def _missed(self, pixels: Pixels, turns: int, boxes: list[Box]) -> list[Box]:
        height, width = pixels.shape[turns % 2], pixels.shape[1 - turns % 2]
        best = largest(boxes, (width, height))
        is_large = best.width >= SUBJECT_SHARE * max(pixels.shape)
        if is_large and best.confidence >= SURELY_UPRIGHT:
            return []
        found = self._low_confidence.find(turned(pixels, turns))
        return [box for box in found if not any(box.covers(other) for other in boxes)]

    def _confirmed(self, pixels: Pixels, found: Found, by_mtcnn: Callable[[], Found]) -> Found:
        """The turns and faces that HOG found, or MTCNN's half a turn from them.

        A masked face reads as another one upside down. HOG takes either for the right one when it
        is unsure of both; where MTCNN then says the other, our own network decides.
        """
        if surest(found[1]) >= SURELY_UPRIGHT:
            return found
        other = by_mtcnn()
        if not other[1] or (other[0] - found[0]) % 4 != HALF_TURN:
            return found
        return max(found, other, key=lambda each: self._face(pixels, *each))

    def _face(self, pixels: Pixels, turns: int, boxes: list[Box]) -> float:
        surest_box = max(boxes, key=lambda box: box.confidence)
        return self._low_confidence.face(turned(pixels, turns), surest_box)


DETECTORS: dict[str, Callable[[MtcnnDetector, LowConfidenceFaces], Detector]] = {
    "hog-mtcnn": lambda mtcnn, low: HogThenMtcnn(HogDetector(), mtcnn, low),
    "mtcnn-tensorflow": lambda _, low: InTurn(MtcnnTensorflowDetector(), low),
}
"""By the name that a server is started with; built around what is loaded once."""

DEFAULT_DETECTOR = "hog-mtcnn"
