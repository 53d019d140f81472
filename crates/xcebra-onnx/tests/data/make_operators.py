"""Writes operators.npz: for every case a small model, an input, and what onnxruntime computes.

Versions: onnx 1.23.2, onnxruntime 1.31.1, numpy 2.4.6 (Python 3.11). The inputs are seeded.
"""

import numpy as np
from onnx import TensorProto, helper

from cases import case, node, normal, positive, save


def functions():
    for op in "Abs Neg Exp Relu Sigmoid Tanh Softplus Softsign Erf Sin Cos Atan Sinh Cosh Asinh Elu Selu Celu HardSigmoid HardSwish LeakyRelu ThresholdedRelu".split():
        case(op, node(op, "x", "y"), (2, 5), low=-4, high=4)
    for op in "Floor Ceil Round Sign".split():
        case(op, [node(op, "x", "r"), node("Mul", "r x", "y")], (7,), low=-4, high=4)
    for op in "Log Sqrt Reciprocal".split():
        case(op, node(op, "x", "y"), (6,), low=0.2, high=3)
    for op in "Asin Acos Atanh Tan".split():
        case(op, node(op, "x", "y"), (6,), low=-0.9, high=0.9)
    case("Acosh", node("Acosh", "x", "y"), (6,), low=1.1, high=3)
    case("Mish", node("Mish", "x", "y"), (6,), opset=18)
    case("Gelu", node("Gelu", "x", "y"), (2, 8), opset=20, low=-5, high=5)
    case("Gelu_tanh", node("Gelu", "x", "y", approximate="tanh"), (2, 8), opset=20, low=-5, high=5)
    case("Swish", node("Swish", "x", "y"), (6,), opset=24, low=-4, high=4)
    case("Swish_alpha", node("Swish", "x", "y", alpha=0.6), (6,), opset=24, low=-4, high=4)
    for op in "IsNaN IsInf".split():
        case(op, [node("Log", "x", "l"), node(op, "l", "m"), node("Where", "m x c", "y")], (6,), low=-1, high=1, c=np.float32(0.5))
    case("swish_by_parts", [node("Sigmoid", "x", "s"), node("Mul", "x s", "y")], (6,))
    case("Elu_alpha", node("Elu", "x", "y", alpha=0.7), (6,))
    case("Selu_numbers", node("Selu", "x", "y", alpha=1.2, gamma=0.9), (6,))
    case("Celu_alpha", node("Celu", "x", "y", alpha=0.6), (6,))
    case("LeakyRelu_alpha", node("LeakyRelu", "x", "y", alpha=0.3), (6,))
    case("HardSigmoid_numbers", node("HardSigmoid", "x", "y", alpha=0.4, beta=0.3), (6,))
    case("ThresholdedRelu_alpha", node("ThresholdedRelu", "x", "y", alpha=0.5), (6,))
    case("PRelu", node("PRelu", "x slope", "y"), (3, 4), slope=positive(3, 1))
    case("Dropout", [node("Dropout", "x", "d"), node("Exp", "d", "y")], (4,), opset=11)
    case("Identity", [node("Identity", "x", "i"), node("Tanh", "i", "y")], (4,))


def clips():
    case("Clip", node("Clip", "x a b", "y"), (8,), a=np.float32(-0.5), b=np.float32(0.8))
    case("Clip_open_above", node("Clip", "x a", "y"), (8,), a=np.float32(0.1))
    case("Clip_open_below", helper.make_node("Clip", ["x", "", "b"], ["y"]), (8,), b=np.float32(0.1))


