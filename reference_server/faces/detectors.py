"""The detectors that a server can be started with, by name."""

from __future__ import annotations

from collections.abc import Callable

from reference_server.faces.detect import Detector, HogThenMtcnn, InTurn
from reference_server.faces.doubted import DoubtedFaces
from reference_server.faces.mtcnn_tensorflow import MtcnnTensorflowDetector


def _mtcnn_tensorflow() -> Detector:
    return InTurn(MtcnnTensorflowDetector(), DoubtedFaces())


DETECTORS: dict[str, Callable[[], Detector]] = {
    "hog-mtcnn": HogThenMtcnn,
    "mtcnn-tensorflow": _mtcnn_tensorflow,
}
