"""Writes more_operators.npz, as make_operators.py does: computed indices, spectra, quantised numbers, attention, places, states.

Versions: onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6 (Python 3.11). The inputs are seeded.
"""

import numpy as np
from onnx import helper, numpy_helper

from cases import case, node, normal, positive, save


def indices():
    """Indices that depend on the input; the derivative is that of the numbers they choose."""
    high = [node("ArgMax", "x", "i", axis=2, keepdims=1)]
    case("GatherElements_computed", [*high, node("GatherElements", "x i", "g", axis=2), node("Exp", "g", "y")], (3, 5))
    case("Gather_computed", [node("ArgMax", "x", "i", axis=1, keepdims=0), node("Gather", "table i", "g"), node("Mul", "g x", "y")], (4,), table=normal(4, 1))
    case("GatherND_computed", [node("ReduceSum", "x a", "s", keepdims=0), node("ArgMax", "s", "i", axis=1), node("GatherND", "x i", "g", batch_dims=1), node("Exp", "g", "y")],
         (5, 2), a=np.array([2]))
    case("ArgMin_last", [node("ArgMin", "x", "i", axis=2, select_last_index=1), node("Cast", "i", "f", to=1), node("Mul", "x f", "y")], (2, 4))
    case("OneHot_computed", [node("ArgMax", "x", "i", axis=1, keepdims=0), node("OneHot", "i d v", "o"), node("Mul", "o x", "y")], (4,), d=np.int64(4), v=np.float32([0.5, 2]))
    case("OneHot_axis", [node("ArgMax", "x", "i", axis=2, keepdims=0), node("OneHot", "i d v", "o", axis=1), node("MatMul", "o x", "y")],
         (3, 4), d=np.int64(4), v=np.float32([0, 1]))
    case("Hardmax", [node("Hardmax", "x", "h"), node("Mul", "h x", "y")], (3, 4))
    case("Hardmax_11", [node("Hardmax", "x", "h", axis=1), node("Mul", "h x", "y")], (3, 4), opset=11)
    case("TopK", [node("TopK", "x k", "v i", axis=1), node("Exp", "v", "y")], (6, 2), k=np.array([3]))
    case("TopK_smallest", [node("TopK", "x k", "v i", largest=0), node("Cast", "i", "f", to=1), node("Mul", "v f", "y")], (2, 6), k=np.array([4]))
    case("Cast_byte", [node("Cast", "x", "i", to=2), node("Cast", "i", "f", to=1), node("Mul", "x f", "y")], (6,), low=0, high=9)
    case("Clip_whole", [node("Cast", "x", "i", to=7), node("Clip", "i a b", "c"), node("Cast", "c", "f", to=1), node("Mul", "x f", "y")],
         (6,), low=-4, high=4, a=np.int64(-1), b=np.int64(2))


def scatters():
    # the same for all samples, however many there are
    each = lambda name: [node("Shape", "x", "n", end=1), node("Concat", "n w", "s", axis=0), node("Expand", f"{name} s", f"{name}s")]
    for reduction in "none add mul max min".split():
        extra = {} if reduction == "none" else {"reduction": reduction}
        places = np.array([[1], [3], [0]]) if reduction == "none" else np.array([[1], [3], [1]])
        case(f"ScatterND_{reduction}", [node("Transpose", "x", "t"), node("Slice", "t a b", "u"), node("ScatterND", "t i u", "s", **extra), node("Transpose", "s", "y")],
             (5,), opset=18, i=places, a=np.array([0]), b=np.array([3]))
        case(f"ScatterElements_{reduction}", [node("Exp", "x", "e"), *each("i"), node("ScatterElements", "x is e", "y", axis=1, **extra)], (3,), opset=18, low=0.5,
             i=np.array([0, 2, 1]) if reduction == "none" else np.array([0, 2, 0]), w=np.array([3]))
    case("ScatterElements_known", [*each("i"), node("Expand", "u s", "us"), node("ScatterElements", "x is us", "y", axis=1)], (4,), opset=18,
         i=np.array([0, 2]), u=normal(2), w=np.array([2]))
    case("ScatterElements_computed", [node("ArgMax", "x", "i", axis=1, keepdims=1), node("ReduceSum", "x a", "u"), node("ScatterElements", "x i u", "y", axis=1)],
         (4,), a=np.array([1]))