def pairs():
    for op in "Add Sub Mul Div".split():
        case(f"{op}_constant", node(op, "x c", "y"), (2, 3, 4), c=positive(3, 1))
        case(f"{op}_constant_first", node(op, "c x", "y"), (2, 3), c=positive(2, 1), low=0.5)
        case(f"{op}_both", [node("ReduceMean", "x", "m", axes=[1]), node(op, "m x", "y")], (3, 4), low=0.5)
    case("Pow_square", node("Pow", "x c", "y"), (5,), c=np.float32(2))
    case("Pow_whole_exponent", node("Pow", "x c", "y"), (5,), c=np.int64(3))
    case("Pow_many", node("Pow", "x c", "y"), (2, 4), c=lambda r: r.uniform(-2, 2, 4), low=0.3)
    case("Pow_both", [node("Slice", "x a b d", "u"), node("Slice", "x b c d", "v"), node("Pow", "u v", "y")],
         (4,), low=0.3, a=np.array([0]), b=np.array([2]), c=np.array([4]), d=np.array([1]))
    case("Mod_float", node("Mod", "x c", "y", fmod=1), (6,), c=np.float32(0.7))
    for op in "Min Max Sum Mean".split():
        case(op, [node("Neg", "x", "n"), node(op, "x n c", "y")], (2, 5), c=normal(5))
    for op in "Equal Less Greater LessOrEqual GreaterOrEqual".split():
        case(op, [node(op, "x c", "m"), node("Cast", "m", "f", to=1), node("Add", "f x", "y")], (5,), c=normal(5))
    for op in "And Or Xor".split():
        case(op, [node("Less", "x c", "a"), node("Greater", "x d", "b"), node(op, "a b", "m"), node("Where", "m x c", "y")],
             (9,), c=np.float32(0.9), d=np.float32(-0.9))
    case("Not", [node("Less", "x c", "a"), node("Not", "a", "m"), node("Where", "m x d", "y")], (7,), c=np.float32(0), d=np.float32(3))
    case("Where_broadcast", [node("Less", "x c", "m"), node("Exp", "x", "e"), node("Where", "m e d", "y")], (3, 4), c=normal(3, 1), d=normal(4))


def products():
    case("MatMul", node("MatMul", "x w", "y"), (4,), w=normal(4, 5))
    case("MatMul_vector", node("MatMul", "x w", "y"), (3, 4), w=normal(4))
    case("MatMul_left", node("MatMul", "w x", "y"), (4, 3), w=normal(2, 4))
    case("MatMul_stacks", [node("Transpose", "x", "t", perm=[0, 1, 3, 2]), node("MatMul", "x t", "y")], (2, 3, 4))
    case("MatMul_broadcast_stacks", node("MatMul", "x w", "y"), (2, 3, 4), w=normal(2, 4, 2))
    case("MatMul_one_stack", [node("ReduceMean", "x", "m", axes=[1]), node("Transpose", "x", "t", perm=[0, 1, 3, 2]), node("MatMul", "m t", "y")], (2, 3, 4))
    case("Gemm", node("Gemm", "x w b", "y", alpha=0.5, beta=2.0), (4,), w=normal(4, 3), b=normal(3))
    case("Gemm_transposed", node("Gemm", "x w b", "y", transB=1), (4,), w=normal(3, 4), b=normal(1, 3))
    case("Gemm_no_offset", node("Gemm", "x w", "y", transB=1), (4,), w=normal(3, 4))


