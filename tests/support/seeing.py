"""An engine that looks at each picture once, for tests that ask many things of a few photos."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.detection.detectors import Detector
from reference_server.faces.detection.mtcnn import MtcnnDetector
from reference_server.faces.engine import Engine
from reference_server.faces.recognition.recogniser import Recogniser
from reference_server.pictures import Pixels

Found = TypeVar("Found")


def seeing_once(engine: Engine) -> Engine:
    """The same engine with detectors and a recogniser that would say the same again."""
    finder = replace(
        engine.finder,
        detector=SeeingOnce(engine.finder.detector),
        mtcnn=cast(MtcnnDetector, LandmarksOnce(engine.finder.mtcnn)),
    )
    return replace(engine, finder=finder, recogniser=RecognisingOnce(engine.recogniser))


class SeeingOnce:
    """Another detector, which is asked about each picture once."""

    def __init__(self, detector: Detector) -> None:
        self.find = _remembering(detector.find)
        self.find_upright = _remembering(detector.find_upright)


class LandmarksOnce:
    """MTCNN, which is asked for the landmarks in each picture once."""

    def __init__(self, mtcnn: MtcnnDetector) -> None:
        self.detect = _remembering(mtcnn.detect)


class RecognisingOnce:
    """Another recogniser, which gets each chip once and alone: its batch changes no vector."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.name, self.digest = recogniser.name, recogniser.digest
        self.recipe = recogniser.recipe
        self._vector = _remembering(lambda chip: recogniser.forward(chip[None])[0])

    def forward(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vectors of shape (N, D)."""
        return np.stack([self._vector(chip) for chip in chips])


def _remembering(look: Callable[[Pixels], Found]) -> Callable[[Pixels], Found]:
    known: dict[tuple[tuple[int, ...], bytes], Found] = {}

    def found(pixels: Pixels) -> Found:
        picture = pixels.shape, sha256(pixels.tobytes()).digest()
        if picture not in known:
            known[picture] = look(pixels)
        return known[picture]

    return found
