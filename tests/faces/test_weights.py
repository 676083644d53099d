"""Weights lie where DeepFace looks for them, and only the expected ones are used."""

import numpy as np
import pytest
from deepface.commons import weight_utils

from reference_server.faces import weights
from reference_server.faces.errors import WeightsError
from reference_server.faces.recognition.recogniser import DeepFaceModel, load_recogniser, templates
from reference_server.stages import Stages


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))
    return tmp_path / ".deepface" / "weights"


def test_weights_are_linked_where_deepface_looks(home):
    content = weights.RECOGNISER.read()
    assert (home / "dlib_face_recognition_resnet_model_v1.dat").read_bytes() == content


def test_deepface_itself_finds_them(home, monkeypatch):
    weights.RECOGNISER.read()
    monkeypatch.setattr(weight_utils.gdown, "download", lambda *_, **__: pytest.fail("fetched"))
    found = weight_utils.download_weights_if_necessary(weights.RECOGNISER.name, "https://nowhere")
    assert found == str(home / weights.RECOGNISER.name)


def test_a_link_to_nowhere_is_replaced(home):
    home.mkdir(parents=True)
    (home / weights.LANDMARKS.name).symlink_to("/nowhere/at/all")
    assert weights.LANDMARKS.read()


def test_other_weights_are_refused_in_one_sentence(home):
    home.mkdir(parents=True)
    (home / weights.RECOGNISER.name).write_bytes(b"other weights")
    with pytest.raises(WeightsError, match=r"is not the file of weights expected.*delete it"):
        load_recogniser("Dlib")


def test_a_folder_that_cannot_be_written_is_no_hindrance(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path / "file"))
    assert weights.LANDMARKS.read()


def test_a_model_that_cannot_be_fetched_names_the_folder(home, monkeypatch):
    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(weight_utils.requests, "head", no_network)
    monkeypatch.setattr(weight_utils.gdown, "download", no_network)
    with pytest.raises(WeightsError, match=str(home)):
        load_recogniser("SFace")


def test_deepface_runs_a_model_by_name_as_we_run_its_default(engine, astronaut, hopper):
    chips = [engine.find(photo, stages=Stages()).chip for photo in (astronaut, hopper)]
    through_deepface = templates(DeepFaceModel("Dlib"), chips)
    assert np.sum(through_deepface * engine.embed(chips), axis=1).min() > 0.9999