def convolutions():
    conv = lambda **a: node("Conv", "x w b", "y", **a)
    case("Conv_1d", conv(pads=[2, 2]), (2, 12), w=normal(3, 2, 5), b=normal(3))
    case("Conv_1d_causal", conv(pads=[8, 0], dilations=[2]), (2, 16), w=normal(4, 2, 5), b=normal(4))
    case("Conv_1d_stride", conv(strides=[3], pads=[1, 2]), (2, 13), w=normal(3, 2, 4), b=normal(3))
    case("Conv_1d_wide_padding", conv(pads=[6, 7]), (2, 4), w=normal(3, 2, 3), b=normal(3))
    case("Conv_groups", conv(group=2, pads=[1, 1]), (4, 9), w=normal(6, 2, 3), b=normal(6))
    case("Conv_depthwise", conv(group=4, pads=[1, 1], strides=[2]), (4, 9), w=normal(4, 1, 3), b=normal(4))
    case("Conv_depthwise_twofold", conv(group=3), (3, 9), w=normal(6, 1, 3), b=normal(6))
    case("Conv_pointwise", conv(), (4, 9), w=normal(3, 4, 1), b=normal(3))
    case("Conv_pointwise_stride", conv(strides=[2]), (4, 9), w=normal(3, 4, 1), b=normal(3))
    case("Conv_no_bias", node("Conv", "x w", "y", kernel_shape=[3]), (2, 8), w=normal(3, 2, 3))
    case("Conv_2d", conv(pads=[1, 0, 2, 1], strides=[2, 1], dilations=[1, 2]), (2, 7, 8), w=normal(3, 2, 3, 2), b=normal(3))
    case("Conv_3d", conv(pads=[1, 1, 0, 0, 1, 1]), (1, 4, 5, 3), w=normal(2, 1, 2, 3, 2), b=normal(2))
    for auto in "SAME_UPPER SAME_LOWER VALID".split():
        case(f"Conv_{auto}", conv(auto_pad=auto, strides=[2]), (2, 11), w=normal(3, 2, 4), b=normal(3))
        case(f"Conv_2d_{auto}", conv(auto_pad=auto), (1, 6, 5), w=normal(2, 1, 4, 3), b=normal(2))
    turned = lambda **a: node("ConvTranspose", "x w b", "y", **a)
    case("ConvTranspose_1d", turned(strides=[2], pads=[1, 0], output_padding=[1]), (3, 6), w=normal(3, 2, 4), b=normal(2))
    case("ConvTranspose_groups", turned(group=2, dilations=[2]), (4, 6), w=normal(4, 3, 3), b=normal(6))
    case("ConvTranspose_2d", turned(strides=[2, 1], pads=[1, 1, 0, 0]), (2, 4, 5), w=normal(2, 3, 3, 2), b=normal(3))
    case("ConvTranspose_output_shape", turned(strides=[2], output_shape=[13]), (2, 6), w=normal(2, 2, 4), b=normal(2))
    case("ConvTranspose_SAME_UPPER", turned(strides=[2], auto_pad="SAME_UPPER"), (2, 6), w=normal(2, 2, 3), b=normal(2))
    case("ConvTranspose_SAME_LOWER", turned(strides=[2], auto_pad="SAME_LOWER"), (2, 6), w=normal(2, 2, 3), b=normal(2))


def pools():
    for op in "MaxPool AveragePool".split():
        pool = lambda **a: node(op, "x", "y", **a)
        case(f"{op}_1d", pool(kernel_shape=[2], strides=[2]), (2, 9))
        case(f"{op}_overlapping", pool(kernel_shape=[3], strides=[2], pads=[1, 1]), (2, 9))
        case(f"{op}_ceil", pool(kernel_shape=[3], strides=[2], ceil_mode=1), (2, 10))
        case(f"{op}_2d", pool(kernel_shape=[2, 3], strides=[1, 2], pads=[1, 1, 0, 1]), (2, 5, 7))
        case(f"{op}_SAME_UPPER", pool(kernel_shape=[4], strides=[3], auto_pad="SAME_UPPER"), (2, 10))
        case(f"{op}_dilated", pool(kernel_shape=[3], dilations=[2]), (2, 9), opset=19)
        case(f"Global{op}", node(f"Global{op}", "x", "y"), (3, 4, 5))
    case("AveragePool_ceil_with_padding", node("AveragePool", "x", "y", kernel_shape=[3], strides=[2], pads=[1, 1], ceil_mode=1, count_include_pad=1), (2, 8), opset=19)
    case("AveragePool_with_padding", node("AveragePool", "x", "y", kernel_shape=[3], pads=[1, 1], count_include_pad=1), (2, 8))


