//! The regularisers of a training.

use rand_chacha::ChaCha8Rng;

use super::networks::Shown;
use super::{PartValue, Trainer};
use crate::encoder::Trainable;
use crate::error::Result;
use crate::ops::Element;
use crate::ops::Sum;
use crate::regularizer::At;

/// The regularisers at one batch.
#[derive(Default)]
pub struct Penalties {
    /// Their weighted sum.
    pub total: f64,
    /// Each of them.
    pub parts: Vec<PartValue>,
}

impl<E: Element, N: Trainable<E>> Trainer<E, N> {
    /// Adds all regularisers, on the references, to `sum`: the mean over all references, whichever encoder
    /// they are shown to.
    pub(super) fn add_penalties(
        &self,
        step: usize,
        shown: &[Shown<E>],
        rng: &mut ChaCha8Rng,
        sum: &mut Sum<E>,
    ) -> Result<Penalties> {
        let mut all = Penalties::default();
        let trained = shown.iter().enumerate();
        let trained: Vec<_> = trained
            .filter(|(subject, shown)| self.networks.is_trained(*subject) && shown.references() > 0)
            .collect();
        let total: usize = trained.iter().map(|(_, shown)| shown.references()).sum();
        for regularizer in &self.regularizers {
            let weight = regularizer.weight(step);
            let mut value = (weight > 0.0).then_some(0.0);
            for (subject, shown) in &trained {
                let Some(value) = &mut value else {
                    continue;
                };
                let samples = self.networks.references(*subject, shown);
                let mut at = At {
                    encoder: self.networks.of(*subject),
                    samples: &samples,
                    count: shown.references(),
                    rng,
                };
                let parameters = self.networks.parameters(*subject, &self.parameters);
                let share = shown.references() as f64 / total as f64;
                let own = regularizer.penalty(parameters, &mut at);
                *value += share * sum.add(weight * share, own)?;
            }
            all.total += weight * value.unwrap_or(0.0);
            all.parts
                .push(PartValue::new(regularizer.name(), value, weight));
        }
        Ok(all)
    }
}
