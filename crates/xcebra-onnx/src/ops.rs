//! The operators: how each becomes steps, and what a step computes.
//!
//! A node is lowered once per plan: its attributes, the shapes of its inputs and what is known of
//! them are checked there. What only an evaluation shows, such as an index that the network computes,
//! is checked by [`Op::check`] before the step runs, so that the step itself cannot fail. Most operators
//! of ONNX are lowered to a few primitive steps; each primitive holds its value and its pull-back side
//! by side.

mod attention;
mod blend;
mod compounds;
mod conv;
mod deform;
mod einsum;
mod elementwise;
mod functions;
mod grid;
mod index;
mod integers;
mod layout;
mod learned;
mod linear_attention;
mod losses;
mod matmul;
mod normalize;
mod order;
mod places;
mod pool;
mod product;
mod quantize;
mod recurrent;
mod reduce;
mod resize;
mod rotary;
mod rows;
mod scatter;
mod select;
mod spectrum;
mod stretches;
mod take;
mod tapers;
mod unpool;
mod values;
mod window;

use xcebra_model::Scalar;

use crate::builder::{Builder, Slot};
use crate::error::{AGAIN, Result};
use crate::graph::Node;
use crate::tensor::Tensor;

pub(crate) use layout::{detach, join, permute, reshape_to};
pub(crate) use select::{everything, select};

/// The arithmetic of a step. Shapes were checked when it was made.
pub(crate) trait Op<A: Scalar>: Send + Sync {
    /// Whether the results exist for these numbers; if not, what is wrong with them.
    fn check(&self, _inputs: &[&Tensor<A>]) -> Result<(), String> {
        Ok(())
    }

    /// The results, followed by whatever [`backward`](Self::backward) wants kept.
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>>;

    /// The pull-back to each input that is wanted; `None` is zero.
    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>>;

    /// Whether the pull-back to the inputs that are `wanted` reads the numbers of input `i`; its shape
    /// is always there, and so are inputs that are known in advance.
    fn reads_input(&self, i: usize, wanted: &[bool]) -> bool {
        let _ = (i, wanted);
        true
    }

    /// Whether the pull-back reads the numbers of the results; what is kept besides is always there.
    fn reads_outputs(&self) -> bool {
        true
    }

    /// Numbers that it keeps for the way back besides its results.
    fn kept(&self) -> usize {
        0
    }

    /// Whether it goes from time to time, with products that have one row for each sample: evaluating many
    /// samples at once is far faster.
    fn is_serial(&self) -> bool {
        false
    }

    /// The only result, computed in the memory of input `i`, which nobody reads afterwards and whose
    /// numbers are in `data` and nowhere else; false, and nothing done, if the operation cannot do that.
    fn overwrite(&self, i: usize, inputs: &[&Tensor<A>], data: &mut [A]) -> bool {
        let _ = (i, inputs, data);
        false
    }
}

/// What is known on the way back.
pub(crate) struct Pass<'a, A> {
    pub inputs: &'a [&'a Tensor<A>],
    /// What `forward` returned.
    pub outputs: &'a [Tensor<A>],
    /// The cotangent of each result; `None` is zero, but one is there.
    pub gradients: &'a [Option<Tensor<A>>],
    pub wanted: &'a [bool],
}

impl<A: Scalar> Pass<'_, A> {
    /// The cotangent of an operation with one result.
    pub fn gradient(&self) -> &Tensor<A> {
        let gradient = self.gradients[0].as_ref();
        gradient.expect("an operation is not asked without a cotangent")
    }
}

/// A node about to be lowered.
pub(crate) struct Call<'a> {
    pub node: &'a Node,
    pub inputs: Vec<Option<Slot>>,
    pub opset: i64,
}