def normalisations():
    case("BatchNormalization", node("BatchNormalization", "x s b m v", "y", epsilon=1e-3), (3, 5), s=positive(3), b=normal(3), m=normal(3), v=positive(3))
    case("LayerNormalization", node("LayerNormalization", "x s b", "y"), (4, 6), s=positive(6), b=normal(6))
    case("LayerNormalization_two_axes", node("LayerNormalization", "x s", "y", axis=1, epsilon=1e-2), (3, 5), s=positive(3, 5))
    case("RMSNormalization", node("RMSNormalization", "x s", "y", epsilon=1e-3), (4, 6), opset=23, s=positive(6))
    case("InstanceNormalization", node("InstanceNormalization", "x s b", "y"), (3, 6), s=positive(3), b=normal(3))
    case("GroupNormalization", node("GroupNormalization", "x s b", "y", num_groups=2), (4, 6), opset=21, s=positive(4), b=normal(4))
    case("GroupNormalization_18", node("GroupNormalization", "x s b", "y", num_groups=2), (4, 6), opset=18, s=positive(2), b=normal(2))
    case("LpNormalization_1", node("LpNormalization", "x", "y", p=1, axis=1), (4, 3))
    case("LpNormalization_2", node("LpNormalization", "x", "y"), (4, 3))
    for op in "Softmax LogSoftmax".split():
        case(op, node(op, "x", "y"), (3, 5))
        case(f"{op}_axis", node(op, "x", "y", axis=1), (3, 5))
        case(f"{op}_11", node(op, "x", "y", axis=1), (3, 5), opset=11)


def reductions():
    for op in "L1 L2 LogSumExp Max Mean Min Prod Sum SumSquare".split():
        name = f"Reduce{op}"
        axes = dict(opset=18, a=np.array([-1]))
        case(name, node(name, "x a", "y", keepdims=0), (3, 4), **axes)
        case(f"{name}_two_axes", node(name, "x a", "y"), (3, 4, 2), opset=18, a=np.array([1, 3]))
        if op != "Sum":
            case(f"{name}_attribute", node(name, "x", "y", axes=[1], keepdims=0), (3, 4), opset=11)
    case("ReduceLogSum", node("ReduceLogSum", "x a", "y"), (3, 4), opset=18, low=0.2, a=np.array([1]))
    case("ReduceSum_11", node("ReduceSum", "x", "y", axes=[2]), (3, 4), opset=11)
    case("ReduceSum_noop", [node("ReduceSum", "x", "s", noop_with_empty_axes=1), node("Exp", "s", "y")], (3, 4))


