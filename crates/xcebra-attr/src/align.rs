//! The linear map from latents to an embedding.

use ndarray::{Array1, Array2, ArrayRef2, ArrayView2, Axis};
use xcebra_model::{Scalar, ensure_finite};

use crate::error::{AttrError, Result};
use crate::inverse::{Tolerance, pseudo_inverse};

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
/// recording or training, [`Aligned`](crate::Aligned) attributes to them whatever that map is. Keep
/// the latents of different samples than those that are attributed where `A` might overfit: it has
/// `latents` coefficients an output.
///
/// ```
/// use ndarray::{Array2, array};
/// use xcebra_attr::align;
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
    let f = centred(finite("the embedding", &embedding.mapv(Scalar::as_f64))?);
    let z = centred(finite("the latents", &latents.mapv(Scalar::as_f64))?);
    let inverse = pseudo_inverse(&z.0, Tolerance::Auto)?;
    if inverse.rank < k {
        return Err(AttrError::parameter_with(
            "the latents",
            format!("{k} columns of rank {}", inverse.rank),
            "columns that vary and are linearly independent",
            "leave some columns out",
        ));
    }
    let coefficients = inverse.matrix.dot(&f.0);
    let left = &f.0 - &z.0.dot(&coefficients);
    let power = |a: &Array2<f64>| a.mapv(|v| v * v).sum_axis(Axis(0));
    let r2 = ndarray::Zip::from(&power(&left))
        .and(&power(&f.0))
        .map_collect(|&left, &all| if all > 0.0 { 1.0 - left / all } else { 1.0 });
    let intercept = &f.1 - &z.1.dot(&coefficients);
    ensure_finite("the matrix of the alignment", &coefficients)?;
    ensure_finite("the intercept of the alignment", &intercept)?;
    ensure_finite("R² of the alignment", &r2)?;
    Ok(Alignment {
        intercept,
        matrix: coefficients.reversed_axes(),
        r2,
    })
}

fn centred(mut a: Array2<f64>) -> (Array2<f64>, Array1<f64>) {
    let mean = a.mean_axis(Axis(0)).expect("there are samples");
    a -= &mean;
    (a, mean)
}

/// Fails unless all entries are finite.
pub(crate) fn finite(what: &str, a: &Array2<f64>) -> Result<Array2<f64>> {
    match a.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some(((sample, output), &value)) => Err(AttrError::NonFinite {
            what: what.to_owned(),
            sample,
            output,
            input: 0,
            value,
        }),
        None => Ok(a.clone()),
    }
}
