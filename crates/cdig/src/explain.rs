//! Asking for an explanation.

use ndarray::{ArrayD, ArrayView, Dimension};
use xcebra_model::{Model, Scalar, Watch};
use xcebra_numeric::Rule;

use crate::attribution::Attribution;
use crate::baseline::Baseline;
use crate::domain::{Domain, batch_len};
use crate::error::{CdigError, Result};
use crate::explaining::Explaining;
use crate::gradient::Gradient;
use crate::integrate::Plan;
use crate::path::Path;
use crate::progress::Tracker;
use crate::selection::Selection;

/// Path points that go through the model together unless said otherwise.
const BATCH_SIZE: usize = 64;

/// Cross-domain integrated gradients of a model: the settings, and the question.
///
/// Defaults: all outputs, the model's own gradients, zero baseline, straight path, the adaptive rule,
/// 64 path points a batch.
///
/// For outputs `f`, a domain `T` and `F = f ∘ T⁻¹`, coefficient `k` receives
/// `∫ Re(conj(∂F/∂a_k + i ∂F/∂b_k) dγ_k)` along the path `γ` from the baseline's coefficients to
/// the signal's, which is `∫ 2 Re(∂F/∂z_k dγ_k)` with the Wirtinger derivative
/// (Kechris, Dan, Atienza 2025, arXiv 2505.13100); in a real domain it is the integrated gradient
/// of Sundararajan, Taly and Yan (2017).
///
/// The transform runs in the precision of the model, sums over the path in double precision.
pub struct Explainer<'a, A: Scalar> {
    pub(crate) model: &'a dyn Model<A>,
    pub(crate) baseline: Baseline<A>,
    pub(crate) path: Path<A>,
    pub(crate) rule: Rule,
    pub(crate) selection: Selection,
    pub(crate) gradient: Gradient,
    pub(crate) batch_size: usize,
    pub(crate) round_trip_tolerance: f64,
    pub(crate) precision: f64,
    pub(crate) watch: Watch<'a>,
}

impl<'a, A: Scalar> Explainer<'a, A> {
    /// An explainer of `model` with the default settings.
    pub fn new(model: &'a dyn Model<A>) -> Self {
        Self {
            model,
            baseline: Baseline::Zero,
            path: Path::Straight,
            rule: Rule::default(),
            selection: Selection::All,
            gradient: Gradient::Model,
            batch_size: BATCH_SIZE,
            round_trip_tolerance: A::epsilon().as_f64().sqrt(),
            precision: A::epsilon().as_f64(),
            watch: Watch::new(),
        }
    }

    /// Where the path begins.
    #[must_use]
    pub fn baseline(mut self, baseline: Baseline<A>) -> Self {
        self.baseline = baseline;
        self
    }

    /// The path from the baseline's coefficients to the signal's.
    ///
    /// A path other than the straight one lies in the coefficient space of one domain and joins one
    /// pair of signals; it suits [`explain`](Self::explain).
    #[must_use]
    pub fn path(mut self, path: Path<A>) -> Self {
        self.path = path;
        self
    }

    /// The quadrature rule, applied to each piece of the path. What the adaptive one has reached is in
    /// [`Convergence`](crate::attribution::Convergence). It closes in on jumps of the model and reports them. No
    /// gradient sees a jump, so that its share of the output is in no attribution.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// Explains these outputs only. All at once cost less than one after the other where the model
    /// has its own Jacobian.
    #[must_use]
    pub fn outputs(mut self, outputs: impl IntoIterator<Item = usize>) -> Self {
        self.selection = Selection::Some(outputs.into_iter().collect());
        self
    }

    /// Explains one weighted sum of outputs, given as `(output, weight)`: of a forecast the sum over
    /// some horizons, of a classifier one class against another. Costs one gradient a path point.
    #[must_use]
    pub fn output_sum(mut self, weights: impl IntoIterator<Item = (usize, f64)>) -> Self {
        self.selection = Selection::Sum(weights.into_iter().collect());
        self
    }

    /// Where gradients come from; by default from the model.
    #[must_use]
    pub fn gradient(mut self, gradient: Gradient) -> Self {
        self.gradient = gradient;
        self
    }

    /// How many path points go through the model together; memory grows with it, the result does
    /// not depend on it as long as the model's own arithmetic does not.
    #[must_use]
    pub fn batch_size(mut self, points: usize) -> Self {
        self.batch_size = points;
        self
    }

    /// How far `inverse(forward(x))` may be from `x`, relative to the largest sample; by default
    /// the square root of the machine precision.
    #[must_use]
    pub fn round_trip_tolerance(mut self, tolerance: f64) -> Self {
        self.round_trip_tolerance = tolerance;
        self
    }

    /// Relative precision of the model's arithmetic, where it is coarser than that of `A`: 2⁻²³ for a network that
    /// computes in single precision behind an interface of doubles. The adaptive rule takes differences below it
    /// for rounding instead of following them with more points.
    #[must_use]
    pub fn precision(mut self, relative: f64) -> Self {
        self.precision = relative;
        self
    }

    /// Tells the watch of progress after every batch, as the task `explain`, counted in path points. The
    /// total falls when the adaptive rule needs fewer. If the watch stops the work, the explanation ends with
    /// [`CdigError::Cancelled`].
    #[must_use]
    pub fn watch(mut self, watch: Watch<'a>) -> Self {
        self.watch = watch;
        self
    }

