"""Writes graphs.npz and external.onnx: graphs within graphs, functions of the file, lists, old opsets, and weights in another file.

graphs.npz has the form of operators.npz, and onnxruntime computes the values. Versions: onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6
(Python 3.11). The inputs are seeded.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from cases import HERE, case, node, normal, save

FLOAT = TensorProto.FLOAT


def value(name, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, None)


def graph(nodes, inputs, outputs, **constants):
    tensors = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    return helper.make_graph(nodes, "inner", [value(i) for i in inputs], [value(o) for o in outputs], tensors)


def inner(op, inputs, outputs, **graphs):
    return helper.make_node(op, inputs.split(), outputs.split(), **graphs)


def branches():
    then = graph([node("Exp", "x", "a")], [], ["a"])
    other = graph([node("Mul", "x two", "b")], [], ["b"], two=np.float32(2))
    for name, condition in (("true", True), ("false", False)):
        case(f"If_{name}", inner("If", "c", "y", then_branch=then, else_branch=other), (4,), c=np.array(condition))
    nested = graph([inner("If", "d", "a", then_branch=graph([node("Neg", "x", "p")], [], ["p"]), else_branch=other)], [], ["a"])
    case("If_nested", inner("If", "c", "y", then_branch=nested, else_branch=other), (4,), c=np.array(True), d=np.array(True))
    sized = [node("Shape", "x", "s"), node("Gather", "s i", "t"), node("Greater", "t three", "c"),
             inner("If", "c", "y", then_branch=then, else_branch=other)]
    case("If_shape", sized, (4,), i=np.int64(1), three=np.int64(3))


def scans():
    add = graph([node("Add", "state entry", "next"), node("Mul", "next two", "row")], ["state", "entry"], ["next", "row"], two=np.float32(2))
    start = [node("ReduceMean", "x", "zero", axes=[1], keepdims=0)]
    for name, directions in (("forward", 0), ("reverse", 1)):
        scan = inner("Scan", "zero x", "last rows", body=add, num_scan_inputs=1, scan_input_axes=[1], scan_output_axes=[1],
                     scan_input_directions=[directions], scan_output_directions=[directions])
        ends = [node("Unsqueeze", "last one", "l"), node("Concat", "rows l", "y", axis=1)]
        case(f"Scan_{name}", [*start, scan, *ends], (5, 3), one=np.array([1]))
    two = graph([node("Mul", "p q", "r")], ["p", "q"], ["r"])
    scan = inner("Scan", "x u", "rows", body=two, num_scan_inputs=2, scan_input_axes=[2, 1], scan_output_axes=[-1])
    case("Scan_two_inputs", [node("Transpose", "x", "u", perm=[0, 2, 1]), scan, node("Identity", "rows", "y")], (3, 5))


def loops():
    body = graph([node("Add", "s x", "t"), node("Mul", "t t", "row"), node("Identity", "go", "on")], ["i", "go", "s"], ["on", "t", "row"])
    single = helper.make_tensor_value_info
    body.input[0].CopyFrom(single("i", TensorProto.INT64, []))
    body.input[1].CopyFrom(single("go", TensorProto.BOOL, []))
    body.output[0].CopyFrom(single("on", TensorProto.BOOL, []))
    nodes = [inner("Loop", "n c x", "last rows", body=body), node("Transpose", "rows", "moved", perm=[1, 0, 2]),
             node("Unsqueeze", "last one", "l"), node("Concat", "moved l", "y", axis=1)]
    case("Loop_rows", nodes, (3,), n=np.int64(4), c=np.array(True), one=np.array([1]))


def lists():
    case("Sequence_split", [node("SplitToSequence", "x l", "s", axis=1), node("SequenceAt", "s i", "a"), node("SequenceAt", "s j", "b"),
                            node("MatMul", "a b", "y")], (4, 2), l=np.array([2, 2]), i=np.int64(0), j=np.int64(-1))
    case("Sequence_edit", [node("Exp", "x", "e"), node("SequenceConstruct", "x e", "s"), node("Neg", "x", "n"), node("SequenceInsert", "s n i", "t"),
                           node("SequenceErase", "t j", "u"), node("ConcatFromSequence", "u", "y", axis=1)], (4,), i=np.int64(1), j=np.int64(0))
    case("Sequence_stack", [node("SplitToSequence", "x", "s", axis=2, keepdims=0), node("ConcatFromSequence", "s", "y", axis=1, new_axis=1)], (3, 2))
    case("Sequence_length", [node("SplitToSequence", "x two", "s", axis=1), node("SequenceLength", "s", "n"), node("Cast", "n", "f", to=FLOAT),
                             node("Mul", "x f", "y")], (5,), two=np.int64(2))


def old():
    case("old_Slice", node("Slice", "x", "y", axes=[1, 2], starts=[1, -2], ends=[3, 9]), (4, 3), opset=9)
    case("old_Slice_all_axes", node("Slice", "x", "y", starts=[0, 1], ends=[99, 3]), (4,), opset=7)
    case("old_Pad", node("Pad", "x", "y", pads=[0, 1, 0, 2], value=0.5), (4,), opset=10)
    case("old_Pad_reflect", node("Pad", "x", "y", pads=[0, 0, 2, 0, 0, 1], mode="reflect"), (2, 4), opset=9)
    case("old_Clip", node("Clip", "x", "y", min=-0.5, max=0.7), (6,), opset=10)
    case("old_Clip_below", node("Clip", "x", "y", min=-0.5), (6,), opset=7)
    for name, mode in (("nearest", "nearest"), ("linear", "linear")):
        scales = np.array([1, 1, 2, 2] if mode == "linear" else [1, 1, 2], np.float32)
        shape = (2, 3, 4) if mode == "linear" else (2, 3)
        case(f"old_Upsample_{name}", node("Upsample", "x s", "y", mode=mode), shape, opset=9, s=scales)
        case(f"old_Upsample_{name}_attribute", node("Upsample", "x", "y", mode=mode, scales=scales.tolist()), shape, opset=7)
        case(f"old_Resize_{name}", node("Resize", "x s", "y", mode=mode), shape, opset=10, s=scales)
    case("old_Softmax", node("Softmax", "x", "y", axis=1), (2, 3), opset=9)
    case("old_BatchNormalization", node("BatchNormalization", "x a b c d", "y"), (2, 3), opset=7,
         a=normal(2), b=normal(2), c=normal(2), d=lambda r: r.uniform(0.5, 1.5, 2))
    case("old_Dropout", [node("Dropout", "x", "d", ratio=0.3), node("Exp", "d", "y")], (4,), opset=7)
    case("old_ReduceSum", node("ReduceSum", "x", "y", axes=[1], keepdims=0), (3, 4), opset=8)
    case("old_Squeeze", [node("Unsqueeze", "x", "u", axes=[2]), node("Split", "u", "a b", axis=1, split=[1, 3]), node("Squeeze", "b", "s", axes=[2]),
                         node("Exp", "s", "y")], (4,), opset=8)
    case("old_MaxPool", node("MaxPool", "x", "y", kernel_shape=[2], strides=[2]), (2, 6), opset=8)
    case("old_LSTM", [node("Transpose", "x", "t", perm=[1, 0, 2]), node("LSTM", "t w r b", "h", hidden_size=3), node("Squeeze", "h", "s", axes=[1]),
                      node("Transpose", "s", "y", perm=[1, 0, 2])], (5, 2), opset=7, w=normal(1, 12, 2), r=normal(1, 12, 3), b=normal(1, 24))
    case("old_Flatten", [node("Flatten", "x", "f"), node("MatMul", "f w", "y")], (3, 4), opset=9, w=normal(12, 2))


def functions():
    """`own.scaled(v, w)` calls another function of the file, with an attribute by reference and a default."""
    own = helper.make_opsetid("own", 1)
    opsets = [helper.make_opsetid("", 17), own]
    leak = helper.make_node("LeakyRelu", ["x"], ["e"])
    leak.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    soft = helper.make_function("own", "soft", ["v", "w"], ["r"], [node("Mul", "v w", "x"), leak, node("Add", "e w", "r")], opsets,
                                attribute_protos=[helper.make_attribute("slope", 0.5)])
    calls = [helper.make_node("soft", ["v", "w"], ["e"], domain="own", slope=0.1), helper.make_node("soft", ["e", "w"], ["r"], domain="own")]
    scaled = helper.make_function("own", "scaled", ["v", "w"], ["r"], calls, opsets)
    call = helper.make_node("scaled", ["x", "w"], ["y"], domain="own")
    case("functions", call, (4,), w=normal(4), functions=[scaled, soft], imports=[own])


def external():
    rng = np.random.default_rng(5)
    w, b = (rng.normal(0, 0.5, s).astype(np.float32) for s in ((6, 4), (4,)))
    nodes = [node("MatMul", "x w", "p"), node("Add", "p b", "q"), node("Tanh", "q", "y")]
    inputs = [helper.make_tensor_value_info("x", FLOAT, ["N", 6])]
    outputs = [helper.make_tensor_value_info("y", FLOAT, ["N", 4])]
    net = helper.make_graph(nodes, "g", inputs, outputs, [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")])
    model = helper.make_model(net, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (HERE / "external.onnx.data").unlink(missing_ok=True)
    onnx.save_model(model, HERE / "external.onnx", save_as_external_data=True, location="external.onnx.data", size_threshold=0)
    x = rng.normal(0, 1, (3, 6)).astype(np.float32)
    session = onnxruntime.InferenceSession(HERE / "external.onnx", providers=["CPUExecutionProvider"])
    (y,) = session.run(["y"], {"x": x})
    return {"external.input": x, "external.output": y}


def main():
    for make in (branches, scans, loops, lists, old, functions):
        make()
    save("graphs.npz", **external())


if __name__ == "__main__":
    main()
