//! The laws of a domain, as a check of your own domain.

mod measure;
mod smooth_model;

use ndarray::{ArrayD, IxDyn};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use crate::domain::{Domain, batch_len};
use crate::error::{CdigError, Result};
use measure::Bench;

/// Signals drawn unless some are given.
const SIGNALS: usize = 4;

/// Checks a domain against the laws stated at [`Domain`], and completeness on a random smooth model.
///
/// Seeded: the same settings give the same report. Tolerances are relative. By default they are,
/// with `ε` the machine precision, `√ε` for laws that hold up to rounding and `10 ∛ε` for the
/// adjoint of an inverse that is not affine, which is compared with central differences of
/// step `∛ε`; [`tolerance`](Laws::tolerance) replaces both.
///
/// ```
/// use cdig::domains::Fourier;
/// use cdig::laws::Laws;
///
/// let report = Laws::new().check(&Fourier::<f64>::new(&[2, 64], 128.0)?)?;
/// assert!(report.round_trip < 1e-12);
/// # Ok::<(), cdig::CdigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Laws<A: Scalar> {
    seed: u64,
    signals: Option<ArrayD<A>>,
    tolerance: Option<f64>,
}

/// The largest relative error of each law.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LawReport {
    /// `inverse(forward(x))` against `x`; of a domain that is not exact, for signals
    /// `inverse(forward(·))` that it can represent.
    pub round_trip: f64,
    /// Imaginary parts where a real domain must have none, and their effect on the inverse; 0 for a
    /// complex domain.
    pub realness: f64,
    /// Change of the derivative of the inverse between points; 0 unless the domain says it is affine.
    pub affinity: f64,
    /// `⟨inverse_vjp(z, g), v⟩` against finite differences of `⟨g, inverse(z)⟩` along `v`.
    pub adjoint: f64,
    /// `F(x) − F(x') − Σ attribution` on a random smooth model, along a straight path in
    /// coefficient space.
    pub completeness: f64,
}

impl<A: Scalar> Default for Laws<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Scalar> Laws<A> {
    /// The check with seed 0, random signals in `[−1, 1]` and default tolerances.
    pub fn new() -> Self {
        Self {
            seed: 0,
            signals: None,
            tolerance: None,
        }
    }

    /// Another seed of signals, directions and model.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Signals `(n, …signal_shape)`, `n ≥ 2`, to check with, for domains that do not represent
    /// every signal (a fitted basis) or are singular at some.
    #[must_use]
    pub fn signals(mut self, signals: ArrayD<A>) -> Self {
        self.signals = Some(signals);
        self
    }

    /// One relative tolerance for all laws.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// Checks the domain; the report holds the largest error of every law.
    ///
    /// # Errors
    /// [`CdigError::Law`] for the first law that is broken; [`CdigError::Shape`] for labels or
    /// results of the wrong shape; whatever the domain reports.
    pub fn check(&self, domain: &dyn Domain<A>) -> Result<LawReport> {
        let epsilon = A::epsilon().as_f64();
        let rounding = self.tolerance.unwrap_or(epsilon.sqrt());
        let differences = self.tolerance.unwrap_or(10.0 * epsilon.cbrt());
        let judge = |law, error: f64, tolerance, (statement, advice)| {
            if error <= tolerance {
                return Ok(error);
            }
            Err(CdigError::Law {
                domain: domain.name().to_owned(),
                law,
                error,
                tolerance,
                statement,
                advice,
            })
        };
        domain.axes().check(domain.coefficient_shape())?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut signals = self.draw_or_take(domain, &mut rng)?;
        if !domain.is_exact() {
            let represented = domain.forward(signals.view())?;
            signals = domain.inverse(represented.view())?;
        }
        let bench = Bench::new(domain, signals, &mut rng)?;
        Ok(LawReport {
            round_trip: judge(
                "round trip",
                bench.round_trip()?,
                rounding,
                ("inverse(forward(x)) must be x", None),
            )?,
            realness: judge(
                "realness",
                bench.realness(&mut rng)?,
                0.0,
                (
                    "in a real domain forward and inverse_vjp have no imaginary part and inverse does not \
                     read it",
                    Some("return false from is_real if the coefficients are complex"),
                ),
            )?,
            affinity: judge(
                "affinity",
                bench.affinity(&mut rng)?,
                rounding,
                (
                    "inverse_vjp must not depend on the point",
                    Some("return false from has_affine_inverse if it does"),
                ),
            )?,
            adjoint: judge(
                "adjoint",
                bench.adjoint(&mut rng)?,
                if domain.has_affine_inverse() {
                    rounding
                } else {
                    differences
                },
                (
                    "inverse_vjp must return ∂/∂a + i ∂/∂b of Σ cotangent · inverse(a + ib)",
                    None,
                ),
            )?,
            completeness: judge(
                "completeness",
                bench.completeness(&mut rng)?,
                rounding,
                (
                    "attributions must add up to F(x) − F(x')",
                    Some("look for a kink or a singularity of the inverse between the signals"),
                ),
            )?,
        })
    }

    fn draw_or_take(&self, domain: &dyn Domain<A>, rng: &mut ChaCha8Rng) -> Result<ArrayD<A>> {
        let shape = domain.signal_shape();
        match &self.signals {
            None => {
                let mut batch = vec![SIGNALS];
                batch.extend_from_slice(shape);
                Ok(ArrayD::from_shape_simple_fn(IxDyn(&batch), || {
                    A::of(rng.gen_range(-1.0..1.0))
                }))
            }
            Some(signals) => {
                if batch_len("the signals to check with", shape, signals.shape())? < 2 {
                    return Err(CdigError::Shape {
                        what: "the signals to check with".into(),
                        found: signals.shape().to_vec(),
                        expected: "at least 2 signals".into(),
                        advice: None,
                    });
                }
                Ok(signals.clone())
            }
        }
    }
}
