//! Asking for an explanation.

use std::ops::ControlFlow;

use ndarray::{ArrayD, ArrayView, Axis, Dimension, stack};
use xcebra_model::{Model, Scalar};

use crate::attribution::{Attribution, totals};
use crate::baseline::Baseline;
use crate::domain::{Domain, batch_len};
use crate::ends::Ends;
use crate::error::{CdigError, Result};
use crate::integrate::{Plan, attribute_affine, attribute_path, mean_gradient};
use crate::numeric::ensure_finite;
use crate::path::Path;
use crate::probe::Probe;
use crate::progress::{Callback, Progress, Tracker};
use crate::quadrature::{Node, Rule};

/// Path points that go through the model together unless said otherwise.
const BATCH_SIZE: usize = 64;

/// Cross-domain integrated gradients of a model: the settings, and the question.
///
/// Defaults: all outputs, zero baseline, straight path, `midpoint:128` on each piece of the path,
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
    model: &'a dyn Model<A>,
    baseline: Baseline<A>,
    path: Path<A>,
    rule: Rule,
    outputs: Option<Vec<usize>>,
    batch_size: usize,
    round_trip_tolerance: f64,
    progress: Option<Callback<'a>>,
}

impl<'a, A: Scalar> Explainer<'a, A> {
    /// An explainer of `model` with the default settings.
    pub fn new(model: &'a dyn Model<A>) -> Self {
        Self {
            model,
            baseline: Baseline::Zero,
            path: Path::Straight,
            rule: Rule::default(),
            outputs: None,
            batch_size: BATCH_SIZE,
            round_trip_tolerance: A::epsilon().as_f64().sqrt(),
            progress: None,
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

    /// The quadrature rule, applied to each piece of the path.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// Explains these outputs only. All at once cost less than one after the other where the model
    /// has its own Jacobian.
    #[must_use]
    pub fn outputs(mut self, outputs: impl IntoIterator<Item = usize>) -> Self {
        self.outputs = Some(outputs.into_iter().collect());
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

    /// Called after every batch; [`ControlFlow::Break`] stops with [`CdigError::Cancelled`].
    #[must_use]
    pub fn progress(
        mut self,
        callback: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'a,
    ) -> Self {
        self.progress = Some(Box::new(callback));
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
        let nodes = self.check(domains)?;
        let total = self.planned_points(domains, nodes.len());
        let mut tracker = Tracker::new(self.progress.as_ref(), total);
        self.explain_one(domains, &signal.into_dyn().to_owned(), &nodes, &mut tracker)
    }

    /// Explains signals `(n, …signal_shape)` one after the other in one domain.
    ///
    /// # Errors
    /// As [`explain`](Self::explain).
    pub fn explain_batch<D: Dimension>(
        &self,
        domain: &dyn Domain<A>,
        signals: ArrayView<'_, A, D>,
    ) -> Result<Vec<Attribution<A>>> {
        let domains = [domain];
        let nodes = self.check(&domains)?;
        let signals = signals.into_dyn();
        let n = batch_len(
            "the batch of signals",
            self.model.input_shape(),
            signals.shape(),
        )?;
        let total = n * self.planned_points(&domains, nodes.len());
        let mut tracker = Tracker::new(self.progress.as_ref(), total);
        let mut results = Vec::with_capacity(n);
        for signal in signals.outer_iter() {
            results.extend(self.explain_one(&domains, &signal.to_owned(), &nodes, &mut tracker)?);
        }
        Ok(results)
    }

    /// Checks the settings and returns the nodes of the rule.
    fn check(&self, domains: &[&dyn Domain<A>]) -> Result<Vec<Node>> {
        if domains.is_empty() {
            return Err(CdigError::parameter(
                "the list of domains",
                "empty",
                "at least one domain",
            ));
        }
        if domains.len() > 1 && !matches!(self.path, Path::Straight) {
            return Err(CdigError::parameter(
                "the path",
                "not straight",
                "the straight path when several domains are explained together, because any other \
                 lies in one domain's coefficients; explain them one at a time",
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
        let shape = self.model.input_shape();
        if shape.contains(&0) {
            return Err(CdigError::Shape {
                what: "the model's input".into(),
                found: shape.to_vec(),
                expected: "no empty axis".into(),
            });
        }
        for domain in domains {
            if domain.signal_shape() != shape {
                return Err(CdigError::Shape {
                    what: format!("a signal of the domain '{}'", domain.name()),
                    found: domain.signal_shape().to_vec(),
                    expected: format!(
                        "{shape:?}, the model's input shape; build the domain with it"
                    ),
                });
            }
            domain.labels().check(domain.coefficient_shape())?;
        }
        self.rule.nodes()
    }

    fn planned_points(&self, domains: &[&dyn Domain<A>], nodes: usize) -> usize {
        let affine = domains
            .iter()
            .filter(|domain| self.shares(**domain))
            .count();
        let runs = usize::from(affine > 0) + (domains.len() - affine) * self.path.pieces();
        runs * nodes
    }

    /// Whether the path-mean gradient in signal space suffices.
    fn shares(&self, domain: &dyn Domain<A>) -> bool {
        matches!(self.path, Path::Straight) && domain.has_affine_inverse()
    }

    fn explain_one(
        &self,
        domains: &[&dyn Domain<A>],
        signal: &ArrayD<A>,
        nodes: &[Node],
        tracker: &mut Tracker<'_>,
    ) -> Result<Vec<Attribution<A>>> {
        if signal.shape() != self.model.input_shape() {
            return Err(CdigError::Shape {
                what: "the signal".into(),
                found: signal.shape().to_vec(),
                expected: format!(
                    "{:?}, the model's input shape; several signals go through `explain_batch`",
                    self.model.input_shape()
                ),
            });
        }
        let hint = "fill or cut the gaps first";
        ensure_finite("the signal", hint, signal, A::is_finite)?;
        let baseline = self.baseline.of(signal)?;
        let ends: Vec<Ends<A>> = domains
            .iter()
            .map(|domain| Ends::new(*domain, &baseline, signal, self.round_trip_tolerance))
            .collect::<Result<_>>()?;

        let mut probe = Probe::new(self.model, self.outputs.as_deref())?;
        let both = stack(Axis(0), &[baseline.view(), signal.view()]).expect("one shape");
        let values = probe.values(both.view())?;
        for (row, position) in [(0, 0.0), (1, 1.0)] {
            if let Some(k) = values.row(row).iter().position(|value| !value.is_finite()) {
                return Err(CdigError::NonFinitePath {
                    what: format!("the value of output {}", probe.outputs[k]),
                    position,
                });
            }
        }

        let plan = Plan {
            nodes,
            batch: self.batch_size,
        };
        let shared = if domains.iter().any(|domain| self.shares(*domain)) {
            Some(mean_gradient(
                &mut probe, &baseline, signal, &plan, tracker,
            )?)
        } else {
            None
        };
        let mut attributions = Vec::with_capacity(domains.len());
        for (domain, ends) in domains.iter().zip(&ends) {
            attributions.push(match &shared {
                Some(gradient) if self.shares(*domain) => {
                    attribute_affine(*domain, gradient, &ends.start, &ends.end)?
                }
                _ => {
                    let path = self.path.between(&ends.start, &ends.end)?;
                    attribute_path(&mut probe, *domain, &path, &plan, tracker)?
                }
            });
        }

        let (baseline_value, value) = (values.row(0), values.row(1));
        let results = domains.iter().zip(ends).zip(attributions);
        Ok(results
            .map(|((domain, ends), attribution)| Attribution {
                domain: domain.name().to_owned(),
                outputs: probe.outputs.clone(),
                coefficients: ends.end,
                baseline_coefficients: ends.start,
                labels: domain.labels(),
                value: value.to_owned(),
                baseline_value: baseline_value.to_owned(),
                residual: &value - &baseline_value - totals(&attribution),
                attribution,
                evaluations: probe.evaluations,
                rule: self.rule,
            })
            .collect())
    }
}
