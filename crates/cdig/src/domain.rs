//! The trait every transform domain implements.

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use crate::axes::Axes;
use crate::error::{CdigError, Result};

/// A representation of signals by coefficients, with a differentiable inverse.
///
/// Everything is batched: `n` signals of shape [`signal_shape`](Domain::signal_shape) come as one
/// array `(n, …signal_shape)`, their coefficients as `(n, …coefficient_shape)`. Coefficients are
/// complex arrays in every domain; in a real domain their imaginary parts are 0, which keeps one
/// code path for all.
///
/// To add a domain, implement this trait in one file and run [`Laws`](crate::laws::Laws) on it in a test.
/// Implementations check shapes with [`batch_len`], and wrap their own errors with
/// [`CdigError::domain`].
///
/// # Laws
/// 1. Round trip: `inverse(forward(x)) = x`.
/// 2. Adjoint: [`inverse_vjp`](Domain::inverse_vjp) is the adjoint of the derivative of `inverse`.
/// 3. Realness: if [`is_real`](Domain::is_real), `forward` and `inverse_vjp` have no imaginary
///    part and `inverse` does not read it.
/// 4. Affinity: if [`has_affine_inverse`](Domain::has_affine_inverse), the derivative of
///    `inverse` is the same everywhere.
/// 5. Labels fit the coefficients.
///
/// A domain that cannot represent every signal (a truncated basis, say) says so by
/// [`is_exact`](Domain::is_exact); the first law then holds for the signals it can represent.
/// [`WithRemainder`](crate::domains::WithRemainder) turns it into an exact one: what it misses becomes
/// additional coefficients, so that attributions still add up to the whole.
pub trait Domain<A: Scalar>: Send + Sync {
    /// Name for reports and error messages, for example `fourier`.
    fn name(&self) -> &str;

    /// Shape of one signal, for example `[channels, time]`.
    fn signal_shape(&self) -> &[usize];

    /// Shape of one signal's coefficients.
    fn coefficient_shape(&self) -> &[usize];

    /// Coefficients `z = T(x)` of a batch of signals `(n, …signal_shape)`.
    ///
    /// `T` itself need be neither linear nor differentiable: attribution only differentiates the inverse.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `signals` is not such a batch; [`CdigError::Domain`] if the transform fails.
    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>>;

    /// Signals `x = T⁻¹(z)` of a batch of coefficients `(n, …coefficient_shape)`.
    ///
    /// It is defined for *every* complex array, also one that `forward` never gives (a two-sided
    /// spectrum that is not conjugate symmetric, say), because paths may lead through such points.
    ///
    /// # Errors
    /// As [`forward`](Domain::forward).
    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>>;

    /// Pull-back of one signal-space cotangent for each point `z`: the adjoint of the derivative of
    /// [`inverse`](Domain::inverse) at `z` under the real inner product `Re⟨·,·⟩`.
    ///
    /// With `z = a + ib`, entry `k` is `∂/∂a_k + i ∂/∂b_k` of `Σ_t cotangent_t · inverse(z)_t`;
    /// that is twice the conjugate of the Wirtinger derivative `∂/∂z_k`.
    /// `coefficients` is `(n, …coefficient_shape)`, `cotangent` is `(n, …signal_shape)`, and the
    /// result has the shape of `coefficients`.
    ///
    /// # Errors
    /// As [`forward`](Domain::forward).
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>>;

    /// Whether coefficients are real numbers. `false`, the default, is always safe.
    fn is_real(&self) -> bool {
        false
    }

    /// Whether `inverse` is affine, so that its derivative does not depend on `z`.
    ///
    /// Then the straight path between two coefficient arrays is the straight path between the two
    /// signals, and all such domains share one set of model evaluations. `false`, the default, is
    /// always safe.
    fn has_affine_inverse(&self) -> bool {
        false
    }

    /// Whether `inverse(forward(x)) = x` for every signal `x` (in the domain of `forward`). `true` is the default.
    ///
    /// `false` says that `inverse(forward(x))` is an approximation which the transform keeps:
    /// `inverse(forward(inverse(forward(x)))) = inverse(forward(x))`.
    fn is_exact(&self) -> bool {
        true
    }

    /// Axes of the coefficients that are axes of the signal, such as channels: pairs (axis of the
    /// coefficients, axis of the signal). None by default, which is always safe.
    ///
    /// [`Compose`](crate::domains::Compose) carries labels of the first domain over along them.
    fn kept_axes(&self) -> Vec<(usize, usize)> {
        Vec::new()
    }

    /// What the axes of the coefficients are: role, unit, values and groups of each.
    fn axes(&self) -> Axes;
}

/// A domain chosen at run time is one too.
impl<A: Scalar, D: Domain<A> + ?Sized> Domain<A> for Box<D> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn signal_shape(&self) -> &[usize] {
        (**self).signal_shape()
    }

    fn coefficient_shape(&self) -> &[usize] {
        (**self).coefficient_shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        (**self).forward(signals)
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        (**self).inverse(coefficients)
    }

    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        (**self).inverse_vjp(coefficients, cotangent)
    }

    fn is_real(&self) -> bool {
        (**self).is_real()
    }

    fn has_affine_inverse(&self) -> bool {
        (**self).has_affine_inverse()
    }

    fn is_exact(&self) -> bool {
        (**self).is_exact()
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        (**self).kept_axes()
    }

    fn axes(&self) -> Axes {
        (**self).axes()
    }
}

/// Number of items of a batch of shape `(n, …item)`; `what` names the array in the error.
///
/// # Errors
/// [`CdigError::Shape`] if `shape` is not of that form.
pub fn batch_len(what: &str, item: &[usize], shape: &[usize]) -> Result<usize> {
    match shape.split_first() {
        Some((&n, rest)) if rest == item => Ok(n),
        _ => Err(CdigError::Shape {
            what: what.to_owned(),
            found: shape.to_vec(),
            expected: format!(
                "(n, {}), the first axis counting the items of the batch",
                dims(item)
            ),
            advice: None,
        }),
    }
}

/// Number of items of a batch of coefficients with one cotangent each.
///
/// # Errors
/// [`CdigError::Shape`] if either array does not fit or the two lengths differ.
pub fn vjp_len(
    coefficient_shape: &[usize],
    coefficients: &[usize],
    signal_shape: &[usize],
    cotangent: &[usize],
) -> Result<usize> {
    let n = batch_len("the coefficients", coefficient_shape, coefficients)?;
    if batch_len("the cotangent", signal_shape, cotangent)? != n {
        return Err(CdigError::Shape {
            what: "the cotangent".into(),
            found: cotangent.to_vec(),
            expected: format!(
                "({n}, {}), one cotangent for each item of coefficients",
                dims(signal_shape)
            ),
            advice: None,
        });
    }
    Ok(n)
}

fn dims(shape: &[usize]) -> String {
    let dims: Vec<String> = shape.iter().map(ToString::to_string).collect();
    dims.join(", ")
}
