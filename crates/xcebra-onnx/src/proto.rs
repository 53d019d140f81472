//! The part of the ONNX format that is read, without generated code.
//!
//! Six messages of `onnx.proto` matter here, and a reader written for them can bound what a hostile file
//! makes it allocate: nothing is reserved by a length that the file merely claims, nested graphs are
//! not entered, and all repeated items count against one budget.

mod literal;
mod messages;
mod wire;

pub(crate) use literal::{Content, Literal, kind_of};
pub(crate) use messages::{Attribute, Dim, GraphProto, ModelProto, NodeProto, ValueInfo};

/// Most items (nodes, attributes, names, dimensions, …) of one file.
pub(crate) const MOST_ITEMS: usize = 1_000_000;
/// Most axes of a tensor.
pub(crate) const MOST_AXES: usize = 12;
