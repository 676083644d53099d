"""The recogniser with 8 bits that training/int8.py writes and benchmarks/faces/int8.py judges."""

import numpy as np
import onnx
import pytest

from reference_server.faces.recognition.recogniser import DlibOnnx
from reference_server.faces.runtime import session
from training.int8 import quantised
from verikit.portraits import head

CONVOLUTIONS = 29


@pytest.fixture(scope="module")
def chips():
    return [np.asarray(head(name, 150)) for name in ("collins", "hopper")]


@pytest.fixture(scope="module")
def network(chips, tmp_path_factory):
    path = tmp_path_factory.mktemp("int8") / "recogniser.onnx"
    quantised(chips, path)
    return path


def test_weights_have_seven_bits_in_all_convolutions_but_the_first(network):
    model = onnx.load(network)
    values = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    filters = [array for array in values.values() if array.dtype == np.int8 and array.ndim == 4]
    assert len(filters) == CONVOLUTIONS - 1
    assert max(abs(array.astype(int)).max() for array in filters) <= 64


def test_vectors_are_close_to_those_of_the_shipped_network(network, chips):
    (narrow,) = session(network).run(None, {"chips": np.stack(chips)})
    exact = DlibOnnx().forward(np.stack(chips))
    cosines = (narrow * exact).sum(axis=1)
    cosines /= np.linalg.norm(narrow, axis=1) * np.linalg.norm(exact, axis=1)
    assert cosines.min() > 0.99
    assert not np.array_equal(narrow, exact)
