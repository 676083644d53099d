"""Turns dlib's network into an ONNX graph of integers: uint8 RGB chips in, (N, 128) floats out.

No integer depends on the processor. The first convolution multiplies pixels with whole numbers; its
sums stay below 2^24, so float32 holds them exactly, in whatever order they are added. The other
convolutions multiply integers of 8 and 7 bits, and two such products stay below 2^15 (2 * 255 *
64), so processors without VNNI do not saturate. Behind the last integers only rounding errors of
float32 are left.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from reference_server.faces.onnx_graph import UINT8, Graph, pictures
from reference_server.faces.recognition.dlib_file import Layer
from reference_server.faces.recognition.dlib_onnx import INPUT_SCALE, folded, parameters, window

RANGES = Path(__file__).resolve().parents[2] / "models" / "Dlib-ranges.json"
LARGEST = 64
"""The highest absolute weight of seven bits."""
EXACT = 2**24
"""Float32 holds all whole numbers up to this one."""
_SLACK = 2**14
"""Above what rounding the weights can add to a sum: 147 weights, by .5 each, times 152."""
_MIDDLE = 128
"""Subtracted from the pixels, which leaves one more bit for the weights."""


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """The lowest and highest values behind each layer of ``rounded``, which integers represent.

    ``weights``: the SHA-256 of the network's file; ``photos``: of how many the ranges are.
    """

    weights: str
    photos: int
    ranges: Sequence[tuple[float, float]]

    @property
    def digest(self) -> str:
        """The SHA-256 that tells the network of integers from any other."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Ranges:
        """Read what ``save`` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def rounded(layers: Sequence[Layer]) -> list[int]:
    """The places in ``folded(layers)`` of convolutions and sums, or of the ReLUs behind them."""
    kinds = [layer.kind for layer in folded(layers)]
    return [
        place + (kinds[place + 1] == "relu")
        for place, kind in enumerate(kinds)
        if kind in {"con", "add"}
    ]


def to_integers(layers: Sequence[Layer], ranges: Sequence[tuple[float, float]]) -> bytes:
    """The ONNX file of a network that ``read_network`` read; ``ranges``: see ``Ranges``."""
    builder = _Builder(ranges)
    for layer in folded(layers):
        getattr(builder, f"_{layer.kind}")(layer)
    return builder.model()


@dataclass(frozen=True)
class _Value:
    """Pictures (N, side, side, channels) of uint8, which mean ``scale`` * (integer - ``zero``)."""

    name: str
    channels: int
    side: int
    scale: np.float32
    zero: int


_AS_IT_IS = np.float32(1), 0


class _Builder:
    """Adds the nodes of each layer; ``_at`` is what the next layer reads."""

    def __init__(self, ranges: Sequence[tuple[float, float]]) -> None:
        self._graph = Graph()
        self._ranges = iter(ranges)
        self._marks: list[_Value] = []

    def model(self) -> bytes:
        chips = pictures("chips", UINT8, self._input_side, self._input_side)
        return self._graph.model(chips, [self._at.name])

    def _input(self, layer: Layer) -> None:
        *average, _, side = layer.settings
        self._average, self._input_side = np.array(average), int(side)
        self._at = _Value("chips", len(average), self._input_side, *_AS_IT_IS)

    def _con(self, layer: Layer) -> None:
        if self._at.name == "chips":
            self._first_con(layer)
            return
        filters, biases = parameters(layer, self._at.channels)
        steps = abs(filters).max(axis=(1, 2, 3)) / np.float32(LARGEST)
        attributes, side = window(layer.settings[1:7], self._at.side)
        value = self._rounded(len(biases), side)
        name = self._graph.own_node(
            "QLinearConv",
            *self._number(self._at),
            self._constant(np.rint(filters / steps[:, None, None, None]), np.int8),
            self._constant(steps, np.float32),
            self._constant(np.zeros(len(steps)), np.int8),
            *self._number(value)[1:],
            self._constant(np.rint(biases / (self._at.scale * steps)), np.int32),
            **attributes,
            channels_last=1,
        )
        self._at = replace(value, name=name)

    def _first_con(self, layer: Layer) -> None:
        """Whole numbers in float32 (N, channels, H, W), in units of a power of two each channel."""
        filters, biases = parameters(layer, self._at.channels)
        weights = filters.astype(np.float64) * INPUT_SCALE
        shift = self._average - _MIDDLE
        reach = abs(weights).sum(axis=(2, 3)) @ (_MIDDLE + abs(shift)) + abs(biases)
        self._units = np.array([2.0 ** math.frexp(r / (EXACT - _SLACK))[1] for r in reach])
        whole = np.rint(weights / self._units[:, None, None, None])
        offsets = np.rint(biases / self._units - whole.sum(axis=(2, 3)) @ shift)
        attributes, side = window(layer.settings[1:7], self._at.side)
        name = self._graph.node(
            "Conv",
            self._graph.node(
                "Sub", self._graph.planes("chips"), self._constant(_MIDDLE, np.float32)
            ),
            self._constant(whole, np.float32),
            self._constant(offsets, np.float32),
            **attributes,
        )
        self._at = _Value(name, len(biases), side, *_AS_IT_IS)

    def _max(self, layer: Layer) -> None:
        """Rounds what the first convolution left; the ReLU between the two commutes with this."""
        attributes, side = window(layer.settings, self._at.side)
        value = self._rounded(self._at.channels, side)
        integers = self._graph.node(
            "QuantizeLinear",
            self._graph.node("MaxPool", self._at.name, **attributes),
            self._constant(value.scale / self._units, np.float32),
            self._constant(np.full(value.channels, value.zero), np.uint8),
            axis=1,
        )
        self._at = replace(value, name=self._graph.node("Transpose", integers, perm=[0, 2, 3, 1]))

    def _relu(self, _: Layer) -> None:
        """No node: where the lowest value is 0, integers cannot be lower."""

    def _tag(self, _: Layer) -> None:
        self._marks.append(self._at)

    def _skip(self, _: Layer) -> None:
        self._at = self._marks[0]

    def _avg(self, layer: Layer) -> None:
        if not layer.settings[0]:  # the whole picture, behind which nothing is rounded
            floats = self._graph.node("DequantizeLinear", *self._number(self._at))
            name = self._graph.node("ReduceMean", floats, axes=[1, 2], keepdims=0)
            self._at = replace(self._at, name=name, side=1)
            return
        attributes, side = window(layer.settings, self._at.side)
        numbers = [*self._number(self._at), *self._number(self._at)[1:]]
        name = self._graph.own_node("QLinearAveragePool", *numbers, **attributes, channels_last=1)
        self._at = replace(self._at, name=name, side=side)

    def _add(self, _: Layer) -> None:
        """dlib adds pictures of different sizes as if the smaller had zeros below and right."""
        terms = (self._at, self._marks[-1])
        channels, side = max(t.channels for t in terms), max(t.side for t in terms)
        value = self._rounded(channels, side)
        numbers = [part for term in terms for part in self._number(self._padded(term, value))]
        name = self._graph.own_node("QLinearAdd", *numbers, *self._number(value)[1:])
        self._at = replace(value, name=name)
        self._marks.clear()

    def _padded(self, value: _Value, like: _Value) -> _Value:
        below = like.side - value.side
        missing = [0, below, below, like.channels - value.channels]
        if not any(missing):
            return value
        pads, zero = self._constant([0] * 4 + missing, np.int64), self._number(value)[2]
        return replace(value, name=self._graph.node("Pad", value.name, pads, zero))

    def _fc(self, layer: Layer) -> None:
        matrix = layer.weights.reshape(self._at.channels, -1)
        name = self._graph.node("MatMul", self._at.name, self._graph.constant(matrix))
        self._at = _Value(name, matrix.shape[1], 1, *_AS_IT_IS)

    def _rounded(self, channels: int, side: int) -> _Value:
        """A value with the next range."""
        low, high = next(self._ranges)
        scale = (high - low) / 255
        return _Value("", channels, side, np.float32(scale), round(-low / scale))

    def _number(self, value: _Value) -> list[str]:
        """The inputs of an operator for a value: name, scale and zero."""
        scale, zero = self._constant(value.scale, np.float32), self._constant(value.zero, np.uint8)
        return [value.name, scale, zero]

    def _constant(self, values: ArrayLike, dtype: DTypeLike) -> str:
        return self._graph.constant(np.asarray(values).astype(dtype))
