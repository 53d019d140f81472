//! Exact Shapley values of few groups of inputs.

use ndarray::Array3;
use xcebra_model::Scalar;

use super::shapley_sampling::spread;
use crate::attributions::Attributions;
use crate::baseline::Baseline;
use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::evaluate;
use crate::groups::Groups;
use crate::method::Method;
use crate::overview::Needs;
use crate::parameters::Parameters;

/// Most groups: 65,536 evaluations a sample.
const MAX_PLAYERS: usize = 16;

/// Exact Shapley values, `"exact-shapley"`, of at most 16 groups of inputs, from the outputs of all
/// subsets: `Σ_S |S|! (G − |S| − 1)! / G! (f(S ∪ g) − f(S))`, absent groups replaced by the
/// baseline (Shapley 1953; captum: `ShapleyValues`).
///
/// Sums over groups are `f(x) − f(baseline)`. Defaults: each input on its own, zero baseline. In
/// text: `groups` = `each`, `channels` or `lags`; `baseline` = `zero`, `mean` or `shuffle`.
#[derive(Clone, Debug, Default)]
pub struct ExactShapley<A> {
    groups: Groups,
    baseline: Baseline<A>,
}

impl<A: Scalar> ExactShapley<A> {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which inputs are one player.
    #[must_use]
    pub fn groups(mut self, groups: Groups) -> Self {
        self.groups = groups;
        self
    }

    /// Sets what absent inputs are replaced by.
    #[must_use]
    pub fn baseline(mut self, baseline: Baseline<A>) -> Self {
        self.baseline = baseline;
        self
    }

    pub(crate) fn parse(parameters: &mut Parameters) -> Result<Self> {
        Ok(Self {
            groups: parameters.groups()?.unwrap_or_default(),
            baseline: parameters.baseline()?.unwrap_or_default(),
        })
    }
}

impl<A: Scalar> Method<A> for ExactShapley<A> {
    fn name(&self) -> &str {
        "exact-shapley"
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let (n, outputs) = (batch.len(), batch.outputs());
        let groups = self.groups.members(batch.model().input_shape())?;
        let players = groups.len();
        if players > MAX_PLAYERS {
            return Err(AttrError::parameter_with(
                "the groups of exact-shapley",
                format!("{players} groups"),
                format!("at most {MAX_PLAYERS}"),
                "put more inputs into a group, or take shapley-sampling",
            ));
        }
        let baselines = self.baseline.of(batch, "exact-shapley")?;
        let share = 1.0 / baselines.count() as f64;
        let subsets = 1_usize << players;
        let weights = weights(players);
        let mut found = Array3::zeros((n, outputs, players));
        // outputs of each subset; bit g tells whether group g is present
        let mut table = vec![0.0; subsets * outputs];
        evaluate::values(
            batch,
            baselines.count() * subsets,
            |sample, point, x| {
                let (row, subset) = (baselines.row(sample, point / subsets), point % subsets);
                for (group, members) in groups.iter().enumerate() {
                    if subset >> group & 1 == 0 {
                        members.iter().for_each(|&input| x[input] = row[input]);
                    }
                }
            },
            |sample, point, y| {
                let subset = point % subsets;
                table[subset * outputs..(subset + 1) * outputs].copy_from_slice(y);
                if subset + 1 < subsets {
                    return;
                }
                for group in 0..players {
                    for without in (0..subsets).filter(|subset| subset >> group & 1 == 0) {
                        let weight = share * weights[without.count_ones() as usize];
                        let with = without | 1 << group;
                        for output in 0..outputs {
                            let added =
                                table[with * outputs + output] - table[without * outputs + output];
                            found[[sample, output, group]] += weight * added;
                        }
                    }
                }
            },
        )?;
        Ok(Attributions::new(spread(&found, &groups, batch.inputs())))
    }

    fn needs(&self) -> Needs {
        self.baseline.needs()
    }

    fn evaluations(&self, _: usize, inputs: usize) -> usize {
        self.baseline.count() << self.groups.count(inputs).min(MAX_PLAYERS)
    }
}

/// `s! (G − s − 1)! / G!` for sets of `s` groups.
fn weights(players: usize) -> Vec<f64> {
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    let weight = |s: usize| factorial(s) * factorial(players - s - 1) / factorial(players);
    (0..players).map(weight).collect()
}
