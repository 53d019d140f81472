//! What a researcher adds to a training.

use std::ops::Range;

use super::Trainer;
use super::objectives::Kind;
use super::sampler::Sampler;
use crate::element::Element;
use crate::encoder::Trainable;
use crate::error::Result;
use crate::objective::{Loss, Similarity};
use crate::ops::{self, PairSimilarity};
use crate::regularizer::{Ramp, Regularizer};
use crate::sampling::{Pieces, Positives};

impl<E: Element, N: Trainable<E>> Trainer<E, N> {
    /// Takes the objectives of the configuration away, so that those that are added next are alone. (A
    /// configuration without objectives has one by default.)
    ///
    /// # Errors
    /// None for a trainer that exists.
    pub fn clear_objectives(&mut self) -> Result<()> {
        self.objectives.clear();
        self.temperatures = None;
        self.sampler = Sampler::new(self.sampler.centers().clone())?;
        if let Some(held_out) = &mut self.held_out {
            held_out.sampler = Sampler::new(held_out.sampler.centers().clone())?;
        }
        Ok(())
    }

    /// Adds a contrastive objective with a distribution of positives of one's own. `positives`
    /// makes it for given centers; it is called for those of the training and, if something is
    /// held out, for those of the validation. The weight is a number, or a [`Ramp`] over the steps.
    ///
    /// # Errors
    /// What `positives` gives; [`Error::Setting`](crate::Error::Setting) for dimensions the encoder does
    /// not have, a weight that is negative or not finite, and a similarity outside its domain;
    /// [`Error::Data`](crate::Error::Data) if the recording is too short for it.
    pub fn add_objective(
        &mut self,
        dims: Range<usize>,
        similarity: Similarity,
        weight: impl Into<Ramp>,
        positives: impl Fn(&Pieces) -> Result<Box<dyn Positives>>,
    ) -> Result<()> {
        let i = self.objectives.len();
        similarity.check(|name| format!("objective.{i}.similarity.{name}"))?;
        self.add_contrast(dims, Kind::Known(similarity), weight.into(), positives)
    }

    /// Adds a contrastive objective with a similarity of one's own; otherwise as
    /// [`add_objective`](Self::add_objective).
    ///
    /// # Errors
    /// As [`add_objective`](Self::add_objective).
    pub fn add_objective_by(
        &mut self,
        dims: Range<usize>,
        similarity: impl PairSimilarity<E> + Send + 'static,
        weight: impl Into<Ramp>,
        positives: impl Fn(&Pieces) -> Result<Box<dyn Positives>>,
    ) -> Result<()> {
        let kind = Kind::Own(Box::new(move |embedding, pairs, buffers| {
            ops::info_nce_by(embedding, pairs, &similarity, buffers)
        }));
        self.add_contrast(dims, kind, weight.into(), positives)
    }

    /// Adds a loss of one's own on the embedding.
    pub fn add_loss(&mut self, loss: Box<dyn Loss<E>>) {
        self.losses.push(loss);
    }

    /// Adds a regulariser of one's own.
    pub fn add_regularizer(&mut self, regularizer: Box<dyn Regularizer<E>>) {
        self.regularizers.push(regularizer);
    }
}