def layouts():
    case("Reshape", [node("Reshape", "x s", "r"), node("Softmax", "r", "y")], (3, 4), s=np.array([0, 2, -1]))
    case("Flatten", [node("Flatten", "x", "f"), node("Softmax", "f", "y")], (3, 4))
    case("Flatten_axis", [node("Flatten", "x", "f", axis=2), node("Softmax", "f", "y")], (3, 4, 2))
    case("Squeeze", [node("Squeeze", "x a", "s"), node("Softmax", "s", "y", axis=1)], (1, 4, 1), a=np.array([1, -1]))
    case("Squeeze_11", [node("Squeeze", "x", "s", axes=[1]), node("Exp", "s", "y")], (1, 4), opset=11)
    case("Unsqueeze", [node("Unsqueeze", "x a", "u"), node("Mul", "u c", "y")], (3,), a=np.array([1, 3]), c=normal(2, 1, 4))
    case("Unsqueeze_11", [node("Unsqueeze", "x", "u", axes=[2]), node("Mul", "u c", "y")], (3,), opset=11, c=normal(4))
    case("Transpose", [node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("Softmax", "t", "y")], (3, 4, 2))
    case("Concat", [node("Exp", "x", "e"), node("Concat", "x e x", "y", axis=2)], (2, 3))
    case("Expand", [node("Expand", "x s", "e"), node("Mul", "e c", "y")], (3, 1), s=np.array([1, 3, 4]), c=normal(3, 4))
    case("Tile", [node("Tile", "x r", "t"), node("Mul", "t c", "y")], (3, 2), r=np.array([1, 2, 3]), c=normal(6, 6))
    case("Slice", [node("Slice", "x a b c d", "s"), node("Exp", "s", "y")], (6, 5), a=np.array([-1, 1]), b=np.array([-1000, 2**63 - 1]), c=np.array([1, 2]), d=np.array([-2, 1]))
    case("Slice_no_axes", [node("Slice", "x a b", "s"), node("Exp", "s", "y")], (6,), a=np.array([0, 2]), b=np.array([9, -1]))
    case("Split", [node("Split", "x s", "a b", axis=1), node("Mul", "a a", "c"), node("Concat", "b c", "y", axis=1)], (5, 2), s=np.array([2, 3]))
    case("Split_equal", [node("Split", "x", "a b", axis=2), node("Mul", "a b", "y")], (3, 4))
    case("Split_18", [node("Split", "x", "a b c", axis=1, num_outputs=3), node("Concat", "c a b", "y", axis=1)], (7,), opset=18)
    case("Split_11", [node("Split", "x", "a b", axis=1, split=[1, 2]), node("Mul", "a b", "y")], (3, 4), opset=11)
    case("Gather", node("Gather", "x i", "y", axis=1), (5, 2), i=np.array([[0, -1], [2, 2]]))
    case("Gather_one", node("Gather", "x i", "y", axis=2), (2, 5), i=np.int64(3))
    for mode in "constant reflect edge".split():
        case(f"Pad_{mode}", [node("Pad", "x p", "q", mode=mode), node("Exp", "q", "y")], (2, 5), p=np.array([0, 0, 3, 0, 0, 2]))
    case("Pad_wrap", [node("Pad", "x p", "q", mode="wrap"), node("Exp", "q", "y")], (2, 5), opset=19, p=np.array([0, 0, 3, 0, 0, 2]))
    case("Pad_value", node("Pad", "x p v", "y"), (2, 5), p=np.array([0, 1, 3, 0, 0, 2]), v=np.float32(1.5))
    case("Pad_crops", node("Pad", "x p", "y"), (2, 5), p=np.array([0, 0, -1, 0, 0, 2]))
    case("Pad_axes", helper.make_node("Pad", ["x", "p", "", "a"], ["y"]), (2, 5), opset=18, p=np.array([1, 2]), a=np.array([-1]))


def shapes():
    case("shape_arithmetic", [
        node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Gather", "s two", "t"),
        node("Div", "t two", "h"), node("Unsqueeze", "n a", "n1"), node("Unsqueeze", "h a", "h1"),
        node("Concat", "n1 minus h1", "target", axis=0), node("Reshape", "x target", "r"), node("Softmax", "r", "y"),
    ], (3, 8), zero=np.int64(0), two=np.int64(2), a=np.array([0]), minus=np.array([-1]))
    case("mask_of_ones", [
        node("Shape", "x", "s"), node("ConstantOfShape", "s", "m", value=helper.make_tensor("v", TensorProto.FLOAT, [1], [2.5])),
        node("Mul", "x m", "y"),
    ], (3, 4))
    case("Range", [
        node("Shape", "x", "s"), node("Gather", "s one", "t"), node("Range", "zero t one", "r"), node("Cast", "r", "f", to=1), node("Mul", "x f", "y"),
    ], (5,), zero=np.int64(0), one=np.int64(1))
    case("Shape_start_end", [
        node("Shape", "x", "s", start=0, end=-1), node("Concat", "s m", "t", axis=0), node("Reshape", "x t", "r"), node("Softmax", "r", "y"),
    ], (3, 4), m=np.array([2, 2]))
    case("Size", [helper.make_node("Constant", [], ["c"], value_floats=[1.0, 2.0, 3.0]),
                  node("Size", "c", "n"), node("Cast", "n", "f", to=1), node("Div", "x f", "d"), node("Mul", "d c", "y")], (2, 3))
    case("Cast_half_weights", [node("Cast", "w", "f", to=1), node("MatMul", "x f", "y")], (3,), w=lambda r: r.normal(0, 1, (3, 2)).astype(np.float16))
    case("CastLike", [node("CastLike", "c x", "f"), node("Mul", "x f", "y")], (3,), c=np.array([1, -2, 3]))
    case("Cast_truncates", [node("Cast", "x", "i", to=7), node("Cast", "i", "f", to=1), node("Sub", "x f", "y")], (6,), low=-4, high=4)


