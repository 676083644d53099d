"""The detectors that a server can be started with, by name."""

from __future__ import annotations

from collections.abc import Callable

from reference_server.faces.detect import Detector, HogThenMtcnn
from reference_server.faces.mtcnn_tensorflow import MtcnnTensorflowDetector

DETECTORS: dict[str, Callable[[], Detector]] = {
    "hog-mtcnn": HogThenMtcnn,
    "mtcnn-tensorflow": MtcnnTensorflowDetector,
}