impl Call<'_> {
    pub fn optional(&self, i: usize) -> Option<Slot> {
        self.inputs.get(i).copied().flatten()
    }

    pub fn required<A: Scalar>(&self, b: &Builder<A>, i: usize) -> Result<Slot> {
        match self.optional(i) {
            Some(slot) => Ok(slot),
            None => b.refuse_with(format!("input {i} is missing"), AGAIN),
        }
    }

    /// All inputs of an operator that takes any number of them.
    pub fn all<A: Scalar>(&self, b: &Builder<A>) -> Result<Vec<Slot>> {
        if self.inputs.is_empty() {
            return b.refuse_with("it has no input", AGAIN);
        }
        (0..self.inputs.len())
            .map(|i| self.required(b, i))
            .collect()
    }

    /// Integers given as an attribute, or in newer opsets as an input.
    pub fn ints<A: Scalar>(
        &self,
        b: &Builder<A>,
        name: &str,
        input: usize,
    ) -> Result<Option<Vec<i64>>> {
        match self.optional(input) {
            Some(slot) => b.integers(slot, name).map(Some),
            None => Ok(self.node.ints(name).map(<[i64]>::to_vec)),
        }
    }
}

/// Makes the steps of one node; returns its results, of which the last may be missing.
pub(crate) fn lower<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    if call.node.domain == "ai.onnx.ml" {
        return learned::lower(b, call);
    }
    if !call.node.is_standard() {
        return b.refuse_with(
            format!(
                "operators of the domain '{}' are not supported",
                call.node.domain
            ),
            "export the model with standard operators",
        );
    }
    let op = call.node.op.as_str();
    if let Some(function) = functions::named(call) {
        return functions::lower(b, call, function).map(one);
    }
    if let Some(pair) = elementwise::named(op) {
        return elementwise::lower(b, call, pair).map(one);
    }
    if let Some(reduction) = reduce::named(op) {
        return reduce::lower(b, call, reduction).map(one);
    }
    match op {
        "Clip" => elementwise::clip(b, call),
        "PRelu" => elementwise::prelu(b, call),
        "Where" => elementwise::choose(b, call),
        "Mean" => elementwise::mean(b, call),
        "Cast" | "CastLike" => values::cast(b, call),
        "Constant" => values::constant(b, call),
        "ConstantOfShape" => values::constant_of_shape(b, call),
        "Shape" => values::shape(b, call),
        "Size" => values::size(b, call),
        "Range" => values::range(b, call),
        "Identity" => call.required(b, 0),
        "Dropout" => return values::dropout(b, call),
        "Reshape" => layout::reshape(b, call),
        "Flatten" => layout::flatten(b, call),
        "Squeeze" => layout::squeeze(b, call),
        "Unsqueeze" => layout::unsqueeze(b, call),
        "Transpose" => layout::transpose(b, call),
        "Concat" => layout::concat(b, call),
        "Expand" => select::expand(b, call),
        "Tile" => select::tile(b, call),
        "Slice" => select::slice(b, call),
        "Split" => return select::split(b, call),
        "Gather" => select::gather(b, call),
        "Pad" => select::pad(b, call),
        "ReverseSequence" => stretches::reverse(b, call),
        "TensorScatter" => stretches::write(b, call),
        "GatherElements" => take::gather_elements(b, call),
        "GatherND" => take::gather_nd(b, call),
        "ScatterElements" => scatter::elements(b, call),
        "ScatterND" => scatter::nd(b, call),
        "TopK" => return order::top(b, call),
        "Hardmax" => order::hardmax(b, call),
        "OneHot" => order::one_hot(b, call),
        "DFT" => spectrum::dft(b, call),
        "STFT" => spectrum::stft(b, call),
        "HannWindow" | "HammingWindow" | "BlackmanWindow" => tapers::window(b, call),
        "MelWeightMatrix" => tapers::mel(b, call),
        "QuantizeLinear" => quantize::quantize(b, call),
        "DequantizeLinear" => quantize::dequantize(b, call),
        "DynamicQuantizeLinear" => return quantize::dynamic(b, call),
        "MatMulInteger" => integers::matmul(b, call),
        "ConvInteger" => integers::conv(b, call),
        "QLinearMatMul" => integers::scaled_matmul(b, call),
        "QLinearConv" => integers::scaled_conv(b, call),
        "Attention" => return attention::attention(b, call),
        "LinearAttention" => return linear_attention::linear_attention(b, call),
        "CausalConvWithState" => return linear_attention::causal_conv(b, call),
        "RotaryEmbedding" => rotary::rotary(b, call),
        "CumProd" => product::cumulative(b, call),
        "Det" => product::determinant(b, call),
        "SoftmaxCrossEntropyLoss" => return losses::cross_entropy(b, call),
        "NegativeLogLikelihoodLoss" => losses::likelihood(b, call),
        "Trilu" => places::trilu(b, call),
        "DepthToSpace" => places::depth_to_space(b, call),
        "SpaceToDepth" => places::space_to_depth(b, call),
        "Resize" => resize::resize(b, call),
        "CumSum" => blend::cumulative_sum(b, call),
        "Einsum" => einsum::lower(b, call),
        "ArgMax" | "ArgMin" => order::extreme_place(b, call),
        "MatMul" => matmul::matmul(b, call),
        "Gemm" => matmul::gemm(b, call),
        "Conv" => conv::conv(b, call),
        "DeformConv" => deform::deform_conv(b, call),
        "ConvTranspose" => conv::conv_transpose(b, call),
        "MaxPool" => return pool::max(b, call),
        "AveragePool" => pool::average(b, call),
        "LpPool" => unpool::lp(b, call),
        "GlobalLpPool" => unpool::global_lp(b, call),
        "MaxUnpool" => unpool::max_unpool(b, call),
        "Col2Im" => unpool::col2im(b, call),
        "GridSample" => grid::sample(b, call),
        "AffineGrid" => compounds::affine_grid(b, call),
        "CenterCropPad" => compounds::center(b, call),
        "Compress" => compounds::compress(b, call),
        "EyeLike" => compounds::eye_like(b, call),
        "NonZero" => compounds::non_zero(b, call),
        "Shrink" => compounds::shrink(b, call),
        "SwiGLU" => compounds::gated(b, call),
        "IsInf" => compounds::is_infinite(b, call),
        "MeanVarianceNormalization" => compounds::mean_variance(b, call),
        "LRN" => compounds::local_response(b, call),
        "GlobalMaxPool" | "GlobalAveragePool" => pool::global(b, call),
        "Softmax" => rows::softmax(b, call, false),
        "LogSoftmax" => rows::softmax(b, call, true),
        "BatchNormalization" => normalize::batch(b, call),
        "LSTM" | "GRU" | "RNN" => return recurrent::lower(b, call),
        "LayerNormalization" | "RMSNormalization" => return normalize::layer(b, call),
        "InstanceNormalization" => normalize::instance(b, call),
        "GroupNormalization" => normalize::group(b, call),
        "LpNormalization" => normalize::lp(b, call),
        "Bernoulli" | "Multinomial" | "RandomNormal" | "RandomNormalLike" | "RandomUniform"
        | "RandomUniformLike" => b.refuse_with(
            "its result depends on numbers drawn by chance, as in training",
            "export the model in evaluation mode",
        ),
        "NonMaxSuppression" | "Unique" => b.refuse_with(
            "the length of its result depends on the numbers that it gets",
            "choose a value before this node as the output",
        ),
        "BitCast" => b.refuse_with(
            "the bits of a number have no meaningful derivative",
            "choose a value before this node as the output",
        ),
        _ => b.refuse_with(
            "this operator is not supported",
            "export the model without it: the README of xcebra-onnx lists the operators that are supported",
        ),
    }
    .map(one)
}

fn one(slot: Slot) -> Vec<Slot> {
    vec![slot]
}