def spectra():
    for n in (8, 9):
        case(f"DFT_17_{n}", node("DFT", "x", "y", axis=1), (n, 1))
        case(f"DFT_onesided_{n}", node("DFT", "x", "y", axis=1, onesided=1), (n, 1))
        case(f"DFT_complex_{n}", helper.make_node("DFT", ["x", "", "a"], ["y"]), (2, n, 2), opset=20, a=np.int64(2))
        case(f"DFT_inverse_{n}", node("DFT", "x", "y", axis=1, inverse=1), (n, 2))
        case(f"DFT_inverse_onesided_{n}", helper.make_node("DFT", ["x", "n", "a"], ["y"], inverse=1, onesided=1), (n // 2 + 1, 2), opset=20,
             n=np.int64(n), a=np.int64(1), reference=True)
    case("DFT_longer", node("DFT", "x n", "y", axis=2), (3, 5, 1), n=np.int64(8))
    case("DFT_shorter", node("DFT", "x n", "y", axis=1), (7, 2), n=np.int64(4))
    case("STFT", node("STFT", "x s w", "y"), (32,), s=np.int64(5), w=lambda r: np.hanning(12))
    case("STFT_both_sides", helper.make_node("STFT", ["x", "s", "", "l"], ["y"], onesided=0), (20, 1), s=np.int64(4), l=np.int64(8))
    for op in "HannWindow HammingWindow BlackmanWindow".split():
        case(op, [node(op, "n", "w"), node("Mul", "x w", "y")], (9,), n=np.int64(9))
        case(f"{op}_symmetric", [node(op, "n", "w", periodic=0), node("Mul", "x w", "y")], (9,), n=np.int64(9))
    case("MelWeightMatrix", [node("MelWeightMatrix", "b n r l h", "w"), node("MatMul", "x w", "y")], (17,), b=np.int64(6), n=np.int64(32), r=np.int64(8000),
         l=np.float32(20), h=np.float32(3900))


def quantised():
    byte, signed = np.uint8, np.int8
    case("QuantizeLinear", [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "y")], (7,), s=np.float32(0.013), z=byte(120))
    case("QuantizeLinear_signed", [node("QuantizeLinear", "x s z", "q", axis=1), node("DequantizeLinear", "q s z", "d", axis=1), node("Mul", "d x", "y")],
         (3, 5), s=lambda r: r.uniform(0.01, 0.02, 3), z=np.array([3, -7, 0], signed))
    case("DequantizeLinear_weights", [node("DequantizeLinear", "w s z", "d", axis=0), node("MatMul", "x d", "y")],
         (4,), w=lambda r: r.integers(-99, 99, (4, 3)).astype(signed), s=lambda r: r.uniform(0.01, 0.02, 4), z=np.array([1, 2, 3, 4], signed))
    case("DequantizeLinear_blocks", [node("DequantizeLinear", "w s", "d", axis=0, block_size=2), node("MatMul", "x d", "y")],
         (4,), opset=21, w=lambda r: r.integers(-99, 99, (4, 3)).astype(signed), s=lambda r: r.uniform(0.01, 0.02, (2, 3)))
    whole = [node("QuantizeLinear", "x s z", "q")]
    back = [node("Cast", "p", "c", to=1), node("Mul", "c x", "y")]
    case("QLinearMatMul", [*whole, node("QLinearMatMul", "q s z w v u t o", "m"), node("DequantizeLinear", "m t o", "y")], (4,), s=np.float32(0.02), z=byte(128),
         w=lambda r: r.integers(0, 255, (4, 3)).astype(byte), v=np.float32(0.01), u=byte(100), t=np.float32(0.05), o=byte(127))
    case("QLinearConv", [*whole, node("QLinearConv", "q s z w v u t o b", "m", pads=[1, 1]), node("DequantizeLinear", "m t o", "y")], (2, 6), s=np.float32(0.02), z=byte(128),
         w=lambda r: r.integers(-99, 99, (3, 2, 3)).astype(signed), v=lambda r: r.uniform(0.005, 0.01, 3), u=np.zeros(3, signed), t=np.float32(0.05), o=byte(127),
         b=np.array([100, -50, 7], np.int32))
    case("MatMulInteger", [*whole, node("MatMulInteger", "q w z u", "p"), node("Cast", "p", "y", to=1)], (4,), s=np.float32(0.02), z=byte(128),
         w=lambda r: r.integers(0, 255, (4, 3)).astype(byte), u=byte(100))
    case("ConvInteger", [*whole, node("ConvInteger", "q w z u", "p", strides=[2]), node("Cast", "p", "y", to=1)], (2, 7), s=np.float32(0.02), z=byte(128),
         w=lambda r: r.integers(0, 255, (3, 2, 3)).astype(byte), u=byte(100))