def recurrent():
    time_first = node("Transpose", "x", "t", perm=[1, 0, 2])

    def layer(name, op, inputs, outputs, gates, directions=1, before=(), features=3, hidden=3, attributes=None, **extra):
        rows = gates * hidden
        case(name, [time_first, *before, helper.make_node(op, inputs, outputs, hidden_size=hidden, **(attributes or {}))],
             (5, features), samples_at=2 if outputs == ["y"] else 1, **extra, w=normal(directions, rows, features), r=normal(directions, rows, hidden), b=normal(directions, 2 * rows))

    first = [node("ReduceMean", "x", "m", axes=[1], keepdims=0), node("Unsqueeze", "m zero", "h")]
    both = [*first, node("Neg", "h", "n"), node("Concat", "h n", "h2", axis=0), node("Tanh", "h2", "c2")]
    zero = dict(zero=np.array([0]))
    weights = ["t", "w", "r"]
    for op, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        layer(op, op, [*weights, "b"], ["y"], gates, features=2)
        layer(f"{op}_no_bias", op, weights, ["", "y"], gates, attributes=dict(direction="reverse"))
        layer(f"{op}_bidirectional", op, [*weights, "b", "", "h2"] + (["c2"] if op == "LSTM" else []), ["y"], gates, 2, both,
              attributes=dict(direction="bidirectional"), **zero)
        layer(f"{op}_last", op, [*weights, "b", "", "h"], ["", "y"], gates, 1, first, **zero)
        layer(f"{op}_hard_sigmoid", op, [*weights, "b"], ["y"], gates,
              attributes=dict(activations={"LSTM": ["HardSigmoid", "Relu", "Tanh"], "GRU": ["HardSigmoid", "Tanh"], "RNN": ["Relu"]}[op]))
        rows = gates * 3
        case(f"{op}_samples_first", node(op, "x w r b", "y", hidden_size=3, layout=1), (5, 2), reference=True,
             w=normal(1, rows, 2), r=normal(1, rows, 3), b=normal(1, 2 * rows))
    layer("LSTM_cell", "LSTM", [*weights, "b", "", "h", "h"], ["", "", "y"], 4, 1, first, **zero)
    layer("GRU_after_reset", "GRU", [*weights, "b"], ["y"], 3, attributes=dict(linear_before_reset=1))
    layer("GRU_after_reset_bidirectional", "GRU", [*weights, "b", "", "h2"], ["y"], 3, 2, both,
          attributes=dict(linear_before_reset=1, direction="bidirectional"), **zero)
    rows = 12
    case("LSTM_state_and_cell", [time_first, node("LSTM", "t w r", "s l c", hidden_size=3), node("Add", "s l", "a"), node("Mul", "a c", "y")],
         (4, 2), samples_at=2, w=normal(1, rows, 2), r=normal(1, rows, 3))


def sums():
    einsum = lambda inputs, equation: node("Einsum", inputs, "y", equation=equation)
    case("Einsum_matmul", einsum("x w", "nij,jk->nik"), (3, 4), w=normal(4, 2))
    case("Einsum_attention", einsum("x x", "nqhd,nkhd->nhqk"), (4, 2, 3))
    case("Einsum_ellipsis", einsum("x w", "...j,jk->...k"), (2, 4), w=normal(4, 3))
    case("Einsum_implicit", einsum("x w", "nji,jk"), (4, 2), samples_at=2, w=normal(4, 3))
    case("Einsum_transposes", einsum("x", "nij->nji"), (3, 4))
    case("Einsum_sums", einsum("x", "nij->nj"), (3, 4))
    case("Einsum_three", einsum("x w v", "ni,ij,jk->nk"), (3,), w=normal(3, 4), v=normal(4, 2))
    case("Einsum_scales", einsum("x w", "nij,j->nij"), (3, 4), w=normal(4))
    case("Einsum_outer", einsum("x w", "ni,k->nki"), (3,), w=normal(4))
    for exclusive in (0, 1):
        for reverse in (0, 1):
            case(f"CumSum_{exclusive}{reverse}", node("CumSum", "x a", "y", exclusive=exclusive, reverse=reverse), (3, 4), a=np.array(1))
    case("CumSum_last", node("CumSum", "x a", "y"), (3, 4), a=np.array(-1))


