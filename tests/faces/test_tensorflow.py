"""DeepFace and MTCNN on TensorFlow, where the extra of that name is installed."""

import numpy as np
import pytest

from reference_server.faces.detection.mtcnn_tensorflow import MtcnnTensorflowDetector
from reference_server.faces.recognition import recogniser
from tests.support.needs import missing
from verikit.portraits import head

pytest.importorskip("tensorflow", reason=missing("TensorFlow", "nox -s tensorflow"))
pytestmark = pytest.mark.filterwarnings("default")  # TensorFlow's own are many


def test_mtcnn_finds_the_face_in_a_portrait() -> None:
    pixels = np.asarray(head("collins", 160))
    assert len(MtcnnTensorflowDetector().find(pixels)) == 1


def test_deepface_runs_on_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    from deepface.commons import backend_utils, weight_utils  # noqa: PLC0415 - slow to import

    # Weights come from a model hub; untrained ones show the path from DeepFace to a vector.
    monkeypatch.setattr(weight_utils, "download_weights_if_necessary", lambda **_: "nowhere")
    monkeypatch.setattr(weight_utils, "load_model_weights", lambda model, **_: model)
    model = recogniser.load_recogniser("Facenet")
    side = model.recipe.side
    vectors = model.forward(np.zeros((2, side, side, 3), np.uint8))
    assert backend_utils.get_backend_engine() == "tensorflow"
    assert vectors.shape == (2, 128)
