"""dlib's network in ONNX answers as dlib does; its file is read strictly."""

import struct

import dlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.faces import weights
from reference_server.faces.errors import WeightsError
from reference_server.faces.recognition.dlib_file import NETWORK, read_network
from reference_server.faces.recognition.recogniser import DlibOnnx, Precision, templates
from reference_server.stages import Stages


@pytest.fixture(scope="module")
def file() -> bytes:
    return weights.RECOGNISER.read()


@pytest.fixture(scope="module")
def chips(engine, astronaut, hopper):
    return [engine.find(photo, stages=Stages()).chip for photo in (astronaut, hopper)]


def test_layers_follow_each_other_as_in_dlib(file):
    layers = read_network(file)
    assert [layer.kind for layer in layers] == list(NETWORK)
    assert sum(layer.kind == "con" for layer in layers) == 29
    assert sum(layer.weights.size for layer in layers) == 5_614_592


@pytest.mark.parametrize(
    ("precision", "least", "most"),
    [(Precision.FP32, 0.999999, 1e-5), (Precision.INT8, 0.999, 0.02)],
)
def test_same_vectors_as_dlib(precision, least, most, chips):
    reference = dlib.face_recognition_model_v1(str(weights.RECOGNISER.path()))
    expected = np.array([reference.compute_face_descriptor(chip) for chip in chips])
    found = DlibOnnx(precision).forward(np.stack(chips))
    cosines = (expected * found).sum(1) / np.linalg.norm(expected, axis=1)
    cosines /= np.linalg.norm(found, axis=1)
    assert cosines.min() > least
    assert np.abs(expected - found).max() < most


@pytest.mark.parametrize("precision", Precision)
def test_a_vector_does_not_hang_on_its_batch(precision, chips):
    recogniser = DlibOnnx(precision)
    together = recogniser.forward(np.stack([*chips, *chips[::-1]]))
    alone = np.concatenate([recogniser.forward(chip[None]) for chip in (*chips, *chips[::-1])])
    np.testing.assert_array_equal(together, alone)


def test_template_is_the_mean_of_chip_and_mirror_image(engine, chips):
    mirrored = [np.ascontiguousarray(chip[:, ::-1]) for chip in chips]
    np.testing.assert_allclose(
        templates(engine.recogniser, chips), templates(engine.recogniser, mirrored), atol=1e-7
    )


def test_more_after_the_end_is_refused(file):
    with pytest.raises(WeightsError, match="continue after"):
        read_network(file + b"\x01\x00")


@pytest.mark.parametrize("length", [0, 1, 20, 300, 5000, 22_466_065])
def test_a_cut_file_is_refused(file, length):
    with pytest.raises(WeightsError):
        read_network(file[:length])


@settings(max_examples=50, deadline=None)
@given(at=st.integers(0, 400), byte=st.integers(0, 255))
def test_a_damaged_head_gives_one_clear_error_or_the_same_layers(file, at, byte):
    damaged = file[:at] + bytes([byte]) + file[at + 1 :]
    try:
        layers = read_network(damaged)
    except WeightsError:
        return
    assert [layer.kind for layer in layers] == list(NETWORK)


def test_a_huge_tensor_is_refused_without_memory(file):
    start = file.index(b"con_4") + len(b"con_4")
    huge = b"\x01\x02" + b"\x08" + struct.pack("<q", 2**60) + b"\x01\x01" * 3
    with pytest.raises(WeightsError, match="middle"):
        read_network(file[:start] + huge + file[start:])
