"""Writes band.onnx: a model of 64 samples whose answer to `xcebra explain` is known.

Output 0 is the energy of bin 5 of the spectrum, (Σ x cos)² + (Σ x sin)²; output 1 the mean.
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

SAMPLES = 64
t = numpy.arange(SAMPLES)
angle = 2 * numpy.pi * 5 * t / SAMPLES
waves = numpy.stack([numpy.cos(angle), numpy.sin(angle)], axis=1)
mean = numpy.full((SAMPLES, 1), 1 / SAMPLES)
weights = [
    numpy_helper.from_array(values.astype(numpy.float32), name)
    for name, values in [("waves", waves), ("mean", mean), ("ones", numpy.ones((2, 1)))]
]
nodes = [
    helper.make_node("Flatten", ["x"], ["flat"], axis=1),
    helper.make_node("MatMul", ["flat", "waves"], ["parts"]),
    helper.make_node("Mul", ["parts", "parts"], ["squares"]),
    helper.make_node("MatMul", ["squares", "ones"], ["energy"]),
    helper.make_node("MatMul", ["flat", "mean"], ["level"]),
    helper.make_node("Concat", ["energy", "level"], ["y"], axis=1),
]
graph = helper.make_graph(
    nodes,
    "band",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, SAMPLES])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
    weights,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
model.ir_version = 8
onnx.checker.check_model(model)
onnx.save(model, "band.onnx")
