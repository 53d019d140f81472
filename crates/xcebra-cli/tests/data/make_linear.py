"""Writes linear models y = Σ w x of several layouts, whose attributions are known: w x from zero.

keras.onnx     (n, 32 times, 2 channels): 5 cycles of a cosine on channel 0
opposite.onnx  (n, 2 channels, 32 times): 5 cycles of a cosine on channel 0, minus half of it on channel 1
pair.onnx      (n, 2): the sum of two samples
square.onnx    (n, 8, 8): 1, 2, … 64
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

cosine = numpy.cos(2 * numpy.pi * 5 * numpy.arange(32) / 32)


def save(name, weights):
    flat = numpy_helper.from_array(weights.reshape(-1, 1).astype(numpy.float32), "weights")
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *weights.shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
        [flat],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, f"{name}.onnx")


save("keras", numpy.stack([cosine, 0 * cosine], axis=1))
save("opposite", numpy.stack([cosine, -0.5 * cosine]))
save("pair", numpy.ones(2))
save("square", numpy.arange(1, 65).reshape(8, 8))
