//! ONNX files as differentiable models, in pure Rust.
//!
//! [`OnnxModel`] reads a network that PyTorch, Keras or another framework exported, and is a
//! [`xcebra_model::Model`]: it gives values and pulls cotangents back, so that every explainer of
//! this workspace can explain it.

#![forbid(unsafe_code)]

mod batching;
mod builder;
mod error;
mod graph;
mod model;
mod ops;
mod options;
mod plan;
mod proto;
mod shape;
mod source;
mod tensor;

pub use error::{OnnxError, Result};
pub use model::OnnxModel;
pub use options::OnnxOptions;
