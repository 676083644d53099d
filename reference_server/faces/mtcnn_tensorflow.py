"""The detector of the package mtcnn as it is, on the TensorFlow of the extra of that name."""

from __future__ import annotations

import numpy as np

from reference_server.faces.boxes import Box
from reference_server.faces.landmarks import believable, most_upright
from reference_server.faces.pictures import Pixels


class MtcnnTensorflowDetector:
    """Finds faces by MTCNN alone; loads TensorFlow."""

    def __init__(self) -> None:
        from mtcnn import MTCNN  # noqa: PLC0415 - loads TensorFlow

        self._detector = MTCNN()

    def find(self, pixels: Pixels) -> list[Box]:
        """See ``Detector``; the boxes are those that HOG would give."""
        found = self._detector.detect_faces(pixels, output_type="numpy", box_format="xyxy")
        found = np.asarray(found, np.float32)
        points = found[:, 6:16].reshape(-1, 2, 5).transpose(0, 2, 1)
        return believable(found[:, 1:6], points, max(pixels.shape))

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """See ``Detector``."""
        return most_upright(self.find, pixels)
