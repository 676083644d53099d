"""Builds ONNX graphs node by node, as protobuf messages (onnx/onnx.proto)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

OPSET = 17
IR_VERSION = 9  # the one that came with the opset: older runtimes read it

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7
"""Element types (TensorProto.DataType)."""
_TYPES = {"float32": FLOAT, "uint8": UINT8, "int8": INT8, "int32": INT32, "int64": INT64}
_OWN = "com.microsoft"
"""The domain of onnxruntime's own operators."""

Attribute = int | str | Sequence[int]
Array = NDArray[np.generic]


class Graph:
    """A graph under construction; its values have names."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._domains = {"": OPSET}
        self._constants: dict[str, Array] = {}

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Add an operator of ONNX; the name of its output."""
        return self._add(operator, inputs, attributes)

    def own_node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Add an operator of onnxruntime's own; the name of its output."""
        self._domains[_OWN] = 1
        return self._add(operator, inputs, attributes, (7, _OWN))

    def _add(
        self,
        operator: str,
        inputs: Sequence[str],
        attributes: Mapping[str, Attribute],
        *domain: tuple[int, str],
    ) -> str:
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            _message(
                *((1, name) for name in inputs),
                (2, output),
                (4, operator),
                *((5, _attribute(*each)) for each in attributes.items()),
                *domain,
            )
        )
        return output

    def constant(self, values: ArrayLike) -> str:
        """Add constant values; their name."""
        name = f"constant_{len(self._constants)}"
        self._constants[name] = np.ascontiguousarray(values).reshape(np.shape(values))
        return name

    def planes(self, pictures: str) -> str:
        """Convert pictures (N, H, W, C) of any type to floats (N, C, H, W); the result's name."""
        return self.node("Cast", self.node("Transpose", pictures, perm=[0, 3, 1, 2]), to=FLOAT)

    def model(self, source: bytes, outputs: Sequence[str]) -> bytes:
        """The ONNX file of the graph between the input ``source`` and float ``outputs``."""
        graph = _message(
            *((1, node) for node in self._nodes),
            (2, "network"),
            *((5, _tensor(name, array)) for name, array in self._constants.items()),
            (11, source),
            *((12, _value(name, FLOAT, None)) for name in outputs),
        )
        operators = (
            _message((1, domain), (2, version)) for domain, version in self._domains.items()
        )
        return _message((1, IR_VERSION), (7, graph), *((8, each) for each in operators))


def pictures(name: str, dtype: int, rows: int | str, columns: int | str) -> bytes:
    """An input of any number of RGB pictures; a side that is a string may have any length."""
    return _value(name, dtype, ["n", rows, columns, 3])


def product(name: str, matrix: ArrayLike) -> bytes:
    """The ONNX file of a product: rows (n, k) in, rows times the matrix (k, m) out."""
    graph = Graph()
    output = graph.node("MatMul", name, graph.constant(matrix))
    return graph.model(_value(name, FLOAT, ["n", np.shape(matrix)[0]]), [output])


def _value(name: str, dtype: int, shape: Sequence[int | str] | None) -> bytes:
    """A ValueInfoProto; dimensions are numbers, or names of what may be any."""
    parts: list[tuple[int, int | str | bytes]] = [(1, dtype)]
    if shape is not None:
        sides = [_message((2 if isinstance(side, str) else 1, side)) for side in shape]
        parts.append((2, _message(*((1, side) for side in sides))))
    return _message((1, name), (2, _message((1, _message(*parts)))))


def _tensor(name: str, array: Array) -> bytes:
    """A TensorProto."""
    sides = ((1, side) for side in array.shape)
    return _message(*sides, (2, _TYPES[array.dtype.name]), (8, name), (9, array.tobytes()))


def _attribute(name: str, value: Attribute) -> bytes:
    """An AttributeProto of the kinds INT, STRING and INTS."""
    if isinstance(value, int):
        return _message((1, name), (3, value), (20, 2))
    if isinstance(value, str):
        return _message((1, name), (4, value), (20, 3))
    return _message((1, name), *((8, each) for each in value), (20, 7))


def _message(*fields: tuple[int, int | str | bytes]) -> bytes:
    """A protobuf message: numbers of fields with integers, texts or messages."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_varint(number << 3), _varint(value)]
        else:
            content = value.encode() if isinstance(value, str) else value
            parts += [_varint(number << 3 | 2), _varint(len(content)), content]
    return b"".join(parts)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; none of ours is negative."""
    digits = []
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
