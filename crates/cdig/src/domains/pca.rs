//! Principal components.

use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayView, ArrayViewD, Axis, Dimension};
use xcebra_model::Scalar;

use super::basis::Basis;
use super::time_axis::TimeAxis;
use crate::error::{CdigError, Result};
use crate::numeric::ensure_finite;

/// Largest deviation from `C V = V Λ` and from orthonormal `V`, relative to the largest eigenvalue.
const EIGEN_TOLERANCE: f64 = 1e-9;

impl Basis {
    /// The first `components` principal components of data `(n, …signal_shape)` along `axis` of the
    /// signal (counted without the batch axis): along channels, every moment of every signal is an
    /// observation. With as many components as entries the domain is exact.
    ///
    /// Components are ordered by variance (with `1/observations`), falling; of each, the entry that
    /// is largest in size is positive. Source: Jolliffe, "Principal component analysis" (2002).
    ///
    /// # Errors
    /// [`CdigError::Shape`] for fewer than 2 observations, [`CdigError::NonFinite`] for gaps,
    /// [`CdigError::Parameter`] if there is no such axis or not from 1 to its length `components`.
    #[doc(alias = "PCA")]
    pub fn pca<A: Scalar, D: Dimension>(
        data: ArrayView<'_, A, D>,
        axis: usize,
        components: usize,
    ) -> Result<Self> {
        let (axis, rows) = observations(data, axis)?;
        let principal = Principal::of(&rows)?;
        let length = axis.len();
        if components == 0 || components > length {
            let expected = format!("1 to {length}, the length of the axis");
            return Err(CdigError::parameter(
                "the number of components",
                components,
                expected,
            ));
        }
        let (mean, shape) = (principal.mean.to_vec(), axis.shape.clone());
        let first = ndarray::Slice::from(..components);
        let rows = principal.components.slice_axis(Axis(0), first);
        let basis = Self::from_orthonormal(&shape, axis.axis, &mean, rows)?;
        Ok(basis.with_variance(principal.variance[..components].to_vec()))
    }
}

/// The vectors along `axis` of data `(n, …signal_shape)`, one a row, in double precision.
pub(super) fn observations<A: Scalar, D: Dimension>(
    data: ArrayView<'_, A, D>,
    axis: usize,
) -> Result<(TimeAxis, Array2<f64>)> {
    let advice = "fill or cut the gaps first";
    ensure_finite("the data", advice, &data, A::is_finite)?;
    let data: ArrayViewD<'_, A> = data.into_dyn();
    let shape = data.shape().to_vec();
    let own = TimeAxis::new(shape.get(1..).unwrap_or_default())?.along(axis)?;
    let rows = data.len() / own.len();
    if rows < 2 {
        return Err(CdigError::Shape {
            what: "the data".into(),
            found: shape,
            expected: "(n, …signal_shape) with at least 2 vectors along the axis".into(),
            advice: None,
        });
    }
    let mut order: Vec<usize> = (0..data.ndim()).filter(|&i| i != axis + 1).collect();
    order.push(axis + 1);
    let moved = data.permuted_axes(order);
    let values = moved.iter().map(|x| x.as_f64()).collect();
    let rows = Array2::from_shape_vec((rows, own.len()), values).expect("one row a vector");
    Ok((own, rows))
}

/// Mean, principal axes (components, length) and variances, falling.
pub(super) struct Principal {
    pub(super) mean: Array1<f64>,
    pub(super) components: Array2<f64>,
    pub(super) variance: Vec<f64>,
}

impl Principal {
    pub(super) fn of(rows: &Array2<f64>) -> Result<Self> {
        let (count, length) = rows.dim();
        let mean = rows.mean_axis(Axis(0)).expect("at least 2 rows");
        let centred = rows - &mean;
        let covariance = centred.t().dot(&centred) / count as f64;
        let matrix = DMatrix::from_fn(length, length, |i, j| covariance[[i, j]]);
        let eigen = SymmetricEigen::new(matrix);
        let mut order: Vec<usize> = (0..length).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let mut components =
            Array2::from_shape_fn((length, length), |(i, j)| eigen.eigenvectors[(j, order[i])]);
        let variance: Vec<f64> = order.iter().map(|&i| eigen.eigenvalues[i]).collect();
        check(&covariance, &components, &variance)?;
        for mut row in components.rows_mut() {
            make_largest_positive(row.view_mut());
        }
        Ok(Self {
            mean,
            components,
            variance: variance.into_iter().map(|v| v.max(0.0)).collect(),
        })
    }
}

/// Turns a vector so that its entry of largest size is positive.
pub(super) fn make_largest_positive(mut vector: ndarray::ArrayViewMut1<'_, f64>) {
    let largest = vector.iter().fold(
        0.0_f64,
        |best, &x| if x.abs() > best.abs() { x } else { best },
    );
    if largest < 0.0 {
        vector.mapv_inplace(|x| -x);
    }
}

/// Rank-deficient data are ordinary here, so the factorisation is looked at before it is used.
fn check(covariance: &Array2<f64>, components: &Array2<f64>, variance: &[f64]) -> Result<()> {
    let scale = variance
        .iter()
        .fold(f64::MIN_POSITIVE, |max, v| max.max(v.abs()));
    let values = Array1::from(variance.to_vec());
    let moved = components.dot(covariance) - components * &values.insert_axis(Axis(1));
    let product = components.dot(&components.t()) - Array2::<f64>::eye(components.nrows());
    let wrong = |x: &f64, tolerance: f64| x.is_nan() || x.abs() > tolerance;
    if moved.iter().any(|x| wrong(x, EIGEN_TOLERANCE * scale))
        || product.iter().any(|x| wrong(x, EIGEN_TOLERANCE))
    {
        return Err(CdigError::Domain {
            domain: "pca".to_owned(),
            source: "the eigenvectors of the covariance matrix do not satisfy their equation"
                .into(),
            advice: Some("scale the data"),
        });
    }
    Ok(())
}
