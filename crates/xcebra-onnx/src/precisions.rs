//! Both precisions, compiled in this crate.
//!
//! Builds that are hardly optimised share generic code between crates. There, callers find all operators compiled,
//! which otherwise every test, example and program would do again.

use xcebra_model::{Model, Scalar};

use crate::error::Result;
use crate::model::OnnxModel;

type Read<A> = fn(&[u8]) -> Result<OnnxModel<A>>;
type Erase<A> = fn(OnnxModel<A>) -> Box<dyn Model<A>>;

#[used]
static SINGLE: (Read<f32>, Erase<f32>) = (OnnxModel::from_bytes, erased);
#[used]
static DOUBLE: (Read<f64>, Erase<f64>) = (OnnxModel::from_bytes, erased);

fn erased<A: Scalar>(model: OnnxModel<A>) -> Box<dyn Model<A>> {
    Box::new(model)
}
