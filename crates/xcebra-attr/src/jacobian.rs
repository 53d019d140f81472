//! Jacobians of a batch of samples, and their norms.

mod exact;
mod finite;
mod projected;

use ndarray::{Array3, ArrayViewD};
use xcebra_model::{Model, Scalar};

use crate::error::{AttrError, Result};
use crate::inverse;

pub use exact::{jacobians, jacobians_forward};
pub use finite::jacobians_by_differences;
pub use projected::{ProjectedNorms, projected_norms};

/// How Jacobians are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum JacobianBy {
    /// As [`Model::jacobian`] does, by one pull-back an output unless the model knows better.
    #[default]
    Model,
    /// By one push-forward an input ([`Model::jvp`]): for models that offer it, with fewer inputs
    /// than outputs.
    Forward,
    /// By central differences of the model's values, with this relative step, or the cube root of
    /// the machine precision: for models whose gradient is not to be trusted.
    Differences(Option<f64>),
}

/// Jacobians `(n, outputs, inputs)`, all finite; `first` is the index of the first sample.
pub(crate) fn estimate<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
    first: usize,
    by: JacobianBy,
) -> Result<Array3<f64>> {
    let found = estimate_unchecked(model, x, first, by)?;
    inverse::check("the Jacobian", &found.view(), first)?;
    Ok(found)
}

/// The same, whether finite or not.
pub(crate) fn estimate_unchecked<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
    first: usize,
    by: JacobianBy,
) -> Result<Array3<f64>> {
    match by {
        JacobianBy::Model => exact::reverse(model, x, first),
        JacobianBy::Forward => exact::forward(model, x, first)?.ok_or_else(no_forward_mode),
        JacobianBy::Differences(step) => finite::differences(model, x, first, step),
    }
}

fn no_forward_mode() -> AttrError {
    AttrError::parameter(
        "the way of computing Jacobians",
        "forward, which this model does not offer",
        "JacobianBy::Model, or a model that implements Model::jvp",
    )
}

/// An error of the model at `n` samples from `first` on.
fn model_error(first: usize, n: usize) -> impl Fn(xcebra_model::ModelError) -> AttrError {
    move |source| AttrError::Model {
        first,
        end: first + n,
        source,
    }
}
