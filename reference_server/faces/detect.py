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


class HogThenMtcnn:
    """HOG, which is fast and hardly ever wrong; MTCNN where it finds nothing."""

    def __init__(self) -> None:
        self.hog = HogDetector()
        self.mtcnn = MtcnnDetector()

    def find(self, pixels: Pixels) -> list[Box]:
        """See :class:`Detector`."""
        return self.hog.find(pixels) or self.mtcnn.find(pixels)
