"""Writes the trained network as ONNX; its answers are above 1/2 where a threshold is passed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from reference_server.faces.occlusion import CHIP
from reference_server.faces.onnx_graph import UINT8, Graph, pictures


def to_onnx(model: nn.Sequential, thresholds: Sequence[float]) -> bytes:
    """uint8 RGB chips (N, 150, 150, 3) in; one number from 0 to 1 for each output, (N, outputs).

    Batch normalization is folded into the convolutions, the thresholds into the last biases.
    """
    graph = Graph()
    halved = graph.node("AveragePool", graph.planes("chips"), kernel_shape=[2, 2], strides=[2, 2])
    at = graph.node("Mul", halved, graph.constant(np.float32(1 / 255)))
    modules = [m for m in model if not isinstance(m, nn.Dropout)]
    for module, after in zip(modules, [*modules[1:], None], strict=True):
        if isinstance(module, nn.Conv2d):
            weight, bias = _folded(module, after)
            at = _convolution(graph, at, module, weight, bias)
        elif isinstance(module, nn.ReLU):
            at = graph.node("Relu", at)
        elif isinstance(module, nn.Flatten):
            at = graph.node("Flatten", at)
        elif isinstance(module, nn.Linear):
            shift = (
                np.log(np.array(thresholds) / (1 - np.array(thresholds))) if after is None else 0
            )
            at = _product(graph, at, module, shift)
    source = pictures("chips", UINT8, CHIP.side, CHIP.side)
    return graph.model(source, [graph.node("Sigmoid", at)])


def _folded(
    conv: nn.Conv2d, norm: nn.Module | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    weight = _array(conv.weight)
    if not isinstance(norm, nn.BatchNorm2d):
        return weight, _array(conv.bias)
    scale = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    return weight * scale[:, None, None, None], _array(norm.bias) - _array(
        norm.running_mean
    ) * scale


def _convolution(
    graph: Graph, at: str, conv: nn.Conv2d, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> str:
    return graph.node(
        "Conv",
        at,
        graph.constant(weight),
        graph.constant(bias.astype(np.float32)),
        kernel_shape=list(conv.kernel_size),
        strides=list(conv.stride),
        pads=list(conv.padding) * 2,
    )


def _product(graph: Graph, at: str, linear: nn.Linear, shift: NDArray[np.float64] | int) -> str:
    bias = (_array(linear.bias) - shift).astype(np.float32)
    return graph.node(
        "Gemm", at, graph.constant(_array(linear.weight)), graph.constant(bias), transB=1
    )


def _array(values: object) -> NDArray[np.float32]:
    return np.asarray(values.detach().numpy(), np.float32)  # type: ignore[attr-defined]
