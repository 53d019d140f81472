//! Gradient SHAP, or expected gradients.

use rand::Rng;
use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::baseline::{Baseline, difference, residuals};
use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::evaluate;
use crate::method::Method;
use crate::monte_carlo::Draws;
use crate::overview::Needs;
use crate::parameters::Parameters;

/// Gradient SHAP or expected gradients, `"gradient-shap"`: integrated gradients in expectation over
/// baselines, each draw at one random point of the path from one random baseline (Lundberg, Lee
/// 2017; Erion et al. 2021, equation 4; captum: `GradientShap` without noise).
///
/// Sums over inputs are `f(x) − E f(baseline)` in expectation; the map reports standard errors and
/// what is left. Defaults: 50 draws, baselines drawn from the samples. In text: `draws`; `baseline` =
/// `zero`, `mean` or `shuffle`.
#[derive(Clone, Debug)]
pub struct GradientShap<A> {
    draws: usize,
    baseline: Baseline<A>,
}

impl<A: Scalar> GradientShap<A> {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            draws: 50,
            baseline: Baseline::Shuffle(1),
        }
    }

    /// Sets the number of draws for each sample, at least 1.
    #[must_use]
    pub fn draws(mut self, draws: usize) -> Self {
        self.draws = draws;
        self
    }

    /// Sets where paths begin. Each draw takes one of several baselines; a shuffled one is drawn
    /// anew each time.
    #[must_use]
    pub fn baseline(mut self, baseline: Baseline<A>) -> Self {
        self.baseline = baseline;
        self
    }

    pub(crate) fn parse(parameters: &mut Parameters) -> Result<Self> {
        let mut made = Self::new();
        made.draws = parameters.number("draws")?.unwrap_or(made.draws);
        made.baseline = parameters.baseline()?.unwrap_or(made.baseline);
        Ok(made)
    }
}

impl<A: Scalar> Default for GradientShap<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Scalar> Method<A> for GradientShap<A> {
    fn name(&self) -> &str {
        "gradient-shap"
    }

    fn check(&self) -> Result<()> {
        AttrError::positive("draws", self.draws)
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let (n, outputs, inputs) = (batch.len(), batch.outputs(), batch.inputs());
        let rows = batch.rows();
        let baseline = self.baseline.for_draws(self.draws);
        let baselines = baseline.of(batch, "gradient-shap")?;
        let drawn: Vec<(usize, f64)> = (0..n)
            .flat_map(|sample| {
                let mut rng = batch.rng("gradient-shap", sample);
                (0..self.draws)
                    .map(|draw| (baseline.choose(draw, &mut rng), rng.r#gen()))
                    .collect::<Vec<_>>()
            })
            .collect();
        let at = |sample: usize, draw: usize| drawn[sample * self.draws + draw];

        let mut means = Draws::new((n, outputs, inputs));
        evaluate::jacobians(
            batch,
            self.draws,
            |sample, draw, x| {
                let (which, along) = at(sample, draw);
                for (x, &start) in x.iter_mut().zip(baselines.row(sample, which)) {
                    *x = start + A::of(along) * (*x - start);
                }
            },
            |sample, draw, jacobian| {
                let way = difference(&rows, sample, baselines.row(sample, at(sample, draw).0));
                for (i, slope) in jacobian.iter().enumerate() {
                    let (output, input) = (i / inputs, i % inputs);
                    means.add((sample, output, input), draw, slope * way[input]);
                }
            },
        )?;
        let (values, variances) = means.finish(self.draws);

        // how often each baseline was drawn
        let share = |sample: usize, which: usize| {
            let taken = (0..self.draws).filter(|&draw| at(sample, draw).0 == which);
            taken.count() as f64 / self.draws as f64
        };
        let residuals = residuals(batch, &baselines, share, &values)?;
        let mut found = Attributions::new(values).with_residuals(residuals);
        found.variances = variances;
        Ok(found)
    }

    fn needs(&self) -> Needs {
        self.baseline.needs()
    }

    fn evaluations(&self, outputs: usize, _: usize) -> usize {
        self.draws * outputs + 1 + self.baseline.for_draws(self.draws).count()
    }
}
