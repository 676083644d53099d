"""The recogniser in integers, here and on processors with fewer instructions."""

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest

from benchmarks import avx2_only
from reference_server.faces import weights
from reference_server.faces.recognition.dlib_file import read_network
from reference_server.faces.recognition.dlib_int8 import (
    EXACT,
    LARGEST,
    RANGES,
    Ranges,
    rounded,
    to_integers,
)
from reference_server.faces.recognition.recogniser import DlibOnnx, Precision, templates
from tests.support.needs import needs
from training.int8 import measured
from verikit.portraits import head

CONVOLUTIONS = 29
QEMU = "qemu-x86_64"
TEMPLATES = """
import json, sys
import numpy as np
from reference_server.faces.recognition.recogniser import DlibOnnx, Precision, templates
chips = [np.array(chip, np.uint8) for chip in json.load(sys.stdin)]
json.dump(templates(DlibOnnx(Precision.INT8), chips).tolist(), sys.stdout)
"""


@pytest.fixture(scope="module")
def chips():
    return [np.asarray(head(name, 150)) for name in ("collins", "hopper")]


@pytest.fixture(scope="module")
def layers():
    return read_network(weights.RECOGNISER.read())


@pytest.fixture(scope="module")
def graph(layers):
    return onnx.load_from_string(to_integers(layers, Ranges.load(RANGES).ranges)).graph


@pytest.fixture(scope="module")
def constants(graph):
    return {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}


def test_the_first_convolution_is_exact_in_float32(graph, constants):
    (first,) = (node for node in graph.node if node.op_type == "Conv")
    filters, offsets = (constants[name].astype(np.int64) for name in first.input[1:])
    assert all((constants[name] % 1 == 0).all() for name in first.input[1:])
    largest = abs(filters).sum(axis=(1, 2, 3)) * 128 + abs(offsets)
    assert EXACT / 8 < largest.max() < EXACT


def test_between_the_first_and_the_last_integers_there_are_no_real_numbers(graph):
    operators = [node.op_type for node in graph.node]
    inside = slice(operators.index("QuantizeLinear") + 1, operators.index("DequantizeLinear"))
    assert set(operators[inside]) == {
        *("Transpose", "QLinearConv", "QLinearAdd", "QLinearAveragePool", "Pad")
    }
    assert operators.count("QLinearConv") == CONVOLUTIONS - 1


def test_two_products_of_any_convolution_fit_into_sixteen_bits(graph, constants):
    filters = [constants[n.input[3]] for n in graph.node if n.op_type == "QLinearConv"]
    assert all(array.dtype == np.int8 for array in filters)
    assert max(abs(array.astype(int)).max() for array in filters) == LARGEST
    assert 2 * 255 * LARGEST < 2**15


def test_templates_are_close_to_those_of_real_numbers(chips):
    narrow, exact = (templates(DlibOnnx(precision), chips) for precision in Precision)
    assert (narrow * exact).sum(axis=1).min() > 0.998
    assert not np.array_equal(narrow, exact)


def test_ranges_contain_what_chips_cause(chips, layers):
    found = measured(chips)
    assert found.weights == Ranges.load(RANGES).weights == weights.RECOGNISER.sha256
    assert len(found.ranges) == len(Ranges.load(RANGES).ranges) == len(rounded(layers))
    shipped = np.array(Ranges.load(RANGES).ranges)
    assert np.all(abs(np.array(found.ranges) - shipped).max(axis=1) < abs(shipped).max(axis=1))


def templates_elsewhere(chips, *command, **environment):
    done = subprocess.run(  # noqa: S603 - our own words
        [*command, sys.executable, "-W", "ignore", "-c", TEMPLATES],
        input=json.dumps([chip.tolist() for chip in chips]),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return np.array(json.loads(done.stdout), np.float32)


@pytest.fixture(scope="module")
def three(chips):
    return [*chips, np.random.default_rng(1).integers(0, 256, (150, 150, 3), np.uint8)]


def test_templates_are_the_same_without_avx512(three, tmp_path):
    try:
        hidden = avx2_only.environment(tmp_path)
    except OSError as cannot:
        pytest.skip(str(cannot))
    found = templates_elsewhere(three, **hidden)
    np.testing.assert_array_equal(found, templates(DlibOnnx(Precision.INT8), three))


@pytest.mark.slow
@needs(QEMU)
def test_templates_are_the_same_on_another_makers_processor(three):
    found = templates_elsewhere(three, QEMU, "-cpu", "EPYC")
    np.testing.assert_array_equal(found, templates(DlibOnnx(Precision.INT8), three))
