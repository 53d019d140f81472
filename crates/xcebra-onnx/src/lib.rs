//! ONNX files as differentiable models, in pure Rust.
//!
//! [`OnnxModel`] reads a network that PyTorch, Keras or another framework exported, and is an
//! [`xcebra_model::Model`]: it gives values and pulls cotangents back to its input, in `f32` or
//! `f64`, so that whatever explains a model can explain it.
//!
//! ```
//! use ndarray::{Array2, Array3};
//! use xcebra_model::Model;
//! use xcebra_onnx::OnnxModel;
//!
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/conv_net.onnx");
//! let model = OnnxModel::<f32>::load(path)?;
//! assert_eq!(model.input_shape(), [2, 32]); // channels, time
//! assert_eq!(model.output_dim(), 3);
//!
//! let x = Array3::from_elem((5, 2, 32), 0.1).into_dyn();
//! let (y, gradient) = model.value_and_vjp(x.view(), Array2::ones((5, 3)).view())?;
//! assert_eq!((y.shape(), gradient.shape()), (&[5, 3][..], x.shape()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | a file as a model | [`OnnxModel`] |
//! | several inputs or outputs, open lengths, other orders of axes, hidden layers | [`OnnxOptions`] |
//! | what a file offers | [`list`] |
//! | what can be wrong with a file, and what it leaves open | [`OnnxError`], [`Need`] |
//!
//! The README lists the operators.
//!
//! # Derivatives
//!
//! They are those of PyTorch: 0 for a `Relu` at 0, 1 at both ends of a `Clip`; equal numbers
//! in a maximum share it, and in a `MaxPool` the first of them gets all of it. Comparisons, rounding, conversion to
//! integers, places of extremes, quantisation and trees have the derivative 0;
//! [`OnnxModel::piecewise_constant`] names the nodes of a model where this happens.
//!
//! # How a file is evaluated
//!
//! The file is read by a small hand-written reader rather than by generated code: a dozen messages matter,
//! and so nothing that a file merely claims is allocated. Values that no input influences are computed
//! once. For a given number of samples, every node is lowered to steps with fixed shapes; shape
//! arithmetic is finished at that point, and a shape that depends on values is refused with the name
//! of its node. A batch is cut into chunks that fit the cache, or into larger ones if a network goes from
//! time to time, and these are evaluated in parallel.
//!
//! Matrix products, of which convolutions and recurrent layers consist too, are computed in registers of the
//! widest instruction set found at run time. Weights are packed once for each number of samples. A value is dropped
//! as soon as no later step and no pull-back reads its numbers, or its memory takes the next result; the
//! model keeps that memory for its next call. Sums are in an order that depends on the processor, but
//! neither on the number of threads nor on how a batch is cut. In recurrent layers, cotangents of less than
//! 10⁻³¹ (`f32`) or 10⁻²⁹² (`f64`) count as zero.
//!
//! # Limits
//!
//! A file has at most a million items (nodes, names, attributes, dimensions), or one for each 8 bytes if these are more; a
//! tensor has at most 12 axes; windows, strides and paddings are at most 2¹⁶ along an axis; all tensors of one
//! evaluation hold at most [`max_elements`](OnnxOptions::max_elements) numbers, and some for each number of the file. Integers are
//! exact up to 2⁵³; those that depend on the model's input are computed in the precision of the model, exact
//! up to 2²⁴ in `f32`. Files beside the model are read only inside its folder. What exceeds a limit is an error.

#![forbid(unsafe_code)]

mod batching;
mod branch;
mod buffer;
mod builder;
mod error;
mod file;
mod graph;
mod inline;
mod interface;
mod kernels;
mod lengths;
mod listing;
mod model;
mod need;
mod ops;
mod options;
mod plan;
#[cfg(all(debug_assertions, not(test)))]
mod precisions;
mod proto;
mod repeat;
mod scope;
mod sequence;
mod shape;
mod source;
mod tensor;
mod versions;

pub use error::{OnnxError, Result};
pub use listing::{FileValue, Length, Listing, list};
pub use model::{InputPart, OnnxModel};
pub use need::Need;
pub use options::OnnxOptions;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
