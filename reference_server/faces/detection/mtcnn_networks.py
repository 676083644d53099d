"""MTCNN's three networks as ONNX, with the weights of the package mtcnn.

The package runs them on TensorFlow (mtcnn/network); its weights are lists of arrays in the order
of the layers below: a convolution takes two (filters, biases), a PReLU one, a dense layer two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.errors import OWN_FILES, reading
from reference_server.faces.onnx_graph import FLOAT, Graph, pictures

Arrays = Iterator[NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Layers of a network, side of its pictures (None: any), its outputs (the last: a softmax)."""

    body: tuple[str, ...]
    side: int | None
    heads: int


_BLOCK = ("conv", "prelu")
PLANS = {
    "pnet": Plan(body=(*_BLOCK, "pool 2 SAME_UPPER", *_BLOCK * 2), side=None, heads=2),
    "rnet": Plan(
        body=(*_BLOCK, "pool 3 SAME_UPPER", *_BLOCK, "pool 3 VALID", *_BLOCK, *("dense", "prelu")),
        side=24,
        heads=2,
    ),
    "onet": Plan(
        body=(
            *(*_BLOCK, "pool 3 SAME_UPPER", *_BLOCK, "pool 3 VALID"),
            *(*_BLOCK, "pool 2 SAME_UPPER", *_BLOCK, "dense", "prelu"),
        ),
        side=48,
        heads=3,
    ),
}

WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "mtcnn.npz"


def to_onnx(name: str) -> bytes:
    """The ONNX file of one network: RGB pictures as real numbers from 0 to 255 in."""
    plan, arrays = PLANS[name], iter(_weights(name))
    graph = Graph()
    centred = graph.node("Sub", graph.planes("pictures"), graph.constant(np.float32(127.5)))
    value = graph.node("Div", centred, graph.constant(np.float32(128)))
    flat = False
    for layer in plan.body:
        if layer == "dense" and not flat:
            columns_first = graph.node("Transpose", value, perm=[0, 3, 2, 1])
            value, flat = graph.node("Flatten", columns_first), True
        value = _add(graph, layer, value, arrays)
    heads = [_add(graph, "dense" if flat else "conv", value, arrays) for _ in range(plan.heads)]
    heads[-1] = graph.node("Softmax", heads[-1], axis=1)
    sides = (plan.side or "rows", plan.side or "columns")
    return graph.model(pictures("pictures", FLOAT, *sides), heads)


def _add(graph: Graph, layer: str, value: str, arrays: Arrays) -> str:
    kind, *settings = layer.split()
    if kind == "pool":
        window = [int(settings[0])] * 2
        return graph.node(
            "MaxPool", value, kernel_shape=window, strides=[2, 2], auto_pad=settings[1]
        )
    if kind == "prelu":
        return _prelu(graph, value, next(arrays))
    weights, biases = next(arrays), next(arrays)
    if kind == "conv":
        filters = weights.transpose(3, 2, 0, 1)
        return graph.node("Conv", value, graph.constant(filters), graph.constant(biases))
    return graph.node("Gemm", value, graph.constant(weights), graph.constant(biases))


def _prelu(graph: Graph, value: str, slope: NDArray[np.float32]) -> str:
    """ONNX's PRelu to the bit: onnxruntime computes these parts of it in less time."""
    sides = (1, 1) if slope.ndim > 1 else ()
    below = graph.node("Min", value, graph.constant(np.float32(0)))
    steep = graph.node("Mul", below, graph.constant(slope.reshape(-1, *sides)))
    return graph.node("Add", graph.node("Relu", value), steep)


def _weights(name: str) -> list[NDArray[np.float32]]:
    with reading(WEIGHTS, OWN_FILES), WEIGHTS.open("rb") as file, np.load(file) as stored:
        return [stored[key] for key in sorted(stored.files) if key.startswith(name)]