    /// Explains one signal `(…signal_shape)` in one domain.
    ///
    /// # Errors
    /// [`CdigError`]: shapes that do not fit, entries that are not finite, settings out of range, a
    /// domain that does not give the signal back, a model that fails.
    pub fn explain<D: Dimension>(
        &self,
        domain: &dyn Domain<A>,
        signal: ArrayView<'_, A, D>,
    ) -> Result<Attribution<A>> {
        let mut results = self.explain_many(&[domain], signal)?;
        Ok(results.remove(0))
    }

    /// Explains one signal in several domains, in their order. On the straight path all domains
    /// with an affine inverse share one set of model evaluations.
    ///
    /// # Errors
    /// As [`explain`](Self::explain), also if there are several domains but the path is not straight.
    pub fn explain_many<D: Dimension>(
        &self,
        domains: &[&dyn Domain<A>],
        signal: ArrayView<'_, A, D>,
    ) -> Result<Vec<Attribution<A>>> {
        let plan = self.check(domains)?;
        let total = self.points_of(domains, &plan);
        let tracker = Tracker::new(self.watch, total);
        let signal = signal.into_dyn().to_owned();
        let run = Explaining::new(self, &plan, &tracker);
        // in the pool once, not anew for each batch of a small model, for which waking a thread costs
        // more than the work
        rayon::scope(|_| run.explain(domains, &signal))
    }

    /// Explains signals `(n, …signal_shape)` in one domain, several at a time in parallel; the same
    /// bits for any number of threads.
    ///
    /// # Errors
    /// As [`explain`](Self::explain). Once one signal fails the others stop; the error is that of the first
    /// among those that failed by then.
    pub fn explain_batch<D: Dimension>(
        &self,
        domain: &dyn Domain<A>,
        signals: ArrayView<'_, A, D>,
    ) -> Result<Vec<Attribution<A>>> {
        let domains = [domain];
        let plan = self.check(&domains)?;
        let signals = signals.into_dyn();
        let n = batch_len(
            "the batch of signals",
            self.model.input_shape(),
            signals.shape(),
        )?;
        let total = n * self.points_of(&domains, &plan);
        let tracker = Tracker::new(self.watch, total);
        let signals: Vec<ArrayD<A>> = signals.outer_iter().map(|x| x.to_owned()).collect();
        let run = |signal: &ArrayD<A>| {
            let mut found = Explaining::new(self, &plan, &tracker).explain(&domains, signal)?;
            Ok(found.remove(0))
        };
        tracker.all(&signals, run)
    }

    /// Checks the settings and returns how the points of a path are taken.
    pub(crate) fn check(&self, domains: &[&dyn Domain<A>]) -> Result<Plan> {
        if domains.is_empty() {
            return Err(CdigError::parameter(
                "the list of domains",
                "empty",
                "at least one domain",
            ));
        }
        if domains.len() > 1 && !matches!(self.path, Path::Straight) {
            return Err(CdigError::parameter_with(
                "the path",
                "not straight",
                "the straight path when several domains are explained together, because any other \
                 path is one of coefficients of a single domain",
                "explain the domains one at a time",
            ));
        }
        if self.batch_size == 0 {
            return Err(CdigError::parameter(
                "the batch size",
                0,
                "at least one path point",
            ));
        }
        if self.round_trip_tolerance.is_nan() || self.round_trip_tolerance < 0.0 {
            return Err(CdigError::parameter(
                "the round-trip tolerance",
                self.round_trip_tolerance,
                "a number that is not negative",
            ));
        }
        if !(self.precision >= A::epsilon().as_f64() && self.precision < 1.0) {
            return Err(CdigError::parameter(
                "the precision of the model",
                self.precision,
                "at least that of the numbers it takes, and less than 1",
            ));
        }
        self.gradient.check()?;
        let shape = self.model.input_shape();
        if shape.contains(&0) {
            return Err(CdigError::Shape {
                what: "the model's input".into(),
                found: shape.to_vec(),
                expected: "no empty axis".into(),
                advice: None,
            });
        }
        for domain in domains {
            if domain.signal_shape() != shape {
                return Err(CdigError::Shape {
                    what: format!("a signal of the domain '{}'", domain.name()),
                    found: domain.signal_shape().to_vec(),
                    expected: format!("{shape:?}, the model's input shape"),
                    advice: Some("build the domain with that shape"),
                });
            }
            domain.axes().check(domain.coefficient_shape())?;
        }
        Plan::new(self.rule, self.batch_size, self.precision)
    }

    /// How many path points an explanation of one signal in these domains takes, at most: domains that share their
    /// evaluations count once, every other one counts by itself.
    ///
    /// # Errors
    /// [`CdigError`] if settings, domains and model do not belong together.
    pub fn planned_points(&self, domains: &[&dyn Domain<A>]) -> Result<usize> {
        Ok(self.points_of(domains, &self.check(domains)?))
    }

    pub(crate) fn points_of(&self, domains: &[&dyn Domain<A>], plan: &Plan) -> usize {
        let affine = domains
            .iter()
            .filter(|domain| self.shares(**domain))
            .count();
        let others = domains.len() - affine;
        usize::from(affine > 0) * plan.points(1) + others * plan.points(self.path.pieces().max(1))
    }

    /// Whether the path-mean gradient in signal space suffices.
    pub(crate) fn shares(&self, domain: &dyn Domain<A>) -> bool {
        matches!(self.path, Path::Straight) && domain.has_affine_inverse()
    }
}
