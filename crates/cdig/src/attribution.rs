//! The result of an explanation.

mod packed;
mod reading;

use ndarray::{Array1, ArrayD, ArrayViewD, Axis};
use num_complex::Complex;
use xcebra_model::Scalar;
use xcebra_numeric::{Rule, ensure_finite};

use crate::axes::Axes;
use crate::error::Result;

pub use reading::Top;

/// What each coefficient of a signal contributes to each output.
///
/// Attributions, values and residuals are in the unit of the output and in double precision, whichever
/// precision the model has.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Attribution<A: Scalar> {
    /// Name of the domain.
    pub domain: String,
    /// Indices of the explained outputs, in the order of the first axis of `attribution`.
    pub outputs: Vec<usize>,
    /// Weights of the outputs if they were summed; the first axis of `attribution` has length 1 then.
    pub weights: Option<Vec<f64>>,
    /// Coefficients `z` of the signal.
    pub coefficients: ArrayD<Complex<A>>,
    /// Coefficients `z'` of the baseline.
    pub baseline_coefficients: ArrayD<Complex<A>>,
    /// Attribution `(outputs, …coefficient_shape)`.
    pub attribution: ArrayD<f64>,
    /// What the axes of the coefficients mean.
    pub axes: Axes,
    /// `F(x)` of each explained output.
    pub value: Array1<f64>,
    /// `F(x')` of each explained output at the baseline.
    pub baseline_value: Array1<f64>,
    /// `F(x) − F(x') − Σ attribution` of each output. With a fixed rule it is what the quadrature missed; compare
    /// it with `F(x) − F(x')`. The adaptive rule uses the known difference to choose its weights, so that
    /// only rounding remains where the model is continuous. A small residual is then not evidence of accuracy:
    /// `convergence` says what the sum lacked before, and how far single attributions may be off. Where the
    /// model jumps, the residual is the sum of the jumps.
    pub residual: Array1<f64>,
    /// What rounding alone may make of the residual: the model's precision, relative to the terms of
    /// which `F` is a sum. A residual below it says nothing.
    pub rounding: Array1<f64>,
    /// What the adaptive rule knows about its error; `None` with other rules.
    pub convergence: Option<Convergence>,
    /// Model evaluations spent, together for all domains explained in the same call.
    pub evaluations: Evaluations,
    /// The quadrature rule, used on each piece of the path.
    pub rule: Rule,
}

/// How well the adaptive rule did.
#[derive(Debug, Clone, PartialEq)]
pub struct Convergence {
    /// For each output how far attributions are off, in the unit of the output: estimated root of the sum
    /// of their squared errors, over the coefficients, or over the samples where domains share their
    /// evaluations. It follows from what the latest refinements changed, so it is a deviation that
    /// chance may exceed, no bound. On smooth models it is at least the sum, over intervals of the path, of
    /// absolute errors of completeness.
    pub error_estimate: Array1<f64>,
    /// What the sum of attributions would lack with weights that know nothing of `F`: those of the trapezoid
    /// rule on the same points (of Clenshaw and Curtis on smooth models).
    pub quadrature_residual: Array1<f64>,
    /// For each output the sum of the absolute sizes of jumps of `F` on the path: changes over intervals so narrow
    /// that the model would have to be a million times steeper there than anywhere else to explain them. No
    /// gradient sees them, so no rule can attribute them. With many small jumps (a model of rounded
    /// numbers) it is an estimate from those that the budget allowed to look at; 0 if there are none.
    pub jumps: Array1<f64>,
    /// Whether for every output `error_estimate` is within the tolerance of the rule, and the residual within the
    /// tolerance times `|F(x) − F(x')|`, or both within [`rounding`](Attribution::rounding).
    pub tolerance_met: bool,
    /// Path points used.
    pub points: usize,
}

/// Model evaluations, counted in samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evaluations {
    /// Samples whose outputs were computed: at the ends of the path, at the points of the adaptive
    /// rule (which most models give along with the gradient), and in place of gradients for a model
    /// that has none.
    pub values: usize,
    /// Gradients: pull-backs of one output at one path point.
    pub gradients: usize,
}

