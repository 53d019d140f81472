//! Fitting independent components (cargo feature `ica`).

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_ica::fast_ica::{FastIca, GFunc};
use ndarray::{Array2, ArrayView, Axis, Dimension, Slice};
use xcebra_model::Scalar;

use super::basis::Basis;
use super::pca::{Principal, make_largest_positive, observations};
use crate::error::{CdigError, Result};

/// A variance below this part of the largest is noise of rounding.
const LEAST_VARIANCE: f64 = 1e-10;
/// How far one more step may move a component: `1 − |cos|` of the angle.
const FIXED_POINT: f64 = 1e-6;
const MOST_STEPS: usize = 1000;

impl Basis {
    /// `components` independent components of data `(n, …signal_shape)` along `axis` of the signal,
    /// by `FastICA` (symmetric, log cosh) from a seed: `x = m + A s` with sources `s` of variance 1.
    ///
    /// With fewer components than entries the data are first projected onto as many principal
    /// components. Order: by the length of the columns of `A`, falling; of each column the entry that is
    /// largest in size is positive. Source: Hyvärinen, "Fast and robust fixed-point algorithms for
    /// independent component analysis", IEEE Trans. Neural Networks 10 (1999).
    ///
    /// # Errors
    /// As [`pca`](Self::pca); [`CdigError::Parameter`] if the data do not have the rank of
    /// `components`; [`CdigError::NotConverged`] if one more step would move the result.
    #[doc(alias = "ICA")]
    pub fn ica<A: Scalar, D: Dimension>(
        data: ArrayView<'_, A, D>,
        axis: usize,
        components: usize,
        seed: u64,
    ) -> Result<Self> {
        let (axis, rows) = observations(data, axis)?;
        let principal = Principal::of(&rows)?;
        let least = LEAST_VARIANCE * principal.variance[0];
        let rank = principal.variance.iter().filter(|&&v| v > least).count();
        if components == 0 || components > rank {
            return Err(CdigError::parameter(
                "the number of components",
                components,
                format!("1 to {rank}, the rank of the data"),
            ));
        }
        let axes = principal
            .components
            .slice_axis(Axis(0), Slice::from(..components));
        let deviation: Vec<f64> = principal.variance[..components]
            .iter()
            .map(|v| v.sqrt())
            .collect();
        let deviation = ndarray::Array1::from(deviation);
        let white = (&rows - &principal.mean).dot(&axes.t()) / &deviation;
        let rotation = rotation(&white, seed)?;

        // x − m = axesᵀ diag(deviation) white, white = rotationᵀ s
        let mut mixing = (&rotation * &deviation).dot(&axes);
        let mut order: Vec<usize> = (0..components).collect();
        let length = |i: usize| mixing.row(i).dot(&mixing.row(i));
        order.sort_by(|&a, &b| length(b).total_cmp(&length(a)));
        mixing = mixing.select(Axis(0), &order);
        mixing
            .rows_mut()
            .into_iter()
            .for_each(make_largest_positive);
        let (shape, mean) = (axis.shape.clone(), principal.mean.to_vec());
        let basis = Self::from_mixing(&shape, axis.axis, &mean, mixing.t())?;
        Ok(basis.with_variance(vec![1.0; components]))
    }
}

/// The rotation of white data `(n, k)` to independent sources, one a row.
fn rotation(white: &Array2<f64>, seed: u64) -> Result<Array2<f64>> {
    use ndarray_linfa as old;
    let failed = |e: linfa_ica::error::FastIcaError| CdigError::domain("ica", e);
    let (n, k) = white.dim();
    let values = white.iter().copied().collect();
    let data = old::Array2::from_shape_vec((n, k), values).expect("the shape of white");
    let fitted = FastIca::params()
        .ncomponents(k)
        .gfunc(GFunc::Logcosh(1.0))
        .max_iter(MOST_STEPS)
        .tol(1e-12)
        .random_state(seed as usize)
        .fit(&DatasetBase::from(data))
        .map_err(failed)?;
    // its matrix is private, but it is an affine map
    let at_zero: old::Array2<f64> = fitted.predict(&old::Array2::<f64>::zeros((1, k)));
    let at_axes: old::Array2<f64> = fitted.predict(&old::Array2::<f64>::eye(k));
    let mut rotation = Array2::from_shape_fn((k, k), |(i, j)| at_axes[[j, i]] - at_zero[[0, i]]);
    for mut row in rotation.rows_mut() {
        let length = row.dot(&row).sqrt();
        row.mapv_inplace(|x| x / length);
    }
    let change = next_step_moves(white, &rotation);
    if change.is_nan() || change > FIXED_POINT {
        return Err(CdigError::NotConverged {
            what: "the independent component analysis",
            change,
            tolerance: FIXED_POINT,
        });
    }
    Ok(rotation)
}

/// Largest `1 − |cos|` between a row `w` and its next step, `E[x tanh(wᵀx)] − E[1 − tanh²(wᵀx)] w`.
fn next_step_moves(white: &Array2<f64>, rotation: &Array2<f64>) -> f64 {
    let count = white.nrows() as f64;
    let activity = white.dot(&rotation.t()).mapv(f64::tanh);
    let pulled = activity.t().dot(white) / count;
    let slope = activity.mapv(|a| 1.0 - a * a).sum_axis(Axis(0)) / count;
    let next = pulled - rotation * &slope.insert_axis(Axis(1));
    // rows of the orthogonal matrix next to `next`: to first order its part antisymmetric against w
    let between = next.dot(&rotation.t());
    let k = rotation.nrows();
    let mut moved = 0.0_f64;
    for i in 0..k {
        for j in 0..i {
            let size = between[[i, i]].abs() + between[[j, j]].abs();
            let sign = [i, j].map(|d| between[[d, d]].signum());
            let angle = (sign[0] * between[[i, j]] - sign[1] * between[[j, i]]) / size;
            let cosine = angle.atan().cos();
            moved = if cosine.is_nan() {
                f64::NAN
            } else {
                moved.max(1.0 - cosine)
            };
        }
    }
    moved
}
