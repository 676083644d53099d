"""Turns dlib's network into an ONNX graph: uint8 RGB chips (N, 150, 150, 3) in, (N, 128) out.

The input layer's subtraction and scaling are part of the graph; affine layers are folded into the
convolutions before them.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.onnx_graph import UINT8, Attribute, Graph, pictures
from reference_server.faces.recognition.dlib_file import Layer

INPUT_SCALE = np.float32(1 / 256)  # dlib/dnn/input.h


def to_onnx(layers: Sequence[Layer], also: Container[int] = ()) -> bytes:
    """The ONNX file of a network that ``read_network`` read.

    The values behind ``also``, places in ``folded(layers)``, become outputs in front of the last.
    """
    builder, outputs = _Builder(), []
    for place, layer in enumerate(folded(layers)):
        getattr(builder, f"_{layer.kind}")(layer)
        if place in also:
            outputs.append(builder.output)
    return builder.model(outputs)


def folded(layers: Sequence[Layer]) -> list[Layer]:
    """Every convolution with the affine layer behind it as one; weights (filters, then biases)."""
    found: list[Layer] = []
    for layer in layers:
        if layer.kind == "affine":
            found[-1] = _scaled(found[-1], *np.split(layer.weights, 2))
        else:
            found.append(layer)
    return found


def _scaled(con: Layer, gamma: NDArray[np.float32], beta: NDArray[np.float32]) -> Layer:
    count = len(gamma)
    filters, biases = np.split(con.weights, [-count])
    filters = (filters.reshape(count, -1) * gamma[:, None]).ravel()
    return replace(con, weights=np.concatenate([filters, biases * gamma + beta]))


def parameters(con: Layer, channels: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Filters and biases of a convolution, shapes (count, channels, rows, columns) and (count,)."""
    count, rows, columns = (int(value) for value in con.settings[:3])
    filters, biases = np.split(con.weights, [-count])
    return filters.reshape(count, channels, rows, columns), biases


def window(settings: tuple[float, ...], side: int) -> tuple[dict[str, Attribute], int]:
    """A square window (rows, columns, strides and paddings) on pictures with this side.

    Returns the attributes of an operator, and the side of what it makes.
    """
    rows, columns, stride_y, stride_x, pad_y, pad_x = (int(value) for value in settings)
    attributes: dict[str, Attribute] = {
        "kernel_shape": [rows, columns],
        "strides": [stride_y, stride_x],
        "pads": [pad_y, pad_x, pad_y, pad_x],
    }
    return attributes, (side + 2 * pad_y - rows) // stride_y + 1


@dataclass(frozen=True)
class _Value:
    """A picture in the graph: its name, channels and side."""

    name: str
    channels: int
    side: int


class _Builder:
    """Adds a node for each layer; ``_at`` is what the next layer reads."""

    def __init__(self) -> None:
        self._graph = Graph()
        self._marks: list[_Value] = []
        self._at = _Value("chips", 3, 0)

    @property
    def output(self) -> str:
        return self._at.name

    def model(self, also: list[str]) -> bytes:
        side = self._input_side
        return self._graph.model(pictures("chips", UINT8, side, side), [*also, self.output])

    def _input(self, layer: Layer) -> None:
        *average, _, side = layer.settings
        self._input_side = int(side)
        shift = self._graph.constant(np.array(average, np.float32).reshape(1, 3, 1, 1))
        centred = self._graph.node("Sub", self._graph.planes(self._at.name), shift)
        scaled = self._graph.node("Mul", centred, self._graph.constant(INPUT_SCALE))
        self._at = _Value(scaled, 3, self._input_side)

    def _con(self, layer: Layer) -> None:
        filters, biases = parameters(layer, self._at.channels)
        constants = self._graph.constant(filters), self._graph.constant(biases)
        self._window("Conv", layer.settings[1:7], *constants)
        self._at = replace(self._at, channels=len(biases))

    def _max(self, layer: Layer) -> None:
        self._window("MaxPool", layer.settings)

    def _avg(self, layer: Layer) -> None:
        if layer.settings[0]:
            self._window("AveragePool", layer.settings)
        else:  # a window of no size is the whole picture
            name = self._graph.node("GlobalAveragePool", self._at.name)
            self._at = _Value(name, self._at.channels, 1)

    def _window(self, operator: str, settings: tuple[float, ...], *constants: str) -> None:
        attributes, side = window(settings, self._at.side)
        name = self._graph.node(operator, self._at.name, *constants, **attributes)
        self._at = replace(self._at, name=name, side=side)

    def _relu(self, _: Layer) -> None:
        self._at = replace(self._at, name=self._graph.node("Relu", self._at.name))

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
        self._at = _Value(self._graph.node("Add", *names), channels, side)
        self._marks.clear()

    def _padded(self, value: _Value, channels: int, side: int) -> str:
        missing = [0, channels - value.channels, side - value.side, side - value.side]
        if not any(missing):
            return value.name
        return self._graph.node(
            "Pad", value.name, self._graph.constant(np.array([0] * 4 + missing))
        )

    def _fc(self, layer: Layer) -> None:
        outputs, inputs = int(layer.settings[0]), self._at.channels
        matrix = self._graph.constant(layer.weights.reshape(inputs, outputs))
        flat = self._graph.node("Flatten", self._at.name)
        self._at = _Value(self._graph.node("MatMul", flat, matrix), outputs, 1)
