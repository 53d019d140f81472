"""Writes models whose attributions are known, and are hard to get right: linear ones whose products cancel,
jumps, a steep place, rounding, and networks that standardise their input (with signals of those, and what
onnxruntime says of them).
"""

import json

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def save(name, shape, nodes, weights, opset=17):
    graph = helper.make_graph(
        [helper.make_node(op, inputs, outputs, **rest) for op, inputs, outputs, rest in nodes],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(numpy.asarray(values), name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    onnx.save(model, f"{name}.onnx")


single = numpy.float32
one = numpy.array([1], numpy.int64)
save(
    "linear2",
    [2],
    [("MatMul", ["x", "w"], ["y"], {})],
    {"w": numpy.array([[0.18905339], [-0.52274847]], single)},
)
# how many samples are above 0.5
save(
    "step",
    [3],
    [
        ("Greater", ["x", "t"], ["above"], {}),
        ("Cast", ["above"], ["number"], {"to": TensorProto.FLOAT}),
        ("ReduceSum", ["number", "axis"], ["y"], {"keepdims": 1}),
    ],
    {"t": single(0.5), "axis": one},
)
# tanh(l) + [|l| > 0.1] of the sum l
save(
    "jump",
    [4],
    [
        ("ReduceSum", ["x", "axis"], ["l"], {"keepdims": 1}),
        ("Tanh", ["l"], ["bent"], {}),
        ("Abs", ["l"], ["size"], {}),
        ("Greater", ["size", "t"], ["above"], {}),
        ("Cast", ["above"], ["number"], {"to": TensorProto.FLOAT}),
        ("Add", ["bent", "number"], ["y"], {}),
    ],
    {"axis": one, "t": single(0.1)},
)
# the logistic function of 1e5 (l - 0.41)
save(
    "steep",
    [1, 4],
    [
        ("Flatten", ["x"], ["flat"], {}),
        ("MatMul", ["flat", "w"], ["l"], {}),
        ("Sub", ["l", "c"], ["off"], {}),
        ("Mul", ["off", "k"], ["far"], {}),
        ("Sigmoid", ["far"], ["y"], {}),
    ],
    {
        "w": numpy.array([[0.5], [0.25], [0.25], [1.0]], single),
        "c": single(0.41),
        "k": single(1e5),
    },
)
# the sum of samples rounded to eighths
save(
    "round",
    [3],
    [
        ("Mul", ["x", "k"], ["scaled"], {}),
        ("Round", ["scaled"], ["whole"], {}),
        ("Div", ["whole", "k"], ["eighths"], {}),
        ("MatMul", ["eighths", "w"], ["y"], {}),
    ],
    {"k": single(8), "w": numpy.ones((3, 1), single)},
)
random = numpy.random.default_rng(0)
weights = random.normal(size=(64, 1)).astype(single) * single(0.3)
for name, floor in [("zscore", 0.0), ("zscore-eps", 1e-5)]:
    save(
        name,
        [2, 32],
        [
            ("ReduceMean", ["x", "axis"], ["mean"], {"keepdims": 1}),
            ("Sub", ["x", "mean"], ["off"], {}),
            ("Mul", ["off", "off"], ["squares"], {}),
            ("ReduceMean", ["squares", "axis"], ["variance"], {"keepdims": 1}),
            ("Sqrt", ["variance"], ["deviation"], {}),
            ("Add", ["deviation", "floor"], ["safe"], {}),
            ("Div", ["off", "safe"], ["z"], {}),
            ("Flatten", ["z"], ["flat"], {}),
            ("MatMul", ["flat", "w"], ["y"], {}),
        ],
        {"axis": numpy.array([2], numpy.int64), "floor": single(floor), "w": weights},
        opset=18,
    )
signals = random.normal(size=(4, 2, 32)).astype(single)
numpy.save("zscore-x.npy", signals)
values = {
    name: [
        float(y)
        for y in onnxruntime.InferenceSession(f"{name}.onnx").run(None, {"x": signals})[0][:, 0]
    ]
    for name in ["zscore", "zscore-eps"]
}
with open("zscore-values.json", "w") as file:
    json.dump(values, file, indent=1)
    file.write("\n")
