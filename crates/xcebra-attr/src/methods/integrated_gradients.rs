//! Integrated gradients.

use ndarray::Array3;
use xcebra_model::Scalar;
use xcebra_numeric::Rule;

use crate::attributions::Attributions;
use crate::baseline::{Baseline, difference, residuals};
use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::evaluate;
use crate::method::Method;
use crate::overview::Needs;
use crate::parameters::Parameters;

/// Points on the path unless said otherwise.
const NODES: usize = 50;

/// Integrated gradients, `"integrated-gradients"`: the gradient averaged along the straight path from
/// a baseline `x'`, `(x_j − x'_j) ∫ ∂f_k/∂x_j (x' + α (x − x')) dα` (Sundararajan, Taly, Yan 2017,
/// equation 1; captum: `IntegratedGradients`).
///
/// Sums over inputs are `f(x) − f(x')` up to the error of the quadrature, which the map reports:
/// [`AttributionMap::completeness`](crate::AttributionMap::completeness). Defaults: 50
/// Gauss–Legendre nodes, zero baseline. In text: `rule` = a [`Rule`] such as `right:300`, or one of
/// `gauss-legendre`, `midpoint`, `trapezoid`, `left` and `right` with `nodes`, the number of points on
/// the path; `baseline` = `zero`, `mean` or `shuffle`.
#[derive(Clone, Debug)]
pub struct IntegratedGradients<A> {
    rule: Rule,
    baseline: Baseline<A>,
}

impl<A: Scalar> IntegratedGradients<A> {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            rule: Rule::GaussLegendre(NODES),
            baseline: Baseline::Zero,
        }
    }

    /// Sets the rule of the quadrature, any but the adaptive one, with at least one node.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// Sets where paths begin.
    #[must_use]
    pub fn baseline(mut self, baseline: Baseline<A>) -> Self {
        self.baseline = baseline;
        self
    }

    pub(crate) fn parse(parameters: &mut Parameters) -> Result<Self> {
        let mut made = Self::new();
        made.rule = rule(parameters)?;
        made.baseline = parameters.baseline()?.unwrap_or(made.baseline);
        Ok(made)
    }
}

/// `rule=right:300`, or `rule=right` and `nodes=300` apart.
fn rule(parameters: &mut Parameters) -> Result<Rule> {
    let nodes: Option<usize> = parameters.number("nodes")?;
    AttrError::positive("nodes", nodes.unwrap_or(1))?;
    let Some(text) = parameters.text("rule") else {
        return Ok(Rule::GaussLegendre(nodes.unwrap_or(NODES)));
    };
    if text.contains(':') {
        return match nodes {
            None => Ok(text.parse()?),
            Some(_) => {
                let expected = "either nodes, or a rule with its number of them";
                Err(AttrError::parameter("rule", text, expected))
            }
        };
    }
    let nodes = nodes.unwrap_or(NODES);
    match text.as_str() {
        "gauss-legendre" => Ok(Rule::GaussLegendre(nodes)),
        "midpoint" => Ok(Rule::Midpoint(nodes)),
        "left" => Ok(Rule::Left(nodes)),
        "right" => Ok(Rule::Right(nodes)),
        // a step less than it has nodes
        "trapezoid" if nodes > 1 => Ok(Rule::Trapezoid(nodes - 1)),
        "trapezoid" => {
            let expected = "at least 2 for the trapezoid rule";
            Err(AttrError::parameter("nodes", "1", expected))
        }
        _ => {
            let expected = "one of gauss-legendre, midpoint, trapezoid, left, right";
            Err(AttrError::parameter("rule", text, expected))
        }
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

    fn check(&self) -> Result<()> {
        self.rule.check()?;
        match self.rule {
            // valid, but not here: the error is that of its nodes
            Rule::Adaptive { .. } => Ok(self.rule.nodes().map(drop)?),
            _ => Ok(()),
        }
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let path = self.rule.nodes()?;
        let (n, outputs, inputs) = (batch.len(), batch.outputs(), batch.inputs());
        let rows = batch.rows();
        let baselines = self.baseline.of(batch, "integrated-gradients")?;
        let share = 1.0 / baselines.count() as f64;
        let mut found = Array3::zeros((n, outputs, inputs));
        let attributed = found.as_slice_mut().expect("freshly made");
        evaluate::jacobians(
            batch,
            baselines.count() * path.len(),
            |sample, point, x| {
                let (which, node) = (point / path.len(), point % path.len());
                let along = A::of(path[node].position);
                for (x, &start) in x.iter_mut().zip(baselines.row(sample, which)) {
                    *x = start + along * (*x - start);
                }
            },
            |sample, point, jacobian| {
                let (which, node) = (point / path.len(), point % path.len());
                let way = difference(&rows, sample, baselines.row(sample, which));
                let size = outputs * inputs;
                let attributed = &mut attributed[sample * size..(sample + 1) * size];
                let weight = share * path[node].weight;
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
        self.baseline.count() * (self.rule.points() * outputs + 1) + 1
    }
}
