//! Support vector machines with smooth kernels.

use xcebra_model::Scalar;

use super::linear::transformed;
use super::{numbers, table};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::ops::Call;
use crate::ops::elementwise::{Pair, binary, scaled};
use crate::ops::functions::{Function, apply};
use crate::ops::matmul::multiply;
use crate::ops::reduce::{Reduction, reduce};
use crate::tensor::Kind;

/// Σ coefficient · kernel(x, support vector) + offset.
pub(super) fn regress<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, features) = table(b, call)?;
    let coefficients = numbers(b, call, "coefficients")?;
    let vectors = numbers(b, call, "support_vectors")?;
    let offset = numbers(b, call, "rho")?.first().copied().unwrap_or(0.0);
    if call.node.flag("one_class") {
        return b.refuse_with(
            "the sign of a one-class machine is not supported",
            "choose a value before this node as the output",
        );
    }
    // without support vectors the coefficients are those of a linear model
    let kernels = match call.node.int("n_supports").unwrap_or(0) {
        0 => x,
        _ if vectors.len() != coefficients.len() * features => {
            return b.refuse(format!(
                "{} numbers of support vectors for {} coefficients and {features} features",
                vectors.len(),
                coefficients.len()
            ));
        }
        _ => kernels(b, call, x, &vectors, features)?,
    };
    let count = b.shape(kernels)[1];
    if count != coefficients.len() {
        return b.refuse(format!(
            "{} coefficients for {count} kernels",
            coefficients.len()
        ));
    }
    let coefficients = b.constant(&[count, 1], Kind::Real, coefficients)?;
    let y = multiply(b, kernels, coefficients)?;
    let offset = b.constant(&[], Kind::Real, vec![offset])?;
    let y = binary(b, Pair::Add, y, offset)?;
    transformed(b, call, y)
}

/// (samples, vectors): the kernel of every sample with every support vector.
fn kernels<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    x: Slot,
    vectors: &[f64],
    features: usize,
) -> Result<Slot> {
    let count = vectors.len() / features.max(1);
    let parameters = numbers(b, call, "kernel_params")?;
    let parameter = |i: usize| parameters.get(i).copied().unwrap_or(0.0);
    let (gamma, shift, degree) = (parameter(0), parameter(1), parameter(2));
    let turned = (0..count * features).map(|i| vectors[i % count * features + i / count]);
    let turned = b.constant(&[features, count], Kind::Real, turned.collect())?;
    let products = multiply(b, x, turned)?;
    let affine = |b: &mut Builder<A>, products| {
        let y = scaled(b, products, gamma)?;
        let shift = b.constant(&[], Kind::Real, vec![shift])?;
        binary(b, Pair::Add, y, shift)
    };
    match call.node.text("kernel_type").unwrap_or("LINEAR") {
        "LINEAR" => Ok(products),
        "POLY" => {
            let y = affine(b, products)?;
            let degree = b.constant(&[], Kind::Real, vec![degree])?;
            binary(b, Pair::Pow, y, degree)
        }
        "SIGMOID" => {
            let y = affine(b, products)?;
            apply(b, Function::Tanh, y)
        }
        "RBF" => {
            // |x − v|² = x² − 2 x v + v²
            let own = reduce(b, Reduction::SumSquare, x, &[1], true)?;
            let sizes = vectors.chunks_exact(features.max(1));
            let sizes = sizes.map(|v| v.iter().map(|v| v * v).sum()).collect();
            let sizes = b.constant(&[count], Kind::Real, sizes)?;
            let products = scaled(b, products, -2.0)?;
            let distance = binary(b, Pair::Add, products, own)?;
            let distance = binary(b, Pair::Add, distance, sizes)?;
            let y = scaled(b, distance, -gamma)?;
            apply(b, Function::Exp, y)
        }
        other => b.refuse(format!("the kernel {other} is not supported")),
    }
}
