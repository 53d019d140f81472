//! Laying a training down, and taking it up again.

use super::Trainer;
use super::checkpoint::{Checkpoint, State};
use super::trainer::Temperatures;
use crate::encoder::Trainable;
use crate::error::{CoreError, Result};
use crate::fingerprint::Fingerprint;
use crate::ops::Element;
use crate::ops::{self, Adam, Moments};

const PARAMETERS: &str = "parameters";
const FIRST: &str = "first";
const SECOND: &str = "second";
const BEST: &str = "best";
/// Values and moments of the learned temperatures.
const TEMPERATURES: [&str; 3] = [
    "temperatures.parameters",
    "temperatures.first",
    "temperatures.second",
];

impl<E: Element, N: Trainable<E>> Trainer<E, N> {
    fn fingerprint(&self) -> Fingerprint {
        *self
            .fingerprint
            .get_or_init(|| Fingerprint::of(&self.recording))
    }

    /// Everything this training has become, to go on from later.
    pub fn checkpoint(&self) -> Checkpoint<E> {
        let moments = self.adam.moments();
        let mut checkpoint = Checkpoint::new(State {
            element: String::new(),
            config: self.config.clone(),
            recording: self.fingerprint(),
            step: self.step,
            updates: moments.step,
            samples: self.samples.get_word_pos().to_string(),
            probes: self.probes.get_word_pos().to_string(),
            watch: self.watch.clone(),
            validation: self.held_out.as_ref().map(|h| h.progress.clone()),
            history: self.history.clone(),
        });
        let mut keep = |name: &str, vector| checkpoint.vectors.insert(name.to_owned(), vector);
        keep(PARAMETERS, self.parameters.as_vec());
        keep(FIRST, moments.first);
        keep(SECOND, moments.second);
        if let Some(t) = &self.temperatures {
            let moments = t.adam.moments();
            keep(TEMPERATURES[0], t.values.as_vec());
            keep(TEMPERATURES[1], moments.first);
            keep(TEMPERATURES[2], moments.second);
        }
        if let Some(best) = self.held_out.as_ref().and_then(|h| h.best.clone()) {
            keep(BEST, best);
        }
        checkpoint
    }

    /// Goes on from a checkpoint of the same training: the same configuration, recording, encoder
    /// and additions. What follows is bit by bit what would have followed without the break.
    ///
    /// # Errors
    /// [`CoreError::Data`] if the checkpoint belongs to another configuration, recording or encoder;
    /// the training is then as before.
    pub fn restore(&mut self, checkpoint: &Checkpoint<E>) -> Result<()> {
        let state = &checkpoint.state;
        let foreign = |problem: String| {
            CoreError::data(
                "the checkpoint",
                problem,
                "resume a training with its own settings and recording",
            )
        };
        if state.config != self.config {
            return Err(foreign("it was made with other settings".to_owned()));
        }
        let here = self.fingerprint();
        if state.recording != here {
            return Err(foreign(format!(
                "it was made with another recording ({}, and this one is {here})",
                state.recording
            )));
        }
        let len = self.parameters.as_vec().len();
        let moments = Moments {
            first: checkpoint.vector(FIRST, len)?,
            second: checkpoint.vector(SECOND, len)?,
            step: state.updates,
        };
        let parameters = checkpoint.vector(PARAMETERS, len)?;
        let temperatures = self
            .temperatures
            .as_ref()
            .map(|t| {
                let vector = |name| checkpoint.vector(name, t.values.as_vec().len());
                let moments = Moments {
                    first: vector(TEMPERATURES[1])?,
                    second: vector(TEMPERATURES[2])?,
                    step: state.updates,
                };
                Ok::<_, CoreError>(Temperatures {
                    values: ops::vector(vector(TEMPERATURES[0])?),
                    adam: Adam::from_moments(&moments)?,
                })
            })
            .transpose()?;
        let position = |text: &str| {
            text.parse::<u128>()
                .map_err(|_| foreign(format!("`{text}` is no position of a random stream")))
        };
        let (samples, probes) = (position(&state.samples)?, position(&state.probes)?);
        let best = checkpoint
            .vectors
            .contains_key(BEST)
            .then(|| checkpoint.vector(BEST, len))
            .transpose()?;
        self.adam = Adam::from_moments(&moments)?;
        self.parameters = ops::vector(parameters);
        self.temperatures = temperatures;
        self.samples.set_word_pos(samples);
        self.probes.set_word_pos(probes);
        if let (Some(held_out), Some(progress)) = (&mut self.held_out, &state.validation) {
            held_out.progress = progress.clone();
            held_out.best = best;
        }
        self.step = state.step;
        self.watch = state.watch.clone();
        self.history = state.history.clone();
        Ok(())
    }
}
