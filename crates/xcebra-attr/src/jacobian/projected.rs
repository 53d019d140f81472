//! Norms of Jacobians by random projections.

use ndarray::{Array1, Array2, ArrayViewD, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use xcebra_model::{Model, Scalar, batch_len};

use super::model_error;
use crate::error::{AttrError, Result};

/// Estimated squared Frobenius norms of Jacobians, one a sample.
#[derive(Clone, Debug)]
pub struct ProjectedNorms {
    /// Unbiased estimates of `‖J_f(x)‖_F²`, `(n)`.
    pub squared: Array1<f64>,
    /// Their standard errors, `(n)`; `None` with one projection.
    pub standard_errors: Option<Array1<f64>>,
}

/// Squared Frobenius norms of the Jacobians of `model` at the samples `x` `(n, …input_shape)`, by
/// `projections` pull-backs a sample instead of one an output.
///
/// With `d` outputs and a unit vector `v` of random direction, `‖J‖_F² = d E ‖vᵀ J‖²` (Hoffman,
/// Roberts, Yaida 2019, arXiv 1908.02729, equation 7). Directions are drawn anew for each sample and
/// projection; sample `i` gets those of stream `i` of `seed`.
///
/// # Errors
/// [`AttrError::Model`] if the model refuses the batch or fails, [`AttrError::Parameter`] without
/// projections, [`AttrError::Shape`] if pull-backs have the wrong shape, [`AttrError::NonFinite`]
/// if they are not finite.
pub fn projected_norms<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
    projections: usize,
    seed: u64,
) -> Result<ProjectedNorms> {
    AttrError::positive("projections", projections)?;
    let n = x.shape().first().copied().unwrap_or(0);
    let failed = model_error(0, n);
    batch_len(model.input_shape(), x.shape()).map_err(&failed)?;
    let outputs = model.output_dim();
    let mut streams: Vec<ChaCha8Rng> = (0..n)
        .map(|i| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(i as u64);
            rng
        })
        .collect();
    let (mut mean, mut squares) = (Array1::<f64>::zeros(n), Array1::<f64>::zeros(n));
    for round in 1..=projections {
        let mut directions = Array2::zeros((n, outputs));
        for (mut row, rng) in directions.outer_iter_mut().zip(&mut streams) {
            let v: Vec<f64> = (0..outputs).map(|_| rng.sample(StandardNormal)).collect();
            let length = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            row.iter_mut()
                .zip(&v)
                .for_each(|(row, v)| *row = A::of(v / length));
        }
        let pulled = model.vjp(x.view(), directions.view()).map_err(&failed)?;
        if pulled.shape() != x.shape() {
            return Err(AttrError::Shape {
                what: "the batch of pull-backs the model returned",
                found: pulled.shape().to_vec(),
                expected: format!("{:?}, that of the samples", x.shape()),
            });
        }
        for (i, pulled) in pulled.axis_iter(Axis(0)).enumerate() {
            let norm: f64 = pulled.iter().map(|v| v.as_f64() * v.as_f64()).sum();
            let estimate = outputs as f64 * norm;
            if !estimate.is_finite() {
                return Err(AttrError::NonFinite {
                    what: "the projected norm of the Jacobian".to_owned(),
                    sample: i,
                    output: 0,
                    input: 0,
                    value: estimate,
                });
            }
            let off = estimate - mean[i];
            mean[i] += off / round as f64;
            squares[i] += off * (estimate - mean[i]);
        }
    }
    let count = projections as f64;
    let standard_errors =
        (projections > 1).then(|| squares.mapv(|s| (s / (count - 1.0) / count).sqrt()));
    Ok(ProjectedNorms {
        squared: mean,
        standard_errors,
    })
}
