"""A case: a small model, an input, and what onnxruntime computes for it. The inputs are seeded by the name of the case."""

import zlib
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

HERE = Path(__file__).parent
CASES = {}


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def case(name, nodes, shape, opset=17, low=-2.0, high=2.0, reference=False, samples_at=0, learned=False, functions=(), imports=(), **constants):
    """A graph from x (batch, *shape) to y. Constants become initializers; floats are float32.

    Axis `samples_at` of y counts the samples; `learned` allows the operators of ai.onnx.ml, `imports` those of other domains. With
    `reference`, the reference evaluator of onnx computes what onnxruntime refuses.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    x = rng.uniform(low, high, (3, *shape)).astype(np.float32)
    initializers = []
    for key, value in constants.items():
        value = np.asarray(value(rng) if callable(value) else value)
        if value.dtype == np.float64:
            value = value.astype(np.float32)
        initializers.append(numpy_helper.from_array(value, key))
    graph = helper.make_graph(
        nodes if isinstance(nodes, list) else [nodes],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers,
    )
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid("ai.onnx.ml", 3)] if learned else []), *imports]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=list(functions))
    data = model.SerializeToString()
    if reference:
        (y,) = ReferenceEvaluator(model).run(["y"], {"x": x})
    else:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        (y,) = session.run(["y"], {"x": x})
    assert name not in CASES and np.isfinite(y).all(), name
    CASES[name] = (np.frombuffer(data, np.uint8), x, np.moveaxis(y, samples_at, 0).astype(np.float32))


def normal(*shape, scale=0.5):
    return lambda rng: rng.normal(0, scale, shape)


def positive(*shape):
    return lambda rng: rng.uniform(0.5, 1.5, shape)


def save(file, **arrays):
    """Writes all cases, and other arrays, to a file beside this one."""
    for name, (model, x, y) in sorted(CASES.items()):
        arrays |= {f"{name}.model": model, f"{name}.x": x, f"{name}.y": y}
    np.savez_compressed(HERE / file, **arrays)
    print(len(CASES), "cases")
