"""Only the expected weights are used, and they are read where their package has them."""

import os
import subprocess
import sys
from types import SimpleNamespace

import dlib
import numpy as np
import pytest
from deepface.commons import weight_utils
from deepface.modules import modeling

from reference_server.faces import weights
from reference_server.faces.detection.hog import DETECTOR
from reference_server.faces.detection.mtcnn_networks import WEIGHTS
from reference_server.faces.errors import WeightsError
from reference_server.faces.recognition.recogniser import (
    DeepFaceModel,
    DlibOnnx,
    Precision,
    load_recogniser,
    templates,
)
from reference_server.stages import Stages
from training.mtcnn_weights import packaged

COMPARE = """
import sys

import numpy as np
from reference_server.faces.engine import load_engine
from reference_server.pictures import Photo
from verikit.portraits import portrait

photo = Photo(np.asarray(portrait("collins")))
assert load_engine().compare(photo, photo) > 0.95
assert not {"cv2", "pandas", "gdown", "retinaface", "tensorflow", "scipy"} & set(sys.modules)
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))
    return tmp_path / ".deepface" / "weights"


def test_a_comparison_writes_nothing_at_home_and_loads_no_other_model(tmp_path):
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", COMPARE], env=environment, check=True)  # noqa: S603
    assert list(tmp_path.rglob("*")) == []


def test_other_weights_are_refused_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(weights.WeightFile, "path", lambda self: tmp_path / self.name)
    (tmp_path / weights.RECOGNISER.name).write_bytes(b"other weights")
    with pytest.raises(WeightsError, match=r"is not the expected file of weights.*reinstall"):
        load_recogniser("Dlib")


def test_a_model_that_cannot_be_fetched_names_the_folder(home, monkeypatch):
    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(weight_utils.requests, "head", no_network)
    monkeypatch.setattr(weight_utils.gdown, "download", no_network)
    with pytest.raises(WeightsError, match=str(home)):
        load_recogniser("SFace")


@pytest.mark.parametrize("shape", [(55, 47), (96, 96)])
def test_a_model_gets_the_shape_that_it_wants(monkeypatch, shape):
    seen = []

    def forward(chips):
        seen.append(chips)
        return [float(chips.mean()), 1.0]

    client = SimpleNamespace(input_shape=shape, forward=forward)
    monkeypatch.setattr(modeling, "build_model", lambda *_: client)
    model = DeepFaceModel("DeepID")
    chip = np.zeros((1, model.recipe.side, model.recipe.side, 3), np.uint8)
    chip[:, :, model.recipe.side // 2] = (255, 0, 51)
    assert model.forward(chip).shape == (1, 2)
    assert seen[0].shape == (1, *shape, 3)
    np.testing.assert_allclose(seen[0][0, 0, shape[1] // 2], (0.2, 0, 1))  # BGR from 0 to 1


def test_deepface_runs_a_model_by_name_as_we_run_its_default(engine, home, astronaut, hopper):
    home.mkdir(parents=True)
    (home / weights.RECOGNISER.name).symlink_to(weights.RECOGNISER.path())
    chips = [engine.find(photo, stages=Stages()).chip for photo in (astronaut, hopper)]
    through_deepface = templates(DeepFaceModel("Dlib"), chips)
    exact = templates(DlibOnnx(Precision.FP32), chips)
    assert np.sum(through_deepface * exact, axis=1).min() > 0.9999


def test_the_saved_detector_is_dlibs_own(tmp_path):
    saved = tmp_path / "saved.svm"
    dlib.get_frontal_face_detector().save(str(saved))
    assert DETECTOR.read_bytes() == saved.read_bytes()


def test_mtcnns_weights_are_those_of_its_package():
    with np.load(WEIGHTS) as stored:
        expected = packaged()
        assert sorted(stored.files) == sorted(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(stored[name], array)
