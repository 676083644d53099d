"""The unchanged detector of the mtcnn package, on TensorFlow."""

from __future__ import annotations

import importlib.util
from functools import cached_property
from typing import Any

import numpy as np

from reference_server.faces.detection.boxes import Box
from reference_server.faces.detection.landmarks import believable, every_turn, most_upright
from reference_server.faces.errors import ModelError
from reference_server.pictures import Pixels


class MtcnnTensorflowDetector:
    """Finds faces by MTCNN alone.

    Raises:
        ModelError: TensorFlow is not installed.
    """

    def __init__(self) -> None:
        if not importlib.util.find_spec("tensorflow"):
            raise ModelError(
                "TensorFlow is not installed: pip install '.[tensorflow]' in the project's folder"
            )

    @cached_property
    def _detector(self) -> Any:
        """Loaded by the process that uses it: TensorFlow does not survive a fork."""
        from mtcnn import MTCNN  # noqa: PLC0415 - loads TensorFlow

        return MTCNN()

    def find(self, pixels: Pixels) -> list[Box]:
        """See ``Detector``; the boxes are those that HOG would give."""
        found = self._detector.detect_faces(pixels, output_type="numpy", box_format="xyxy")
        found = np.asarray(found, np.float32)
        points = found[:, 6:16].reshape(-1, 2, 5).transpose(0, 2, 1)
        return believable(found[:, 1:6], points, max(pixels.shape))

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """See ``Detector``."""
        found = [self.find(picture) for picture in every_turn(pixels)]
        turns = most_upright(found)
        return turns, found[turns]
