//! The part of the ONNX format that is read, without generated code.
//!
//! A dozen messages of `onnx.proto` matter here, and a reader written for them can bound what a hostile file
//! makes it allocate: nothing is reserved by a length that the file merely claims, graphs are nested only so deep, and all
//! repeated items count against one budget. Numbers stay where they are, in the file or beside it, until a tensor is made of
//! them.

mod beside;
mod bytes;
mod context;
mod element;
mod literal;
mod messages;
mod value;
mod wire;

pub(crate) use bytes::Bytes;
pub(crate) use context::Context;
pub(crate) use element::Element;
pub(crate) use literal::{Literal, Reason};
pub(crate) use messages::{Attribute, FunctionProto, GraphProto, ModelProto, NodeProto, Opsets};
pub(crate) use value::{Dim, Form, ValueInfo};

use crate::tensor::Kind;

/// Most axes of a tensor.
pub(crate) const MOST_AXES: usize = 12;

/// What numbers of a type of `TensorProto.DataType` mean.
pub(crate) fn kind_of(code: i64) -> Option<Kind> {
    Element::of(code).map(Element::kind)
}