def places():
    for mode in "linear nearest cubic".split():
        for padding in "zeros border reflection".split():
            for corners in (0, 1):
                graph = [node("Slice", "x a b c", "g"), node("Reshape", "g s", "grid"), node("Slice", "x d e c", "i"), node("Reshape", "i t", "image"),
                         node("GridSample", "image grid", "y", mode=mode, padding_mode=padding, align_corners=corners)]
                case(f"GridSample_{mode}_{padding}_{corners}", graph, (32,), opset=20, low=-1.3, high=1.3, a=np.array([0]), b=np.array([12]), c=np.array([1]),
                     d=np.array([12]), e=np.array([32]), s=np.array([-1, 2, 3, 2]), t=np.array([-1, 1, 4, 5]))
    for corners in (0, 1):
        case(f"AffineGrid_{corners}", [node("Shape", "x", "n", end=1), node("Concat", "n r", "s", axis=0), node("AffineGrid", "x s", "y", align_corners=corners)],
             (2, 3), opset=20, r=np.array([1, 4, 5]))
    case("Col2Im", node("Col2Im", "x i k", "y", strides=[2, 1], pads=[1, 0, 1, 0], dilations=[1, 2]), (12, 4), opset=18, i=np.array([6, 5]), k=np.array([2, 3]))
    case("MaxPool_places", [node("MaxPool", "x", "p i", kernel_shape=[2], strides=[2]), node("MaxUnpool", "p i", "y", kernel_shape=[2], strides=[2])], (2, 8))
    case("LpPool", node("LpPool", "x", "y", kernel_shape=[3], strides=[2], pads=[1, 1], p=3), (2, 9))
    case("LpPool_2d", node("LpPool", "x", "y", kernel_shape=[2, 3]), (2, 5, 6))
    case("GlobalLpPool", node("GlobalLpPool", "x", "y", p=3), (2, 5, 6))
    case("CenterCropPad", [node("CenterCropPad", "x s", "c", axes=[1, 2]), node("Exp", "c", "y")], (6, 3), opset=18, s=np.array([3, 8]))
    case("Compress", node("Compress", "x c", "y", axis=1), (5, 2), c=np.array([False, True, True, False, True]))
    case("EyeLike", [node("EyeLike", "w", "e", k=1), node("MatMul", "x e", "y")], (4,), w=normal(4, 3))


