//! Pseudo-inverses of small matrices, many at a time.

mod gram;
mod inverter;
mod symmetric;

use ndarray::{Array1, Array2, Array3, ArrayRef2, ArrayRef3, ArrayView3, Axis};
use xcebra_model::Scalar;
use xcebra_numeric::ensure_finite;

use crate::error::{AttrError, Result};
use inverter::Inverter;

/// Which singular values count as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tolerance {
    /// Those up to `max(rows, columns, 100) · ε` times the largest, with the machine precision `ε`
    /// of the type the matrix was *computed* in: 2.2e-16 for `f64`, 1.2e-7 for `f32`, although all
    /// arithmetic here is in `f64`.
    ///
    /// This is the tolerance of `numpy.linalg.matrix_rank`, but not below 100 ε: what should be
    /// zero in the Jacobian of a network with normalised outputs was measured at 2 to 6 ε.
    #[default]
    Auto,
    /// Those up to this multiple of the largest, which must lie in [0, 1).
    Relative(f64),
    /// Those up to this value, which must not be negative.
    Absolute(f64),
}

/// A tolerance for matrices of a given shape and type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cutoff {
    relative: f64,
    absolute: f64,
}

impl Tolerance {
    pub(crate) fn cutoff<A: Scalar>(self, rows: usize, columns: usize) -> Result<Cutoff> {
        let (relative, absolute) = match self {
            Self::Auto => (
                rows.max(columns).max(100) as f64 * A::epsilon().as_f64(),
                0.0,
            ),
            Self::Relative(relative) if (0.0..1.0).contains(&relative) => (relative, 0.0),
            Self::Absolute(absolute) if absolute >= 0.0 && absolute.is_finite() => (0.0, absolute),
            Self::Relative(relative) => {
                return Err(AttrError::parameter(
                    "the relative tolerance",
                    relative.to_string(),
                    "a number in [0, 1)",
                ));
            }
            Self::Absolute(absolute) => {
                return Err(AttrError::parameter(
                    "the absolute tolerance",
                    absolute.to_string(),
                    "a finite number, not negative",
                ));
            }
        };
        Ok(Cutoff { relative, absolute })
    }
}

impl Cutoff {
    /// The largest singular value that counts as zero.
    fn at(self, largest: f64) -> f64 {
        self.absolute.max(self.relative * largest)
    }
}

/// The pseudo-inverse of one matrix.
#[derive(Clone, Debug)]
pub struct PseudoInverse {
    /// The pseudo-inverse, `columns × rows` of the matrix.
    pub matrix: Array2<f64>,
    /// Number of singular values above the tolerance.
    pub rank: usize,
    /// All singular values, in descending order.
    pub singular_values: Array1<f64>,
}

impl PseudoInverse {
    /// Ratio of the largest singular value to the smallest one above the tolerance; `None` for a
    /// matrix of rank 0.
    pub fn condition(&self) -> Option<f64> {
        let last = self.rank.checked_sub(1)?;
        Some(self.singular_values[0] / self.singular_values[last])
    }
}

/// Rank and condition of an inverted Jacobian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inversion {
    /// Number of singular values above the tolerance.
    pub rank: usize,
    /// Ratio of the largest singular value to the smallest one above the tolerance, to six digits;
    /// `None` if the rank is 0.
    pub condition: Option<f64>,
}

/// The Moore–Penrose pseudo-inverse of a matrix by a singular value decomposition in `f64`.
///
/// ```
/// use ndarray::array;
/// use xcebra_attr::inverse::{Tolerance, pseudo_inverse};
///
/// // two equal rows: rank 1
/// let inverse = pseudo_inverse(&array![[1.0, 2.0], [1.0, 2.0]], Tolerance::Auto)?;
/// assert_eq!(inverse.rank, 1);
/// assert!((inverse.matrix[[1, 0]] - 0.2_f64).abs() < 1e-15);
/// # Ok::<(), xcebra_attr::AttrError>(())
/// ```
///
/// # Errors
/// [`AttrError::Shape`] if the matrix is empty, [`AttrError::NonFinite`] (naming sample 0) if it
/// holds infinities or NaN, [`AttrError::Parameter`] if the tolerance is out of range.
pub fn pseudo_inverse<A: Scalar>(
    matrix: &ArrayRef2<A>,
    tolerance: Tolerance,
) -> Result<PseudoInverse> {
    let (rows, columns) = matrix.dim();
    let one = matrix.mapv(Scalar::as_f64);
    check("the Jacobian", &one.view().insert_axis(Axis(0)), 0)?;
    let mut inverter = Inverter::new(rows, columns, tolerance.cutoff::<A>(rows, columns)?);
    let mut transposed = Array2::zeros((rows, columns));
    let inversion = inverter.by_svd(
        one.as_standard_layout()
            .as_slice()
            .expect("standard layout"),
        transposed.as_slice_mut().expect("freshly made"),
    );
    let inversion = inversion.ok_or(AttrError::NoConvergence { sample: 0 })?;
    let mut singular_values = inverter.singular_values().to_vec();
    singular_values.sort_by(|a, b| b.total_cmp(a));
    ensure_finite("the pseudo-inverse", &transposed)?;
    Ok(PseudoInverse {
        matrix: transposed.reversed_axes(),
        rank: inversion.rank,
        singular_values: singular_values.into(),
    })
}

