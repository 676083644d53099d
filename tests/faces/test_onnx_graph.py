"""Our ONNX files are what the onnx library writes."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from reference_server.faces.onnx_graph import UINT8, Graph, pictures


def test_a_graph_is_the_one_that_the_library_writes():
    shift, pads = np.array([1, 2.5, -3], np.float32).reshape(1, 3, 1, 1), np.array([0, 300])
    graph = Graph()
    centred = graph.node("Sub", graph.planes("chips"), graph.constant(shift))
    pooled = graph.node("MaxPool", centred, auto_pad="SAME_UPPER", kernel_shape=[3, 3])
    flat = graph.node("Softmax", pooled, axis=1)
    scaled = graph.node("Mul", flat, graph.constant(np.float32(1 / 256)))
    padded = graph.node("Pad", scaled, graph.constant(pads))
    made = graph.model(pictures("chips", UINT8, "rows", 1500), [pooled, padded])

    names = ["Transpose_0", "Cast_1", "Sub_2", "MaxPool_3", "Softmax_4", "Mul_5", "Pad_6"]
    nodes = [
        helper.make_node("Transpose", ["chips"], [names[0]], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", [names[0]], [names[1]], to=TensorProto.FLOAT),
        helper.make_node("Sub", [names[1], "constant_0"], [names[2]]),
        helper.make_node(
            "MaxPool", [names[2]], [names[3]], kernel_shape=[3, 3], auto_pad="SAME_UPPER"
        ),
        helper.make_node("Softmax", [names[3]], [names[4]], axis=1),
        helper.make_node("Mul", [names[4], "constant_1"], [names[5]]),
        helper.make_node("Pad", [names[5], "constant_2"], [names[6]]),
    ]
    expected = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", "rows", 1500, 3])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in (pooled, padded)],
        [
            numpy_helper.from_array(np.asarray(values), f"constant_{place}")
            for place, values in enumerate((shift, np.float32(1 / 256), pads))
        ],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(expected, opset_imports=[opset], ir_version=9)
    assert onnx.load_from_string(made) == model
