//! Expected gradients: the mean explanation over several baselines.

use ndarray::{Array1, ArrayD, ArrayView, Axis, Dimension};
use num_complex::Complex;
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;
use xcebra_numeric::ensure_finite as ensure_finite_result;

use crate::attribution::{Attribution, Convergence};
use crate::domain::{Domain, batch_len};
use crate::error::{CdigError, Result};
use crate::explain::Explainer;
use crate::explaining::Explaining;
use crate::numeric::ensure_finite;
use crate::progress::Tracker;

/// The mean of explanations from several baselines.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Expected<A: Scalar> {
    /// Means over the baselines: of the attribution, of the baseline's value and coefficients, of the
    /// residual. Completeness holds against the mean value of the baselines. Evaluations add up;
    /// of `convergence`, estimates are means and the tolerance is met if it is for every baseline.
    pub mean: Attribution<A>,
    /// Standard error of the mean of every attribution over the baselines; none with one baseline, which
    /// does not tell how much others differ.
    pub standard_error: Option<ArrayD<f64>>,
    /// How many baselines.
    pub baselines: usize,
}

impl<A: Scalar> Explainer<'_, A> {
    /// Expected gradients (Erion et al. 2021, arXiv 1906.10670) of one signal against baselines
    /// `(n, …signal_shape)`, whole integrals each, in parallel and with the same bits for any number
    /// of threads. The explainer's own baseline is not used.
    ///
    /// [`draw_baselines`] takes a sample of a recording.
    ///
    /// # Errors
    /// As [`explain`](Self::explain); [`CdigError::Shape`] if there are no baselines.
    pub fn explain_expected<D: Dimension, E: Dimension>(
        &self,
        domain: &dyn Domain<A>,
        signal: ArrayView<'_, A, D>,
        baselines: ArrayView<'_, A, E>,
    ) -> Result<Expected<A>> {
        let mut found = self.explain_expected_many(&[domain], signal, baselines)?;
        Ok(found.remove(0))
    }

    /// As [`explain_expected`](Self::explain_expected), in several domains, in their order. All domains with an
    /// affine inverse share one set of model evaluations for each baseline.
    ///
    /// # Errors
    /// As [`explain_many`](Self::explain_many); [`CdigError::Shape`] if there are no baselines.
    pub fn explain_expected_many<D: Dimension, E: Dimension>(
        &self,
        domains: &[&dyn Domain<A>],
        signal: ArrayView<'_, A, D>,
        baselines: ArrayView<'_, A, E>,
    ) -> Result<Vec<Expected<A>>> {
        let plan = self.check(domains)?;
        let shape = self.model.input_shape();
        let n = batch_len("the baselines", shape, baselines.shape())?;
        if n == 0 || signal.shape() != shape {
            return Err(CdigError::Shape {
                what: if n == 0 {
                    "the baselines"
                } else {
                    "the signal"
                }
                .into(),
                found: if n == 0 {
                    baselines.shape()
                } else {
                    signal.shape()
                }
                .to_vec(),
                expected: format!("one signal of shape {shape:?} and at least one baseline"),
                advice: None,
            });
        }
        let signal = signal.into_dyn().to_owned();
        ensure_finite(
            "the signal",
            "fill or cut the gaps first",
            &signal,
            A::is_finite,
        )?;
        let baselines = baselines.into_dyn();
        ensure_finite(
            "the baselines",
            "give finite baselines",
            &baselines,
            A::is_finite,
        )?;

        let total = n * self.points_of(domains, &plan);
        let tracker = Tracker::new(self.watch, total);
        let baselines: Vec<ArrayD<A>> = baselines.outer_iter().map(|b| b.to_owned()).collect();
        let mut moments: Vec<Moments<A>> = Vec::new();
        // as many at a time as run side by side, so that memory does not grow with the baselines
        for baselines in baselines.chunks(ABREAST) {
            let run = |baseline: &ArrayD<A>| {
                Explaining::new(self, &plan, &tracker).explain_from(domains, baseline, &signal)
            };
            for attributions in tracker.all(baselines, run)? {
                match moments.is_empty() {
                    true => moments = attributions.into_iter().map(Moments::new).collect(),
                    false => moments
                        .iter_mut()
                        .zip(&attributions)
                        .for_each(|(moments, next)| moments.add(next)),
                }
            }
        }
        moments.into_iter().map(Moments::finish).collect()
    }
}

