//! Objectives of a training: those of its configuration, and what a researcher adds.

use std::ops::Range;

use super::Trainer;
use super::objectives::{Kind, Objective, naive_loss};
use super::trainer::Temperatures;
use crate::config::{LossConfig, ObjectiveConfig};
use crate::encoder::Trainable;
use crate::error::{CoreError, Result};
use crate::objective::{Loss, Similarity};
use crate::ops::Element;
use crate::ops::{self, Adam, PairSimilarity};
use crate::path::SettingPath;
use crate::recording::Pieces;
use crate::regularizer::{Ramp, Regularizer};
use crate::sampling::Positives;

impl<E: Element, N: Trainable<E>> Trainer<E, N> {
    /// Takes the objectives of the configuration away, so that those that are added next are alone. (A
    /// configuration without objectives has one by default.)
    ///
    /// # Errors
    /// None for a trainer that exists.
    pub fn clear_objectives(&mut self) -> Result<()> {
        self.objectives.clear();
        self.temperatures = None;
        self.sampler.clear()?;
        if let Some(held_out) = &mut self.held_out {
            held_out.sampler.clear()?;
        }
        Ok(())
    }

    /// Adds a contrastive objective with your own distribution of positives. `positives`
    /// makes it for given centers; it is called for those of the training and, if something is
    /// held out, for those of the validation. The weight is a number, or a [`Ramp`] over the steps.
    ///
    /// # Errors
    /// What `positives` gives; [`CoreError::Setting`](crate::CoreError::Setting) for dimensions the encoder does
    /// not have, a weight that is negative or not finite, and a similarity outside its domain;
    /// [`CoreError::Data`](crate::CoreError::Data) if the recording is too short for it.
    pub fn add_objective(
        &mut self,
        dims: Range<usize>,
        similarity: Similarity,
        weight: impl Into<Ramp>,
        positives: impl Fn(&Pieces) -> Result<Box<dyn Positives>>,
    ) -> Result<()> {
        let path = self.next_objective().then("similarity");
        similarity.check().map_err(|e| e.within(&path))?;
        self.add_contrast(dims, Kind::Known(similarity), weight.into(), positives)
    }

    /// Adds a contrastive objective with your own similarity; otherwise as
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

    /// Adds your own loss on the embedding.
    pub fn add_loss(&mut self, loss: Box<dyn Loss<E>>) {
        self.losses.push(loss);
    }

    /// Adds your own regulariser.
    pub fn add_regularizer(&mut self, regularizer: Box<dyn Regularizer<E>>) {
        self.regularizers.push(regularizer);
    }

    /// Adds an objective of the configuration.
    pub(super) fn add_configured(&mut self, objective: &ObjectiveConfig) -> Result<()> {
        let [first, end] = objective.dims.unwrap_or([0, self.networks.of(0).outputs()]);
        let (dims, weight) = (first..end, objective.schedule());
        let recording = self.recording.clone();
        if let LossConfig::InfoNce {
            positives: config,
            similarity,
        } = &objective.loss
        {
            return self.add_contrast(dims, Kind::Known(*similarity), weight, |centers| {
                config.distribution(&recording, centers)
            });
        }
        self.check_dims(&dims)?;
        let targets = objective.loss.targets(&recording, dims.len());
        let targets = targets.map_err(|e| e.within(&self.next_objective()))?;
        if let Some(targets) = targets {
            let name = match &objective.loss {
                LossConfig::CrossEntropy { label } => format!("cross-entropy {label}"),
                LossConfig::Mse { label } => format!("mse {label}"),
                LossConfig::InfoNce { .. } => String::new(),
            };
            let again = format!("{name} (");
            let same = |o: &&Objective<E>| match &o.kind {
                Kind::Supervised { name: n, .. } => *n == name || n.starts_with(&again),
                _ => false,
            };
            let name = match self.objectives.iter().filter(same).count() {
                0 => name,
                others => format!("{name} ({})", others + 1),
            };
            let naive = naive_loss(&targets);
            self.objectives.push(Objective {
                dims,
                weight,
                kind: Kind::Supervised {
                    name,
                    targets,
                    naive,
                },
            });
        }
        Ok(())
    }

    fn add_contrast(
        &mut self,
        dims: Range<usize>,
        kind: Kind<E>,
        weight: Ramp,
        positives: impl Fn(&Pieces) -> Result<Box<dyn Positives>>,
    ) -> Result<()> {
        self.check_dims(&dims)?;
        let path = self.next_objective();
        weight.check().map_err(|e| e.within(&path))?;
        let path = path.then("positives");
        self.sampler.add(&positives).map_err(|e| e.within(&path))?;
        if let Some(held_out) = &mut self.held_out {
            let added = held_out.sampler.add(&positives);
            added.map_err(|e| e.within(&path))?;
        }
        self.objectives.push(Objective { dims, weight, kind });
        let learned: Vec<E> = self
            .objectives
            .iter()
            .filter_map(Objective::learns)
            .map(|s| E::of(s.log_inverse_temperature()))
            .collect();
        if !learned.is_empty() {
            self.temperatures = Some(Temperatures {
                adam: Adam::new(learned.len())?,
                values: ops::vector(learned),
            });
        }
        Ok(())
    }

    /// The path of the objective that is added next.
    fn next_objective(&self) -> SettingPath {
        SettingPath::objective(self.objectives.len())
    }

    fn check_dims(&self, dims: &Range<usize>) -> Result<()> {
        let outputs = self.networks.of(0).outputs();
        let whole = *dims == (0..outputs);
        if dims.is_empty()
            || dims.end > outputs
            || (self.networks.of(0).couples_outputs() && !whole)
        {
            return Err(CoreError::setting(
                self.next_objective().then("dims"),
                format!("{dims:?}"),
                format!(
                    "[first, end] with first < end ≤ {outputs}, and all dimensions for an encoder \
                     whose output is normalised"
                ),
            ));
        }
        Ok(())
    }
}