def resizes():
    def resize(name, scale=None, sizes=None, shape=(2, 5), opset=13, **attributes):
        if scale:
            case(f"Resize_{name}", helper.make_node("Resize", ["x", "", "s"], ["y"], **attributes), shape, opset, s=np.array([1.0, 1.0, *scale]))
            return
        whole = [node("Shape", "x", "n"), node("Slice", "n zero two", "outer"), node("Concat", "outer wanted", "z", axis=0)]
        case(f"Resize_{name}", [*whole, helper.make_node("Resize", ["x", "", "", "z"], ["y"], **attributes)], shape, opset,
             zero=np.array([0]), two=np.array([2]), wanted=np.array(sizes))

    for mode in "half_pixel asymmetric align_corners pytorch_half_pixel".split():
        resize(f"linear_{mode}", [2.0], mode="linear", coordinate_transformation_mode=mode)
        resize(f"linear_down_{mode}", sizes=[3], mode="linear", coordinate_transformation_mode=mode)
        resize(f"nearest_{mode}", [1.6], mode="nearest", coordinate_transformation_mode=mode)
    for nearest in "floor ceil round_prefer_floor round_prefer_ceil".split():
        resize(f"nearest_{nearest}", sizes=[8], mode="nearest", nearest_mode=nearest)
    resize("linear_2d", [2.0, 1.5], shape=(2, 3, 4), mode="linear")
    resize("cubic", [2.0, 1.5], shape=(1, 4, 4), mode="cubic")
    resize("cubic_exclude", [2.0, 2.0], shape=(1, 4, 4), mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5)
    case("Resize_axes", helper.make_node("Resize", ["x", "", "", "z"], ["y"], mode="linear", axes=[2]), (2, 5), 18, z=np.array([7]))


def places():
    case("GatherElements", [node("Transpose", "x", "t", perm=[1, 0]), node("GatherElements", "w i", "g", axis=1), node("Mul", "x g", "y")],
         (4,), w=normal(1, 5), i=np.array([[0, -1, 2, 2]]))
    case("GatherElements_input", [node("Shape", "x", "s"), node("Expand", "i s", "e"), node("GatherElements", "x e", "y", axis=1)],
         (3, 2), i=np.array([[[2, 0]]]))
    case("GatherND", [node("Transpose", "x", "t", perm=[1, 2, 0]), node("GatherND", "t i", "y")], (3, 2), samples_at=2,
         i=np.array([[[0, 1], [2, 0]], [[-1, 1], [0, 0]]]))
    case("GatherND_rows", [node("Transpose", "x", "t", perm=[1, 0, 2]), node("GatherND", "t i", "y")], (3, 2), samples_at=1, i=np.array([[2], [0]]))
    case("GatherND_shared", [node("Transpose", "x", "t", perm=[1, 2, 0]), node("GatherND", "t i", "y", batch_dims=1)], (3, 2), samples_at=1,
         i=np.array([[1], [0], [1]]))
    case("Trilu_upper", node("Trilu", "x k", "y"), (3, 4), k=np.int64(1))
    case("Trilu_lower", node("Trilu", "x", "y", upper=0), (3, 4))
    case("causal_mask", [
        node("Transpose", "x", "t", perm=[0, 2, 1]), node("MatMul", "x t", "q"), node("Trilu", "ones k", "m"), node("Mul", "m deep", "n"),
        node("Add", "q n", "z"), node("Softmax", "z", "y"),
    ], (4, 3), ones=np.ones((4, 4)), k=np.int64(1), deep=np.float32(-1e9))
    case("DepthToSpace", node("DepthToSpace", "x", "y", blocksize=2), (8, 2, 3))
    case("DepthToSpace_CRD", node("DepthToSpace", "x", "y", blocksize=2, mode="CRD"), (8, 2, 3))
    case("SpaceToDepth", node("SpaceToDepth", "x", "y", blocksize=2), (2, 4, 6))
    case("ArgMax_constant", [node("ArgMax", "w", "i", axis=1, keepdims=0), node("Gather", "x i", "y", axis=1)], (4, 2), w=normal(3, 4))
    case("ArgMin_constant_last", [node("ArgMin", "w", "i", axis=1, select_last_index=1), node("Gather", "x i", "y", axis=1)], (4,), w=np.array([[1.0, 0.0, 0.0, 2.0]]))


