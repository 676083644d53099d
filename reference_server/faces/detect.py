"""Finds the faces in a picture."""

from __future__ import annotations

from typing import Protocol

from reference_server.faces.boxes import Box
from reference_server.faces.doubted import DoubtedFaces
from reference_server.faces.hog import HogDetector
from reference_server.faces.mtcnn import MtcnnDetector
from reference_server.faces.pictures import Pixels


class Detector(Protocol):
    """Finds faces; boxes in pixels of the picture."""

    def find(self, pixels: Pixels) -> list[Box]:
        """All faces found, none if there is none."""

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """Quarter turns, counter-clockwise, that set the faces upright, and the faces then."""


class InTurn:
    """Several detectors; each is asked only where those before it found nothing."""

    def __init__(self, *detectors: Detector) -> None:
        self._detectors = detectors

    def find(self, pixels: Pixels) -> list[Box]:
        """See :class:`Detector`."""
        return next((boxes for each in self._detectors if (boxes := each.find(pixels))), [])

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """See :class:`Detector`."""
        for each in self._detectors:
            turns, boxes = each.find_upright(pixels)
            if boxes:
                return turns, boxes
        return 0, []


class HogThenMtcnn(InTurn):
    """HOG, which is fast and hardly ever wrong; then MTCNN; then the faces that MTCNN doubts."""

    def __init__(self) -> None:
        self.hog = HogDetector()
        self.mtcnn = MtcnnDetector()
        super().__init__(self.hog, self.mtcnn, DoubtedFaces())