def compounds():
    case("Shrink", node("Shrink", "x", "y", lambd=0.7, bias=0.3), (9,))
    case("LRN", node("LRN", "x", "y", size=3, alpha=0.3, beta=0.6, bias=1.5), (5, 4, 3))
    case("MeanVarianceNormalization", node("MeanVarianceNormalization", "x", "y", axes=[2]), (3, 5))
    case("LayerNormalization_moments", [node("LayerNormalization", "x s", "n m d"), node("Mul", "n m", "p"), node("Mul", "p d", "y")], (4, 6), s=positive(6))
    case("SpaceToDepth_and_back", [node("SpaceToDepth", "x", "s", blocksize=2), node("Exp", "s", "y")], (3, 4, 6))
    case("Det", node("Det", "x", "y"), (2, 3, 3))
    case("IsInf_one_side", [node("Log", "x", "l"), node("IsInf", "l", "m", detect_positive=0), node("Where", "m x c", "y")], (6,), low=-1, high=1, c=np.float32(0.5))


def attentions():
    split = [node("Slice", "x a b c", "q"), node("Slice", "x b d c", "k"), node("Slice", "x d e c", "v")]
    bounds = dict(a=np.array([0]), b=np.array([8]), c=np.array([2]), d=np.array([12]), e=np.array([16]))
    attention = lambda inputs, **a: [*split, helper.make_node("Attention", inputs, ["y"], q_num_heads=2, kv_num_heads=1, **a)]
    case("Attention", attention(["q", "k", "v"]), (5, 16), opset=23, **bounds)
    case("Attention_causal", attention(["q", "k", "v"], is_causal=1, scale=0.3), (5, 16), opset=23, **bounds)
    case("Attention_mask", attention(["q", "k", "v", "m"], softcap=1.5), (5, 16), opset=23, m=lambda r: r.uniform(-1, 1, (5, 5)), **bounds)
    case("Attention_mask_of_truth", attention(["q", "k", "v", "m"]), (4, 16), opset=23, m=np.tril(np.ones((4, 4), bool)), **bounds)
    # positions are the same for all samples, however many there are
    turned = [node("Shape", "x", "n", end=1), node("Concat", "n three", "np", axis=0), node("Expand", "p np", "at")]
    rotary = dict(opset=23, three=np.array([3]), p=np.array([2, 0, 3]), c=lambda r: np.cos(r.uniform(0, 3, (5, 2))), s=lambda r: np.sin(r.uniform(0, 3, (5, 2))))
    for interleaved in (0, 1):
        case(f"RotaryEmbedding_{interleaved}", [*turned, node("RotaryEmbedding", "x c s at", "y", num_heads=2, interleaved=interleaved)], (3, 8), **rotary)
    case("RotaryEmbedding_part", [*turned, node("RotaryEmbedding", "x c s at", "y", num_heads=2, rotary_embedding_dim=4)], (3, 12), **rotary)


def losses():
    """Labels are the same for all samples, however many there are; one loss a sample."""
    labels = [node("Shape", "x", "n", end=1), node("Concat", "n w", "s", axis=0), node("Expand", "l s", "labels")]
    known = dict(l=np.array([2, 0, 1]), w=np.array([3]), v=positive(4))
    for op in "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss".split():
        case(op, [*labels, node(op, "x labels v", "y", reduction="none")], (4, 3), **known)
        case(f"{op}_ignored", [*labels, node(op, "x labels", "y", reduction="none", ignore_index=0)], (4, 3), l=np.array([2, 0, 1]), w=np.array([3]))


def resizes():
    """Sizes along the last two axes."""
    resize = lambda **a: helper.make_node("Resize", ["x", "", "", "s"], ["y"], axes=[2, 3], **a)
    for mode in "linear cubic".split():
        case(f"Resize_{mode}_antialias", resize(mode=mode, antialias=1), (1, 7, 8), opset=18, s=np.array([3, 5]), reference=True)
        case(f"Resize_{mode}_antialias_longer", resize(mode=mode, antialias=1), (1, 4, 5), opset=18, s=np.array([7, 6]), reference=True)
    for policy in "not_larger not_smaller".split():
        case(f"Resize_{policy}", resize(mode="nearest", keep_aspect_ratio_policy=policy), (1, 4, 6), opset=18, s=np.array([7, 8]), reference=True)
    for mode in "nearest linear".split():
        case(f"Resize_{mode}_crop", helper.make_node("Resize", ["x", "r", "", "s"], ["y"], axes=[2, 3], mode=mode, coordinate_transformation_mode="tf_crop_and_resize",
             extrapolation_value=1.5), (1, 5, 6), opset=18, r=np.float32([0.1, -0.2, 0.8, 1.3]), s=np.array([4, 5]), reference=True)


