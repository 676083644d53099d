"""Turns dlib's network into an ONNX graph: uint8 RGB chips (N, 150, 150, 3) in, (N, 128) out.

The input layer's subtraction and scaling are part of the graph; affine layers are folded into the
convolutions before them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from reference_server.faces.dlib_file import Layer

OPSET = 17
_IR_VERSION = 9
_INPUT_SCALE = 1 / 256  # dlib/dnn/input.h


def to_onnx(layers: list[Layer]) -> bytes:
    """The ONNX file of a network that ``read_network`` read."""
    builder = _Builder()
    for layer in _fold(layers):
        getattr(builder, f"_{layer.kind}")(layer)
    return builder.model()


def _fold(layers: list[Layer]) -> list[Layer]:
    """Every convolution with the affine layer behind it as one; weights (filters, then biases)."""
    folded: list[Layer] = []
    for layer in layers:
        if layer.kind == "affine":
            folded[-1] = _scaled(folded[-1], *np.split(layer.weights, 2))
        else:
            folded.append(layer)
    return folded


def _scaled(con: Layer, gamma: NDArray[np.float32], beta: NDArray[np.float32]) -> Layer:
    count = len(gamma)
    filters, biases = np.split(con.weights, [-count])
    filters = (filters.reshape(count, -1) * gamma[:, None]).ravel()
    return replace(con, weights=np.concatenate([filters, biases * gamma + beta]))


@dataclass(frozen=True)
class _Value:
    """A picture in the graph: its name, channels and side."""

    name: str
    channels: int
    side: int


class _Builder:
    """Adds a node for each layer; ``_at`` is what the next layer reads."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._marks: list[_Value] = []
        self._at = _Value("chips", 3, 0)

    def model(self) -> bytes:
        side = self._input_side
        graph = helper.make_graph(
            self._nodes,
            "dlib_face_recognition_resnet_model_v1",
            [helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", side, side, 3])],
            [helper.make_tensor_value_info(self._at.name, TensorProto.FLOAT, ["n", None])],
            self._constants,
        )
        opset = [helper.make_opsetid("", OPSET)]
        return bytes(
            helper.make_model(
                graph, opset_imports=opset, ir_version=_IR_VERSION
            ).SerializeToString()
        )

    def _node(self, operator: str, *inputs: str, **attributes: object) -> str:
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def _constant(self, values: NDArray[np.generic]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _input(self, layer: Layer) -> None:
        *average, _, side = layer.settings
        self._input_side = int(side)
        planes = self._node("Transpose", self._at.name, perm=[0, 3, 1, 2])
        real = self._node("Cast", planes, to=TensorProto.FLOAT)
        shift = self._constant(np.array(average, np.float32).reshape(1, 3, 1, 1))
        scale = self._constant(np.float32(_INPUT_SCALE))
        scaled = self._node("Mul", self._node("Sub", real, shift), scale)
        self._at = _Value(scaled, 3, self._input_side)

    def _con(self, layer: Layer) -> None:
        count, rows, columns, *_ = (int(value) for value in layer.settings[:7])
        filters, biases = np.split(layer.weights, [-count])
        self._window(
            "Conv",
            layer.settings[1:7],
            self._constant(filters.reshape(count, self._at.channels, rows, columns)),
            self._constant(biases),
        )
        self._at = replace(self._at, channels=count)

    def _max(self, layer: Layer) -> None:
        self._window("MaxPool", layer.settings)

    def _avg(self, layer: Layer) -> None:
        if layer.settings[0]:
            self._window("AveragePool", layer.settings)
        else:  # a window of no size is the whole picture
            name = self._node("GlobalAveragePool", self._at.name)
            self._at = _Value(name, self._at.channels, 1)

    def _window(self, operator: str, settings: tuple[float, ...], *constants: str) -> None:
        """A square window: rows, columns, strides and paddings."""
        rows, columns, stride_y, stride_x, pad_y, pad_x = (int(value) for value in settings)
        name = self._node(
            operator,
            self._at.name,
            *constants,
            kernel_shape=[rows, columns],
            strides=[stride_y, stride_x],
            pads=[pad_y, pad_x, pad_y, pad_x],
        )
        side = (self._at.side + 2 * pad_y - rows) // stride_y + 1
        self._at = replace(self._at, name=name, side=side)

    def _relu(self, _: Layer) -> None:
        self._at = replace(self._at, name=self._node("Relu", self._at.name))

    def _tag(self, _: Layer) -> None:
        self._marks.append(self._at)

    def _skip(self, _: Layer) -> None:
        self._at = self._marks[0]

    def _add(self, _: Layer) -> None:
        """dlib adds pictures of different sizes as if the smaller had zeros below and right."""
        other = self._marks[-1]
        channels = max(self._at.channels, other.channels)
        side = max(self._at.side, other.side)
        names = [self._padded(value, channels, side) for value in (self._at, other)]
        self._at = _Value(self._node("Add", *names), channels, side)
        self._marks.clear()

    def _padded(self, value: _Value, channels: int, side: int) -> str:
        missing = [0, channels - value.channels, side - value.side, side - value.side]
        if not any(missing):
            return value.name
        return self._node("Pad", value.name, self._constant(np.array([0] * 4 + missing)))

    def _fc(self, layer: Layer) -> None:
        outputs, inputs = int(layer.settings[0]), self._at.channels
        matrix = self._constant(layer.weights.reshape(inputs, outputs))
        flat = self._node("Flatten", self._at.name)
        self._at = _Value(self._node("MatMul", flat, matrix), outputs, 1)