/// Attribution added up over groups of coefficients.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouped {
    /// Names of the groups, in the order of the summed axis.
    pub names: Vec<String>,
    /// Sums `(outputs, …)`, the grouped axis as long as there are groups.
    pub sums: ArrayD<f64>,
}

impl<A: Scalar> Attribution<A> {
    /// Attribution `(…coefficient_shape)` of one output, by its index in the model; `None` if it
    /// was not explained for itself.
    pub fn of_output(&self, output: usize) -> Option<ArrayViewD<'_, f64>> {
        if self.weights.is_some() {
            return None;
        }
        let row = self.outputs.iter().position(|&k| k == output)?;
        Some(self.attribution.index_axis(Axis(0), row))
    }

    /// Sum of the attribution of each output.
    pub fn total(&self) -> Array1<f64> {
        totals(&self.attribution)
    }

    /// Size of the residual of each output relative to `|F(x) − F(x')|`; 0 if it is rounding, infinite if there
    /// is a residual and no change.
    pub fn relative_residual(&self) -> Array1<f64> {
        self.relative(|o| self.residual[o].abs())
    }

    /// Share of each output's change that is in jumps, as [`Convergence::jumps`] tells; 0 for other rules than
    /// the adaptive one, infinite if jumps cancel out.
    pub fn jump_share(&self) -> Array1<f64> {
        let jumps = self.convergence.as_ref().map(|c| &c.jumps);
        self.relative(|o| jumps.map_or(0.0, |jumps| jumps[o]))
    }

    fn relative(&self, size: impl Fn(usize) -> f64) -> Array1<f64> {
        let share = |o: usize| match size(o) {
            size if size <= self.rounding[o] => 0.0,
            size => size / (self.value[o] - self.baseline_value[o]).abs(),
        };
        (0..self.value.len()).map(share).collect()
    }

    /// Takes back that the tolerance was met if the residual says otherwise.
    pub(crate) fn judge(&mut self) {
        let (Some(convergence), Rule::Adaptive { tolerance, .. }) =
            (&mut self.convergence, self.rule)
        else {
            return;
        };
        convergence.tolerance_met &= (0..self.value.len()).all(|o| {
            let change = (self.value[o] - self.baseline_value[o]).abs();
            self.residual[o].abs() <= (tolerance * change).max(self.rounding[o])
        });
    }

    /// Refuses a result with an entry that is infinite or NaN.
    pub(crate) fn ensure_finite(&self) -> Result<()> {
        let domain = &self.domain;
        let named = |what: &str| format!("the {what} in the domain '{domain}'");
        ensure_finite(&named("attribution"), &self.attribution)?;
        ensure_finite(&named("residual"), &self.residual)?;
        ensure_finite(&named("rounding"), &self.rounding)?;
        ensure_finite(&named("value"), &self.value)?;
        ensure_finite(&named("baseline's value"), &self.baseline_value)?;
        for coefficients in [&self.coefficients, &self.baseline_coefficients] {
            ensure_finite(&named("coefficients"), coefficients)?;
        }
        if let Some(convergence) = &self.convergence {
            ensure_finite(&named("error estimate"), &convergence.error_estimate)?;
            ensure_finite(
                &named("quadrature residual"),
                &convergence.quadrature_residual,
            )?;
            ensure_finite(&named("jumps"), &convergence.jumps)?;
        }
        Ok(())
    }

    /// Sums over the groups (bands, levels, components) of one axis of the coefficients, counted
    /// without the axis of outputs.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if there is no such axis or it has no groups.
    pub fn by_group(&self, axis: usize) -> Result<Grouped> {
        let groups = self.axes.groups_along(axis)?;
        let axis = Axis(axis + 1);
        let mut shape = self.attribution.raw_dim();
        shape[axis.index()] = groups.len();
        let mut sums = ArrayD::zeros(shape);
        for (group, mut sum) in groups.iter().zip(sums.axis_iter_mut(axis)) {
            for &member in &group.members {
                sum += &self.attribution.index_axis(axis, member);
            }
        }
        Ok(Grouped {
            names: groups.iter().map(|group| group.name.clone()).collect(),
            sums,
        })
    }
}

pub(crate) fn totals(attribution: &ArrayD<f64>) -> Array1<f64> {
    attribution
        .outer_iter()
        .map(|output| output.sum())
        .collect()
}
