//! The linear map from latents to an embedding.

use ndarray::{Array1, Array2, ArrayRef2, ArrayView2};
use xcebra_model::Scalar;
use xcebra_numeric::{LinearFit, SumsOfSquares, ensure_finite};

use crate::error::{AttrError, Result};
use crate::samples::finite;

/// A regression `f ≈ A z + b` of an embedding on latents. Made by [`align`].
#[derive(Clone, Debug)]
pub struct Alignment {
    matrix: Array2<f64>,
    intercept: Array1<f64>,
    r2: Array1<f64>,
}

impl Alignment {
    /// `A`, `outputs × latents`.
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        self.matrix.view()
    }

    /// `b`, one an output.
    pub fn intercept(&self) -> &Array1<f64> {
        &self.intercept
    }

    /// Share of each output's variance that the latents explain; 1 for a constant output.
    pub fn r2(&self) -> &Array1<f64> {
        &self.r2
    }
}

/// Regresses an embedding `(n, outputs)` on latents `(n, latents)` by least squares, `f ≈ A z + b`.
///
/// An encoder identifies latents up to a linear map at best; with known latents, or those of another
/// recording or training, [`Aligned`](crate::methods::Aligned) attributes to them for any such map. If `A`
/// might overfit (it has `latents` coefficients for each output), fit it to other samples than those that
/// are attributed.
///
/// ```
/// use ndarray::{Array2, array};
/// use xcebra_attr::methods::align;
///
/// let latents = Array2::from_shape_fn((50, 2), |(i, k)| ((i * (k + 3)) as f64).sin());
/// let mixing = array![[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]];
/// let alignment = align(&latents.dot(&mixing.t()), &latents)?;
/// assert!((&alignment.matrix() - &mixing).iter().all(|off| off.abs() < 1e-12));
/// # Ok::<(), xcebra_attr::AttrError>(())
/// ```
///
/// # Errors
/// [`AttrError::Shape`] unless both have the same number of samples, more than there are latents;
/// [`AttrError::NonFinite`] for infinities and NaN; [`AttrError::Parameter`] if latents are
/// constant or linearly dependent.
pub fn align<A: Scalar, B: Scalar>(
    embedding: &ArrayRef2<A>,
    latents: &ArrayRef2<B>,
) -> Result<Alignment> {
    let (n, k) = latents.dim();
    if embedding.nrows() != n || n <= k || k == 0 || embedding.ncols() == 0 {
        return Err(AttrError::Shape {
            what: "the embedding to be aligned",
            found: embedding.shape().to_vec(),
            expected: format!(
                "({n}, outputs) like the {n} samples of {k} latents, with more samples than latents"
            ),
        });
    }
    let f = finite("the embedding", embedding.mapv(Scalar::as_f64))?;
    let z = finite("the latents", latents.mapv(Scalar::as_f64))?;
    let fit = LinearFit::of(&z, &f);
    if fit.rank < k {
        return Err(AttrError::parameter_with(
            "the latents",
            format!("{k} columns of rank {}", fit.rank),
            "columns that vary and are linearly independent",
            "leave some columns out",
        ));
    }
    let sums = SumsOfSquares::of(&f, &fit.predict(&z));
    let r2 = ndarray::Zip::from(&sums.residual)
        .and(&sums.total)
        .map_collect(|&left, &all| if all > 0.0 { 1.0 - left / all } else { 1.0 });
    ensure_finite("the matrix of the alignment", &fit.coefficients)?;
    ensure_finite("the intercept of the alignment", &fit.intercept)?;
    ensure_finite("R² of the alignment", &r2)?;
    Ok(Alignment {
        matrix: fit.coefficients,
        intercept: fit.intercept,
        r2,
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    /// The mean of ten times 0.1 is off by a rounding, which must not pass for variance.
    #[test]
    fn a_constant_output_is_explained() {
        let latents = Array2::from_shape_fn((10, 1), |(i, _)| (i as f64).sin());
        let mut embedding = Array2::from_elem((10, 2), 0.1);
        embedding.column_mut(0).assign(&latents.column(0));
        let alignment = align(&embedding, &latents).unwrap();
        assert_eq!(alignment.r2()[1], 1.0);
        assert!((alignment.r2()[0] - 1.0).abs() < 1e-14);
        let off = &alignment.matrix() - &array![[1.0], [0.0]];
        assert!(off.iter().all(|off| off.abs() < 1e-14));
    }
}
