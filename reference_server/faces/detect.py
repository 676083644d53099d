"""Finds the faces in a picture."""

from __future__ import annotations

from typing import Protocol

from reference_server.faces.boxes import Box
from reference_server.faces.hog import HogDetector
from reference_server.faces.mtcnn import MtcnnDetector
from reference_server.faces.pictures import Pixels


class Detector(Protocol):
    """Finds faces; boxes in pixels of the picture."""

    def find(self, pixels: Pixels) -> list[Box]:
        """All faces found, none if there is none."""

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """Quarter turns, counter-clockwise, that set the faces upright, and the faces then."""


class HogThenMtcnn:
    """HOG, which is fast and hardly ever wrong; MTCNN where it finds nothing."""

    def __init__(self) -> None:
        self.hog = HogDetector()
        self.mtcnn = MtcnnDetector()

    def find(self, pixels: Pixels) -> list[Box]:
        """See :class:`Detector`."""
        return self.hog.find(pixels) or self.mtcnn.find(pixels)

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """See :class:`Detector`."""
        turns, boxes = self.hog.find_upright(pixels)
        return (turns, boxes) if boxes else self.mtcnn.find_upright(pixels)
