//! Feature ablation.

use xcebra_model::Scalar;

use super::replace::replace;
use crate::attributions::Attributions;
use crate::baseline::Baseline;
use crate::batch::Batch;
use crate::error::Result;
use crate::groups::Groups;
use crate::method::Method;
use crate::overview::Needs;
use crate::parameters::Parameters;

/// Feature ablation, `"feature-ablation"`: `f(x) − f(x with a group of inputs replaced)` (captum:
/// `FeatureAblation`, and `FeaturePermutation` with a shuffled baseline).
///
/// Defaults: each input on its own, zero baseline. In text: `groups` = `each`, `channels` or `lags`;
/// `baseline` = `zero`, `mean` or `shuffle`.
#[derive(Clone, Debug, Default)]
pub struct FeatureAblation<A> {
    groups: Groups,
    baseline: Baseline<A>,
}

impl<A: Scalar> FeatureAblation<A> {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which inputs are replaced together.
    #[must_use]
    pub fn groups(mut self, groups: Groups) -> Self {
        self.groups = groups;
        self
    }

    /// Sets what they are replaced by.
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

impl<A: Scalar> Method<A> for FeatureAblation<A> {
    fn name(&self) -> &str {
        "feature-ablation"
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let groups = self.groups.members(batch.model().input_shape())?;
        replace(batch, &groups, &self.baseline, "feature-ablation")
    }

    fn needs(&self) -> Needs {
        self.baseline.needs()
    }

    fn evaluations(&self, _: usize, inputs: usize) -> usize {
        1 + self.baseline.count() * self.groups.count(inputs)
    }
}
