//! Shapley values by sampling permutations.

use ndarray::{Array3, Axis};
use rand::seq::SliceRandom;
use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::baseline::Baseline;
use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::evaluate;
use crate::groups::Groups;
use crate::method::Method;
use crate::monte_carlo::Draws;
use crate::overview::Needs;
use crate::parameters::Parameters;

/// Shapley values by sampling, `"shapley-sampling"`: what a group of inputs adds when groups are
/// turned from the baseline to the sample in random order (Štrumbelj, Kononenko 2010; captum:
/// `ShapleyValueSampling`).
///
/// Unbiased; sums over groups are `f(x) − f(baseline)` for any number of permutations. The map
/// reports standard errors. Defaults: 25 permutations, each input on its own, zero baseline. In text:
/// `permutations`; `groups` = `each`, `channels` or `lags`; `baseline` = `zero`, `mean` or `shuffle`.
#[derive(Clone, Debug)]
pub struct ShapleySampling<A> {
    permutations: usize,
    groups: Groups,
    baseline: Baseline<A>,
}

impl<A: Scalar> ShapleySampling<A> {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            permutations: 25,
            groups: Groups::Each,
            baseline: Baseline::Zero,
        }
    }

    /// Sets the number of permutations for each sample, at least 1.
    #[must_use]
    pub fn permutations(mut self, permutations: usize) -> Self {
        self.permutations = permutations;
        self
    }

    /// Sets which inputs are one player.
    #[must_use]
    pub fn groups(mut self, groups: Groups) -> Self {
        self.groups = groups;
        self
    }

    /// Sets what absent inputs are replaced by. Each permutation takes one of several baselines; a
    /// shuffled one is drawn anew each time.
    #[must_use]
    pub fn baseline(mut self, baseline: Baseline<A>) -> Self {
        self.baseline = baseline;
        self
    }

    pub(crate) fn parse(parameters: &mut Parameters) -> Result<Self> {
        let mut made = Self::new();
        made.permutations = parameters
            .number("permutations")?
            .unwrap_or(made.permutations);
        made.groups = parameters.groups()?.unwrap_or_default();
        made.baseline = parameters.baseline()?.unwrap_or_default();
        Ok(made)
    }
}

impl<A: Scalar> Default for ShapleySampling<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Scalar> Method<A> for ShapleySampling<A> {
    fn name(&self) -> &str {
        "shapley-sampling"
    }

    fn check(&self) -> Result<()> {
        AttrError::positive("permutations", self.permutations)
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let (n, outputs, rounds) = (batch.len(), batch.outputs(), self.permutations);
        let groups = self.groups.members(batch.model().input_shape())?;
        let players = groups.len();
        let baseline = self.baseline.for_draws(rounds);
        let baselines = baseline.of(batch, "shapley-sampling")?;
        // orders of all permutations of all samples, and the baseline each starts from
        let (mut orders, mut starts) = (Vec::with_capacity(n * rounds * players), Vec::new());
        for sample in 0..n {
            let mut rng = batch.rng("shapley-sampling", sample);
            for round in 0..rounds {
                starts.push(baseline.choose(round, &mut rng));
                let begin = orders.len();
                orders.extend(0..players as u32);
                orders[begin..].shuffle(&mut rng);
            }
        }
        let order =
            |sample: usize, round: usize| &orders[(sample * rounds + round) * players..][..players];

        let mut means = Draws::new((n, outputs, players));
        let mut before = vec![0.0; outputs];
        let steps = players + 1;
        evaluate::values(
            batch,
            rounds * steps,
            |sample, point, x| {
                let (round, step) = (point / steps, point % steps);
                let start = baselines.row(sample, starts[sample * rounds + round]);
                for &absent in &order(sample, round)[step..] {
                    for &input in &groups[absent as usize] {
                        x[input] = start[input];
                    }
                }
            },
            |sample, point, y| {
                let (round, step) = (point / steps, point % steps);
                if let Some(last) = step.checked_sub(1) {
                    let player = order(sample, round)[last] as usize;
                    for (output, y) in y.iter().enumerate() {
                        means.add((sample, output, player), round, y - before[output]);
                    }
                }
                before.copy_from_slice(y);
            },
        )?;
        let (values, variances) = means.finish(rounds);
        let inputs = batch.inputs();
        let mut found = Attributions::new(spread(&values, &groups, inputs));
        found.variances = variances.map(|variances| spread(&variances, &groups, inputs));
        Ok(found)
    }

    fn needs(&self) -> Needs {
        self.baseline.needs()
    }

    fn evaluations(&self, _: usize, inputs: usize) -> usize {
        self.permutations * (self.groups.count(inputs) + 1)
    }
}

/// Gives each input the value of its group.
pub(super) fn spread(by_group: &Array3<f64>, groups: &[Vec<usize>], inputs: usize) -> Array3<f64> {
    let (n, outputs, _) = by_group.dim();
    let mut by_input = Array3::zeros((n, outputs, inputs));
    for (group, members) in groups.iter().enumerate() {
        for &input in members {
            let mut column = by_input.index_axis_mut(Axis(2), input);
            column.assign(&by_group.index_axis(Axis(2), group));
        }
    }
    by_input
}
