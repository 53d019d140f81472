//! The regularisers of a training.

use rand_chacha::ChaCha8Rng;

use super::{PartValue, Trainer};
use crate::encoder::Trainable;
use crate::error::Result;
use crate::ops::Element;
use crate::ops::{self, Sum};
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
    /// Adds all regularisers, on the first `n` windows of `x`, to `sum`.
    pub(super) fn add_penalties(
        &self,
        step: usize,
        n: usize,
        x: &[E],
        rng: &mut ChaCha8Rng,
        sum: &mut Sum<E>,
    ) -> Result<Penalties> {
        let mut all = Penalties::default();
        for regularizer in &self.regularizers {
            let mut at = At {
                encoder: &self.encoder,
                samples: &x[..n * self.encoder.window().len() * self.encoder.channels()],
                count: n,
                rng,
            };
            let weight = regularizer.weight(step);
            let value = (weight > 0.0)
                .then(|| {
                    let parameters = ops::traced(&self.parameters);
                    sum.add(weight, regularizer.penalty(parameters, &mut at))
                })
                .transpose()?;
            all.total += weight * value.unwrap_or(0.0);
            all.parts
                .push(PartValue::new(regularizer.name(), value, weight));
        }
        Ok(all)
    }
}
