"""Writes ONNX graphs node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

_OPSET = helper.make_opsetid("", 17)
_IR_VERSION = 9  # the one that came with the opset: older runtimes read it


class Graph:
    """A graph that grows; values are known by their names."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator; the name of its output."""
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, values: ArrayLike) -> str:
        """Add constant values; their name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def planes(self, pictures: str) -> str:
        """Pictures of shape (N, H, W, C), of any type, as real numbers of shape (N, C, H, W)."""
        return self.node(
            "Cast", self.node("Transpose", pictures, perm=[0, 3, 1, 2]), to=TensorProto.FLOAT
        )

    def model(self, source: onnx.ValueInfoProto, outputs: Sequence[str]) -> bytes:
        """The ONNX file of everything between the input and real-valued outputs."""
        graph = helper.make_graph(
            self._nodes,
            "network",
            [source],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[_OPSET], ir_version=_IR_VERSION)
        return bytes(model.SerializeToString())


def pictures(name: str, dtype: int, rows: int | str, columns: int | str) -> onnx.ValueInfoProto:
    """An input of RGB pictures, any number of them; a side given by a name may be any."""
    return helper.make_tensor_value_info(name, dtype, ["n", rows, columns, 3])


def product(name: str, matrix: ArrayLike) -> bytes:
    """The ONNX file of a product: rows of any number in, the rows times the matrix out."""
    graph = Graph()
    rows = np.shape(matrix)[0]
    output = graph.node("MatMul", name, graph.constant(matrix))
    return graph.model(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", rows]), [output]
    )