def learned():
    """The operators of ai.onnx.ml, with the numbers that scikit-learn's converter would write."""
    ml = lambda op, inputs, outputs, **a: node(op, inputs, outputs, domain="ai.onnx.ml", **a)
    case("Scaler", ml("Scaler", "x", "y", offset=[0.1, 0.2, 0.3], scale=[2.0, 0.5, 1.5]), (3,), learned=True)
    for norm in "MAX L1 L2".split():
        case(f"Normalizer_{norm}", ml("Normalizer", "x", "y", norm=norm), (4,), low=0.2, learned=True)
    case("LinearRegressor", ml("LinearRegressor", "x", "y", coefficients=[0.5, -1.0, 2.0, 0.3, 0.7, -0.2], intercepts=[0.1, -0.4], targets=2), (3,), learned=True)
    scores = dict(coefficients=[0.5, -1.0, 2.0, 0.3, 0.7, -0.2], intercepts=[0.1, -0.4], classlabels_ints=[3, 7], multi_class=1)
    for transform in "NONE LOGISTIC SOFTMAX".split():
        case(f"LinearClassifier_{transform}", ml("LinearClassifier", "x", "l y", post_transform=transform, **scores), (3,), learned=True)
    case("LinearClassifier_label", [ml("LinearClassifier", "x", "l p", **scores), node("Cast", "l", "f", to=1), node("Unsqueeze", "f a", "g"), node("Mul", "p g", "y")],
         (3,), a=np.array([1]), learned=True)
    vectors = dict(support_vectors=[0.1, 0.2, -0.5, 1.0, -1.0, 0.4], coefficients=[0.7, -0.4, 1.1], n_supports=3, rho=[0.25])
    for kernel in "LINEAR POLY RBF SIGMOID".split():
        case(f"SVMRegressor_{kernel}", ml("SVMRegressor", "x", "y", kernel_type=kernel, kernel_params=[0.4, 0.2, 3.0], **vectors), (2,), learned=True)
    case("Imputer", [node("Log", "x", "l"), ml("Imputer", "l", "y", imputed_value_floats=[0.5, 0.1, 0.2], replaced_value_float=float("nan"))], (3,), low=-1, high=2, learned=True)
    case("Binarizer", [ml("Binarizer", "x", "m", threshold=0.3), node("Mul", "m x", "y")], (5,), learned=True)
    case("FeatureVectorizer", [node("Exp", "x", "e"), ml("FeatureVectorizer", "x e", "y", inputdimensions=[3, 3])], (3,), learned=True)
    case("ArrayFeatureExtractor", ml("ArrayFeatureExtractor", "x i", "y"), (5,), i=np.array([3, 0, 3]), learned=True)
    case("LabelEncoder", [node("Round", "x", "r"), ml("LabelEncoder", "r", "c", keys_floats=[-1.0, 0.0, 2.0], values_floats=[3.0, 0.5, -2.0], default_float=1.0), node("Mul", "c x", "y")],
         (6,), learned=True)
    trees = dict(
        nodes_treeids=[0, 0, 0, 0, 0, 1, 1, 1], nodes_nodeids=[0, 1, 2, 3, 4, 0, 1, 2], nodes_featureids=[0, 0, 1, 0, 0, 1, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"], nodes_values=[0.1, 0.0, -0.4, 0.0, 0.0, 0.6, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 3, 0, 0, 1, 0, 0], nodes_falsenodeids=[2, 0, 4, 0, 0, 2, 0, 0],
    )
    at = lambda name: {f"{name}_treeids": [0, 0, 0, 1, 1], f"{name}_nodeids": [1, 3, 4, 1, 2], f"{name}_weights": [0.3, 0.8, 0.1, 0.5, 0.2]}
    for together in "SUM AVERAGE MIN MAX".split():
        case(f"TreeEnsembleRegressor_{together}", [ml("TreeEnsembleRegressor", "x", "t", n_targets=1, target_ids=[0] * 5, base_values=[0.7], aggregate_function=together, **trees, **at("target")),
             node("Mul", "t x", "y")], (2,), learned=True)
    case("TreeEnsembleClassifier", [ml("TreeEnsembleClassifier", "x", "l p", class_ids=[0, 1, 2, 2, 0], classlabels_int64s=[4, 5, 9], **trees, **at("class")),
         node("Cast", "l", "f", to=1), node("Unsqueeze", "f a", "g"), node("Add", "p g", "y")], (2,), a=np.array([1]), learned=True)
    case("TreeEnsembleClassifier_two", [ml("TreeEnsembleClassifier", "x", "l p", class_ids=[0] * 5, classlabels_int64s=[0, 1], post_transform="LOGISTIC", base_values=[-0.4],
         **trees, **at("class")), node("Cast", "l", "f", to=1), node("Unsqueeze", "f a", "g"), node("Add", "p g", "y")], (2,), a=np.array([1]), learned=True)


def states():
    """Layers with a state, and stretches of an axis."""
    split = [node("Slice", f"x {a} {b} two", name) for name, a, b in (("q", "zero", "four"), ("k", "four", "six"), ("v", "six", "nine"), ("d", "nine", "eleven"), ("r", "eleven", "twelve"))]
    bounds = {name: np.array([i]) for i, name in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())}
    # decays are negative, rates positive
    signs = [node("Sigmoid", "d", "e"), node("Neg", "e", "decay"), node("Sigmoid", "r", "rate")]
    for rule, inputs in (("linear", []), ("gated", ["", "decay"]), ("delta", ["", "", "rate"]), ("gated_delta", ["", "decay", "rate"])):
        op = helper.make_node("LinearAttention", ["q", "k", "v", *inputs], ["y", "last"], q_num_heads=2, kv_num_heads=1, update_rule=rule)
        case(f"LinearAttention_{rule}", [*split, *signs, op], (4, 12), opset=27, reference=True, **bounds)
    conv = lambda inputs, **a: helper.make_node("CausalConvWithState", inputs, ["y", "last"], **a)
    case("CausalConvWithState", conv(["x", "w", "b"], activation="silu"), (3, 6), opset=27, w=normal(3, 1, 4), b=normal(3), reference=True)
    past = [node("Slice", "x a b c", "past"), node("Slice", "x b e c", "signal"), conv(["signal", "w", "", "past"])]
    case("CausalConvWithState_past", past, (3, 8), opset=27, w=normal(3, 1, 4), a=np.array([0]), b=np.array([3]), c=np.array([2]), e=np.array([8]), reference=True)
    parts = [node("Slice", "x a b c", "cache"), node("Slice", "x b d c", "update"), node("Shape", "x", "n", end=1), node("Expand", "at n", "i")]
    for mode, at in (("linear", 3), ("circular", 4)):
        case(f"TensorScatter_{mode}", [*parts, node("TensorScatter", "cache update i", "s", axis=1, mode=mode), node("Exp", "s", "y")], (7, 2), opset=24,
             a=np.array([0]), b=np.array([5]), c=np.array([1]), d=np.array([7]), at=np.array([at]), reference=True)
    case("ReverseSequence_lengths", [node("Transpose", "x", "t", perm=[1, 2, 0]), node("ReverseSequence", "t l", "r", batch_axis=0, time_axis=1), node("Exp", "r", "e"),
         node("Transpose", "e", "y", perm=[2, 0, 1])], (4, 5), l=np.array([1, 5, 3, 2]))