/// Explanations computed before they are added up; a constant, because the order of sums must not
/// depend on the number of threads.
const ABREAST: usize = 32;

/// A seeded sample of `count` different rows of `recording`, `(n, …signal_shape)`, in their order; all
/// of them if there are no more.
pub fn draw_baselines<A: Scalar, D: Dimension>(
    recording: ArrayView<'_, A, D>,
    count: usize,
    seed: u64,
) -> ArrayD<A> {
    let recording = recording.into_dyn();
    let n = recording.shape().first().copied().unwrap_or(0);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = index::sample(&mut rng, n, count.min(n)).into_vec();
    rows.sort_unstable();
    match recording.ndim() {
        0 => recording.to_owned(),
        _ => recording.select(Axis(0), &rows),
    }
}

/// Running sums over explanations, by Welford's recurrence where squares are needed.
struct Moments<A: Scalar> {
    mean: Attribution<A>,
    baseline: ArrayD<Complex<f64>>,
    squares: ArrayD<f64>,
    n: usize,
}

impl<A: Scalar> Moments<A> {
    fn new(first: Attribution<A>) -> Self {
        Self {
            baseline: wide(&first.baseline_coefficients),
            squares: ArrayD::zeros(first.attribution.raw_dim()),
            mean: first,
            n: 1,
        }
    }

    fn add(&mut self, next: &Attribution<A>) {
        self.n += 1;
        let n = self.n as f64;
        let mean = &mut self.mean;
        let before = &next.attribution - &mean.attribution;
        mean.attribution.scaled_add(1.0 / n, &before);
        self.squares += &(before * (&next.attribution - &mean.attribution));
        let step = |mean: &mut Array1<f64>, next: &Array1<f64>| {
            let change = next - &*mean;
            mean.scaled_add(1.0 / n, &change);
        };
        step(&mut mean.baseline_value, &next.baseline_value);
        step(&mut mean.residual, &next.residual);
        step(&mut mean.rounding, &next.rounding);
        let change = wide(&next.baseline_coefficients) - &self.baseline;
        self.baseline += &change.mapv(|z| z / n);
        mean.evaluations.values += next.evaluations.values;
        mean.evaluations.gradients += next.evaluations.gradients;
        if let (Some(mean), Some(next)) = (&mut mean.convergence, &next.convergence) {
            let Convergence {
                error_estimate,
                quadrature_residual,
                jumps,
                tolerance_met,
                points,
            } = next;
            step(&mut mean.error_estimate, error_estimate);
            step(&mut mean.quadrature_residual, quadrature_residual);
            step(&mut mean.jumps, jumps);
            mean.tolerance_met &= tolerance_met;
            mean.points += points;
        }
    }

    fn finish(mut self) -> Result<Expected<A>> {
        let n = self.n as f64;
        self.mean.baseline_coefficients = self
            .baseline
            .mapv(|z| Complex::new(A::of(z.re), A::of(z.im)));
        self.mean.ensure_finite()?;
        let error = |square: f64| (square / (n * (n - 1.0))).sqrt();
        let standard_error = (self.n > 1).then(|| self.squares.mapv(error));
        if let Some(error) = &standard_error {
            ensure_finite_result("the standard error of the attribution", error)?;
        }
        Ok(Expected {
            mean: self.mean,
            standard_error,
            baselines: self.n,
        })
    }
}

fn wide<A: Scalar>(coefficients: &ArrayD<Complex<A>>) -> ArrayD<Complex<f64>> {
    coefficients.mapv(|z| Complex::new(z.re.as_f64(), z.im.as_f64()))
}