/// Pseudo-inverses `(n, inputs, outputs)` of a batch of Jacobians `(n, outputs, inputs)`, with the
/// rank and condition of each.
///
/// Well-conditioned Jacobians (condition number safely below 1,000) are inverted by their normal
/// equations and a Cholesky factorisation, off by less than 1e-9 of the pseudo-inverse; the others
/// by a singular value decomposition. All arithmetic is in `f64`.
///
/// # Errors
/// [`AttrError::Shape`] if a Jacobian has no entries, [`AttrError::NonFinite`] if one holds
/// infinities or NaN, [`AttrError::Parameter`] if the tolerance is out of range.
pub fn pseudo_inverses<A: Scalar>(
    jacobians: &ArrayRef3<A>,
    tolerance: Tolerance,
) -> Result<(Array3<f64>, Vec<Inversion>)> {
    let (_, outputs, inputs) = jacobians.dim();
    let jacobians = jacobians.mapv(Scalar::as_f64);
    check("the Jacobian", &jacobians.view(), 0)?;
    let cutoff = tolerance.cutoff::<A>(outputs, inputs)?;
    let (transposed, inversions) = invert_transposed(&jacobians, cutoff, 0)?;
    Ok((transposed.permuted_axes([0, 2, 1]), inversions))
}

/// Transposed pseudo-inverses `(n, outputs, inputs)` of finite Jacobians `(n, outputs, inputs)`,
/// the first of which belongs to sample `first`.
pub(crate) fn invert_transposed(
    jacobians: &Array3<f64>,
    cutoff: Cutoff,
    first: usize,
) -> Result<(Array3<f64>, Vec<Inversion>)> {
    let (n, outputs, inputs) = jacobians.dim();
    let mut inverter = Inverter::new(outputs, inputs, cutoff);
    let mut inversions = Vec::with_capacity(n);
    let jacobians = jacobians.as_standard_layout();
    let mut transposed = Array3::zeros((n, outputs, inputs));
    let matrices = jacobians.as_slice().expect("standard layout");
    let out = transposed.as_slice_mut().expect("freshly made");
    let size = outputs * inputs;
    for (i, (jacobian, out)) in matrices
        .chunks_exact(size)
        .zip(out.chunks_exact_mut(size))
        .enumerate()
    {
        let inversion = inverter.invert(jacobian, out);
        inversions.push(inversion.ok_or(AttrError::NoConvergence { sample: first + i })?);
    }
    check("the pseudo-inverse", &transposed.view(), first)?;
    Ok((transposed, inversions))
}

/// Fails unless matrices are finite and have entries; `first` is the sample the first belongs to.
pub(crate) fn check(
    what: &'static str,
    jacobians: &ArrayView3<'_, f64>,
    first: usize,
) -> Result<()> {
    let (_, outputs, inputs) = jacobians.dim();
    if outputs == 0 || inputs == 0 {
        return Err(AttrError::Shape {
            what,
            found: vec![outputs, inputs],
            expected: "at least one output and one input".to_owned(),
        });
    }
    // without a way out of the loop, which the compiler then vectorises
    let finite = |values: &[f64]| values.iter().fold(true, |all, v| all & v.is_finite());
    if jacobians.as_slice().is_some_and(finite) {
        return Ok(());
    }
    let non_finite = jacobians.indexed_iter().find(|(_, v)| !v.is_finite());
    match non_finite {
        Some(((i, output, input), &value)) => Err(AttrError::NonFinite {
            what: what.to_owned(),
            sample: first + i,
            output,
            input,
            value,
        }),
        None => Ok(()),
    }
}