def diagonals():
    case("NonZero", [node("NonZero", "m", "i"), node("Squeeze", "i a", "p"), node("Gather", "x p", "y", axis=1)], (5,), m=np.array([0, 1, 0, 1, 1]), a=np.array([0]))
    einsum = lambda inputs, equation: node("Einsum", inputs, "y", equation=equation)
    case("Einsum_diagonal", einsum("x", "nii->ni"), (4, 4))
    case("Einsum_trace", einsum("x w", "...ii,j->...j"), (2, 3, 3), w=normal(2))
    case("Einsum_diagonal_of_weights", einsum("x w", "nj,jkj->nk"), (4,), w=normal(4, 3, 4))
    case("MaxPool_columns", [node("MaxPool", "x", "p i", kernel_shape=[2, 2], storage_order=1), node("Mod", "i size", "m"), node("Cast", "m", "f", to=1), node("Mul", "p f", "y")],
         (2, 3, 4), size=np.int64(24))


def deformed():
    """Image, offsets and mask are parts of x."""
    def parts(image, offset, mask):
        ends = np.cumsum([np.prod(shape) for shape in (image, offset, mask)])
        nodes = [node("Slice", f"x {a} {b} axis", f"flat_{name}") for name, a, b in (("image", "start", "one"), ("offset", "one", "two"), ("mask", "two", "three"))]
        nodes += [node("Reshape", f"flat_{name} shape_{name}", name) for name in ("image", "offset", "mask")]
        known = dict(axis=np.array([1]), start=np.array([0]), one=ends[:1], two=ends[1:2], three=ends[2:])
        return nodes, int(ends[-1]), known | {f"shape_{n}": np.array([-1, *s]) for n, s in (("image", image), ("offset", offset), ("mask", mask))}
    nodes, length, known = parts((2, 4, 5), (16, 3, 4), (8, 3, 4))
    conv = lambda inputs, **a: helper.make_node("DeformConv", inputs, ["y"], kernel_shape=[2, 2], **a)
    case("DeformConv", [*nodes, conv(["image", "w", "offset", "b", "mask"], group=2, offset_group=2)], (length,), opset=19, w=normal(4, 1, 2, 2), b=normal(4), **known)
    nodes, length, known = parts((2, 5, 4), (8, 3, 5), (1,))
    case("DeformConv_padded", [*nodes, conv(["image", "w", "offset"], strides=[2, 1], pads=[1, 1, 0, 1], dilations=[1, 1])], (length,), opset=19, w=normal(3, 2, 2, 2), **known)


