//! One explanation of one signal, from transforms to attributions.

use ndarray::{ArrayD, Axis, stack};
use xcebra_model::Scalar;

use crate::attribution::{Attribution, totals};
use crate::domain::Domain;
use crate::ends::Ends;
use crate::error::{CdigError, Result};
use crate::explain::Explainer;
use crate::integrand::{Integrand, attribute_affine};
use crate::integrate::{Integral, Plan};
use crate::numeric::ensure_finite;
use crate::probe::Probe;
use crate::progress::Tracker;

/// Checked settings, and who is told of progress.
pub(crate) struct Explaining<'a, A: Scalar> {
    explainer: &'a Explainer<'a, A>,
    plan: &'a Plan,
    tracker: &'a Tracker<'a>,
}

impl<'a, A: Scalar> Explaining<'a, A> {
    pub(crate) fn new(
        explainer: &'a Explainer<'a, A>,
        plan: &'a Plan,
        tracker: &'a Tracker<'a>,
    ) -> Self {
        Self {
            explainer,
            plan,
            tracker,
        }
    }

    /// The signal in each domain, from the explainer's baseline.
    pub(crate) fn explain(
        &self,
        domains: &[&dyn Domain<A>],
        signal: &ArrayD<A>,
    ) -> Result<Vec<Attribution<A>>> {
        let expected = self.explainer.model.input_shape();
        if signal.shape() != expected {
            return Err(CdigError::Shape {
                what: "the signal".into(),
                found: signal.shape().to_vec(),
                expected: format!("{expected:?}, the model's input shape"),
                advice: Some("pass several signals to `explain_batch`"),
            });
        }
        let advice = "fill or cut the gaps first";
        ensure_finite("the signal", advice, signal, A::is_finite)?;
        let baseline = self.explainer.baseline.of(signal)?;
        self.explain_from(domains, &baseline, signal)
    }

    /// The finite signal in each domain, from a finite baseline.
    pub(crate) fn explain_from(
        &self,
        domains: &[&dyn Domain<A>],
        baseline: &ArrayD<A>,
        signal: &ArrayD<A>,
    ) -> Result<Vec<Attribution<A>>> {
        let explainer = self.explainer;
        let ends: Vec<Ends<A>> = domains
            .iter()
            .map(|domain| Ends::new(*domain, baseline, signal, explainer.round_trip_tolerance))
            .collect::<Result<_>>()?;

        let mut probe = Probe::new(
            explainer.model,
            &explainer.selection,
            explainer.gradient,
            explainer.batch_size,
        )?;
        let both = stack(Axis(0), &[baseline.view(), signal.view()]).expect("one shape");
        let values = probe.values(both.view())?;
        for (end, position) in [(0, 0.0), (1, 1.0)] {
            if let Some(row) = values.row(end).iter().position(|value| !value.is_finite()) {
                return Err(CdigError::NonFinitePath {
                    what: format!("the value of {}", probe.selection.name(row)),
                    position,
                });
            }
        }

        let shared = if domains.iter().any(|domain| explainer.shares(*domain)) {
            let change = (signal - baseline).as_standard_layout().into_owned();
            let integrand = Integrand::Gradient { baseline, change };
            Some(self.plan.integrate(&mut probe, &integrand, self.tracker)?)
        } else {
            None
        };
        let mut integrals = Vec::with_capacity(domains.len());
        for (domain, ends) in domains.iter().zip(&ends) {
            integrals.push(match &shared {
                Some(gradient) if explainer.shares(*domain) => {
                    let (sum, sizes) =
                        attribute_affine(*domain, &gradient.sum, &ends.start, &ends.end)?;
                    let unit = self.plan.rounding(ends.end.len());
                    Integral {
                        sum,
                        rounding: &gradient.rounding + sizes * unit,
                        convergence: gradient.convergence.clone(),
                    }
                }
                _ => {
                    let path = explainer.path.between(&ends.start, &ends.end)?;
                    let integrand = Integrand::Attribution {
                        domain: *domain,
                        path,
                    };
                    self.plan.integrate(&mut probe, &integrand, self.tracker)?
                }
            });
        }

        let (baseline_value, value) = (values.row(0), values.row(1));
        let results = domains.iter().zip(ends).zip(integrals);
        let results = results.map(|((domain, ends), integral)| {
            let sizes = value.mapv(f64::abs) + baseline_value.mapv(f64::abs);
            let of_values = sizes * self.plan.rounding(signal.len());
            let mut found = Attribution {
                domain: domain.name().to_owned(),
                outputs: probe.selection.outputs(),
                weights: probe.selection.weights(),
                coefficients: ends.end,
                baseline_coefficients: ends.start,
                axes: domain.axes(),
                value: value.to_owned(),
                baseline_value: baseline_value.to_owned(),
                residual: &value - &baseline_value - totals(&integral.sum),
                rounding: integral.rounding + of_values,
                convergence: integral.convergence,
                attribution: integral.sum,
                evaluations: probe.evaluations,
                rule: explainer.rule,
            };
            found.judge();
            found.ensure_finite()?;
            Ok(found)
        });
        results.collect()
    }
}
