"""Converts aligned faces into templates: unit vectors that are close for photos of one person."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from reference_server.faces import weights
from reference_server.faces.alignment import Recipe
from reference_server.faces.errors import OWN_FILES, UnknownModelError, WeightsError, reading
from reference_server.faces.recognition.dlib_file import read_network
from reference_server.faces.recognition.dlib_int8 import RANGES, Ranges, to_integers
from reference_server.faces.recognition.dlib_onnx import to_onnx
from reference_server.faces.runtime import session
from reference_server.pictures import Pixels

Templates = NDArray[np.float32]
"""One unit vector a row."""

DEFAULT_MODEL = "Dlib"


class Recogniser(Protocol):
    """A model with its alignment; ``digest``: the SHA-256 of its weights, if it is known."""

    name: str
    digest: str | None
    recipe: Recipe

    def forward(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vectors of shape (N, D) for RGB chips of shape (N, side, side, 3)."""


class Precision(StrEnum):
    """The arithmetic of the default model; all other models compute in fp32."""

    INT8 = "int8"
    FP32 = "fp32"


class DlibOnnx:
    """DeepFace's default model here: the weights of its "Dlib", run by onnxruntime."""

    name = DEFAULT_MODEL
    digest: str | None
    recipe = Recipe(side=150, padding=0.25)

    def __init__(self, precision: Precision) -> None:
        layers = read_network(weights.RECOGNISER.read())
        if precision is Precision.FP32:
            network, self.digest = to_onnx(layers), weights.RECOGNISER.sha256
        else:
            with reading(RANGES, OWN_FILES):
                ranges = Ranges.load(RANGES)
                network, self.digest = to_integers(layers, ranges.ranges), ranges.digest
        self._session = session(network)

    def forward(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See :class:`Recogniser`."""
        (vectors,) = self._session.run(None, {"chips": chips})
        return np.asarray(vectors, np.float32)


class DeepFaceModel:
    """Any other model of DeepFace, by name, with the weights that DeepFace fetches."""

    digest: str | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        self._client = _build(name)
        rows, columns = self._client.input_shape[:2]
        self.recipe = Recipe(side=max(rows, columns), padding=0.25)
        top, left = ((self.recipe.side - side) // 2 for side in (rows, columns))
        self._middle = np.s_[:, top : top + rows, left : left + columns]

    def forward(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See :class:`Recogniser`; DeepFace's models want BGR from 0 to 1."""
        bgr = chips[self._middle][..., ::-1].astype(np.float32) / 255
        return np.array([np.ravel(self._client.forward(chip[None])) for chip in bgr], np.float32)


def require_known(model: str) -> None:
    """Check that DeepFace has a model of that name.

    Raises:
        UnknownModelError: it has none.
    """
    if model == DEFAULT_MODEL:
        return
    from deepface.modules import modeling  # noqa: PLC0415 - slow to import, for other models only

    known = modeling.AVAILABLE_MODELS["facial_recognition"]
    if model not in known:
        raise UnknownModelError(f"DeepFace has no model {model!r}; it has {', '.join(known)}")


def load_recogniser(model: str, precision: Precision = Precision.INT8) -> Recogniser:
    """A model of DeepFace by its name.

    Raises:
        UnknownModelError: DeepFace has no such model.
        WeightsError: its weights are missing, wrong or cannot be fetched.
    """
    require_known(model)
    return DlibOnnx(precision) if model == DEFAULT_MODEL else DeepFaceModel(model)


def _build(name: str) -> Any:
    from deepface.commons.folder_utils import get_deepface_home  # noqa: PLC0415 - as above
    from deepface.modules import modeling  # noqa: PLC0415 - as above

    try:
        return modeling.build_model("facial_recognition", name)
    except Exception as error:
        raise WeightsError(
            f"DeepFace could not load {name}; where it cannot fetch the weights itself, put them "
            f"into {Path(get_deepface_home()) / '.deepface' / 'weights'} ({error})"
        ) from error


def templates(recogniser: Recogniser, chips: Sequence[Pixels]) -> Templates:
    """The template of each chip, shape (chips, D): the mean for the chip and its mirror image.

    All chips and mirror images pass through the model in one batch. Templates are unit vectors.
    """
    batch = np.stack([view for chip in chips for view in (chip, chip[:, ::-1])])
    vectors = recogniser.forward(batch)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    means = vectors.reshape(len(chips), 2, -1).mean(axis=1)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)