def newest_trees():
    """Version 5 of the trees; the second tree asks whether a number is one of some."""
    trees = dict(
        tree_roots=[0, 2], n_targets=2, nodes_featureids=[0, 1, 1], nodes_modes=numpy_helper.from_array(np.array([0, 3, 6], np.uint8)),
        nodes_splits=numpy_helper.from_array(np.float32([0.1, -0.4, 0])), nodes_truenodeids=[0, 1, 3], nodes_trueleafs=[1, 1, 1], nodes_falsenodeids=[1, 2, 0],
        nodes_falseleafs=[0, 1, 1], leaf_targetids=[0, 1, 0, 1], leaf_weights=numpy_helper.from_array(np.float32([0.3, 0.8, -0.5, 1.2])),
        membership_values=numpy_helper.from_array(np.float32([1, -1, np.nan])),
    )
    for together in range(4):
        op = helper.make_node("TreeEnsemble", ["r"], ["t"], domain="ai.onnx.ml", aggregate_function=together, **trees)
        case(f"TreeEnsemble_{together}", [node("Round", "x", "r"), op, node("Mul", "t x", "y")], (2,), opset=20, imports=[helper.make_opsetid("ai.onnx.ml", 5)])


if __name__ == "__main__":
    for group in (indices, scatters, spectra, quantised, places, compounds, attentions, losses, resizes, learned, states, diagonals, deformed, newest_trees):
        group()
    save("more_operators.npz")