def loops():
    def loop(name, body_nodes, states, added, shape, outer, rounds=4, **constants):
        """A loop over states (initial value by name of the body's input) whose body ends in `keep`, the states' successors and what it adds."""
        value = lambda n, kind=TensorProto.FLOAT: helper.make_tensor_value_info(n, kind, None)
        inputs = [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []), *map(value, states)]
        outputs = [helper.make_tensor_value_info("keep", TensorProto.BOOL, []), *(value(f"{s}_next") for s in states), *map(value, added)]
        body = helper.make_graph(body_nodes, "body", inputs, outputs)
        results = [f"{s}_last" for s in states] + [f"{a}_all" for a in added]
        node_ = helper.make_node("Loop", ["rounds", "yes", *states.values()], results, body=body)
        before, after = outer
        case(name, [*before, node_, *after], shape, rounds=np.int64(rounds), yes=np.array(True), **constants)

    # a recurrence over the steps of x, as exporters write those that no operator computes; `w` is cut anew in each round, `t` comes from without
    cell = [
        node("Gather", "t i", "now", axis=0), node("Slice", "w zero two one", "part"), node("MatMul", "h part", "before"),
        node("Add", "now before", "sum"), node("Tanh", "sum", "h_next"), node("Mul", "h_next h_next", "square"), node("Identity", "go", "keep"),
    ]
    start = [node("Transpose", "x", "t", perm=[1, 0, 2]), node("Shape", "x", "s"), node("Slice", "s zero one", "n"), node("Concat", "n two", "hs", axis=0),
             node("ConstantOfShape", "hs", "h0")]
    numbers = {"w": normal(2, 3), "zero": np.array([0]), "one": np.array([1]), "two": np.array([2])}
    loop("Loop_last", cell[:5] + cell[6:], {"h": "h0"}, [], (4, 2), (start, [node("Mul", "h_last h_last", "y")]), **numbers)
    loop("Loop_all", cell, {"h": "h0"}, ["square"], (4, 2), (start, [node("Transpose", "square_all", "y", perm=[1, 0, 2])]), **numbers)
    # ends by its condition, after three rounds of ten; the counter is a state
    count = [node("Add", "k unit", "k_next"), node("Less", "k_next three", "keep"), node("Mul", "h half", "scaled"), node("Sin", "scaled", "h_next")]
    loop("Loop_condition", count, {"k": "none", "h": "x"}, [], (5,), ([], [node("Mul", "h_last k_last", "y")]), rounds=10,
         unit=np.float32(1), three=np.float32(3), half=np.float32(1.5), none=np.float32(0))
    for name, length in (("whole", 5), ("part", 3)):
        case(f"ReverseSequence_{name}", [
            node("Shape", "x", "s"), node("Slice", "s zero one", "n"), node("Expand", "length n", "l"), node("ReverseSequence", "x l", "y", batch_axis=0, time_axis=1),
        ], (5, 2), zero=np.array([0]), one=np.array([1]), length=np.array([length]))


if __name__ == "__main__":
    for group in (functions, clips, pairs, products, convolutions, pools, normalisations, reductions, layouts, shapes, recurrent, sums, resizes, places, loops):
        group()
    save("operators.npz")
