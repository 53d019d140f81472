"""Writes models with several inputs, outputs and hidden values, whose attributions are known.

classes.onnx  (n, 2, 8) -> hidden (n, 2), the sums of the channels -> y (n, 3) = hidden times [[1, 0, -1], [0, 1, 2]]
free.onnx     (n, 1, time) -> (n, 1), the sum of squares over a time of any length
two.onnx      x (n, 2, 8) and c (n, 4) -> y (n, 1) = sum of x times sum of c; score (n, 1), the sum of x
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def constant(name, values, kind=numpy.float32):
    return numpy_helper.from_array(numpy.asarray(values, kind), name)


def save(name, nodes, inputs, outputs, constants):
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        name,
        [info(key, FLOAT, shape) for key, shape in inputs],
        [info(key, FLOAT, shape) for key, shape in outputs],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, f"{name}.onnx")


node = helper.make_node
save(
    "classes",
    [
        node("ReduceSum", ["x", "last"], ["hidden"], keepdims=0),
        node("MatMul", ["hidden", "weights"], ["y"]),
    ],
    [("x", ["n", 2, 8])],
    [("y", ["n", 3])],
    [constant("last", [2], numpy.int64), constant("weights", [[1, 0, -1], [0, 1, 2]])],
)
save(
    "free",
    [
        node("Mul", ["x", "x"], ["squares"]),
        node("ReduceSum", ["squares", "last"], ["y"], keepdims=0),
    ],
    [("x", ["n", 1, "time"])],
    [("y", ["n", 1])],
    [constant("last", [2], numpy.int64)],
)
save(
    "two",
    [
        node("ReduceSum", ["x", "both"], ["a"], keepdims=0),
        node("ReduceSum", ["c", "one"], ["b"], keepdims=0),
        node("Mul", ["a", "b"], ["product"]),
        node("Unsqueeze", ["product", "one"], ["y"]),
        node("Unsqueeze", ["a", "one"], ["score"]),
    ],
    [("x", ["n", 2, 8]), ("c", ["n", 4])],
    [("y", ["n", 1]), ("score", ["n", 1])],
    [constant("both", [1, 2], numpy.int64), constant("one", [1], numpy.int64)],
)
