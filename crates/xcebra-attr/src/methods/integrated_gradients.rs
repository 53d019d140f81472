//! Integrated gradients.

use ndarray::Array3;
use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::baseline::{Baseline, difference, residuals};
use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::evaluate;
use crate::method::Method;
use crate::overview::Needs;
use crate::parameters::Parameters;
use crate::quadrature::{Rule, nodes};

/// Integrated gradients, `"integrated-gradients"`: the gradient averaged along the straight path from
/// a baseline `x'`, `(x_j − x'_j) ∫ ∂f_k/∂x_j (x' + α (x − x')) dα` (Sundararajan, Taly, Yan 2017,
/// equation 1; captum: `IntegratedGradients`).
///
/// Sums over inputs are `f(x) − f(x')` but for the error of the quadrature, which the map reports:
/// [`AttributionMap::completeness`](crate::AttributionMap::completeness). Defaults: 50
/// Gauss–Legendre nodes, zero baseline. In text: `nodes`; `rule` = `gauss-legendre`, `midpoint`,
/// `trapezoid`, `left` or `right`; `baseline` = `zero`, `mean` or `shuffle`.
#[derive(Clone, Debug)]
pub struct IntegratedGradients<A> {
    nodes: usize,
    rule: Rule,
    baseline: Baseline<A>,
}

impl<A: Scalar> IntegratedGradients<A> {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            nodes: 50,
            rule: Rule::GaussLegendre,
            baseline: Baseline::Zero,
        }
    }

    /// Sets the number of points on the path.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] if there are none.
    pub fn with_nodes(mut self, nodes: usize) -> Result<Self> {
        self.nodes = AttrError::positive("nodes", nodes)?;
        Ok(self)
    }

    /// Sets the rule of the quadrature.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// Sets where paths begin.
    #[must_use]
    pub fn with_baseline(mut self, baseline: Baseline<A>) -> Self {
        self.baseline = baseline;
        self
    }

    pub(crate) fn parse(parameters: &mut Parameters) -> Result<Self> {
        let mut made = Self::new();
        if let Some(nodes) = parameters.number("nodes")? {
            made = made.with_nodes(nodes)?;
        }
        let rules = [
            ("gauss-legendre", Rule::GaussLegendre),
            ("midpoint", Rule::Midpoint),
            ("trapezoid", Rule::Trapezoid),
            ("left", Rule::Left),
            ("right", Rule::Right),
        ];
        made.rule = parameters.word("rule", &rules)?.unwrap_or(made.rule);
        made.baseline = parameters.baseline()?.unwrap_or(made.baseline);
        Ok(made)
    }
}

impl<A: Scalar> Default for IntegratedGradients<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Scalar> Method<A> for IntegratedGradients<A> {
    fn name(&self) -> &str {
        "integrated-gradients"
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        if self.rule == Rule::Trapezoid && self.nodes < 2 {
            let expected = "at least 2 for the trapezoid rule";
            return Err(AttrError::parameter("nodes", "1", expected));
        }
        let (n, outputs, inputs) = (batch.len(), batch.outputs(), batch.inputs());
        let rows = batch.rows();
        let baselines = self.baseline.of(batch, "integrated-gradients")?;
        let path = nodes(self.rule, self.nodes);
        let share = 1.0 / baselines.count() as f64;
        let mut found = Array3::zeros((n, outputs, inputs));
        let attributed = found.as_slice_mut().expect("freshly made");
        evaluate::jacobians(
            batch,
            baselines.count() * path.len(),
            |sample, point, x| {
                let (which, node) = (point / path.len(), point % path.len());
                let along = A::of(path[node].0);
                for (x, &start) in x.iter_mut().zip(baselines.row(sample, which)) {
                    *x = start + along * (*x - start);
                }
            },
            |sample, point, jacobian| {
                let (which, node) = (point / path.len(), point % path.len());
                let way = difference(&rows, sample, baselines.row(sample, which));
                let size = outputs * inputs;
                let attributed = &mut attributed[sample * size..(sample + 1) * size];
                let weight = share * path[node].1;
                for (row, slopes) in attributed
                    .chunks_exact_mut(inputs)
                    .zip(jacobian.chunks_exact(inputs))
                {
                    for ((entry, slope), way) in row.iter_mut().zip(slopes).zip(&way) {
                        *entry += weight * slope * way;
                    }
                }
            },
        )?;
        let residuals = residuals(batch, &baselines, |_, _| share, &found)?;
        Ok(Attributions::new(found).with_residuals(residuals))
    }

    fn needs(&self) -> Needs {
        self.baseline.needs()
    }

    fn evaluations(&self, outputs: usize, _: usize) -> usize {
        self.baseline.count() * (self.nodes * outputs + 1) + 1
    }
}
