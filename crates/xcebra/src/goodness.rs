//! How well an encoder fits a recording.

use xcebra_core::Trainer;
use xcebra_model::Watch;

use crate::fit::{Arrays, Data, Known};
use crate::{Problem, Result, Run};

/// Batches over which the loss is averaged.
const BATCHES: u64 = 8;

/// Goodness of fit of each contrastive objective on a recording that need not be the one of the training, in bits
/// over chance: 0 for an encoder that maps all samples to one point. Channels are brought to the scale of the
/// training; references and negatives are drawn in the same way each time.
///
/// # Errors
/// [`Problem`] if a session has other channels than the training or a label is missing, and of the kind
/// [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
pub fn goodness_of_fit(run: &Run, recording: Arrays, watch: &Watch<'_>) -> Result<Vec<f64>> {
    let before = Known {
        subjects: Some(vec![0; recording.sessions.len()]),
        channels: vec![run.channels.clone()],
    };
    let data = Data::of_arrays_as(recording, &run.settings, &before)?;
    let mut config = run.settings.config();
    config.train.steps = 1;
    config.validation.held_out = 0.0;
    config.regularizer.weight = 0.0;
    let mut sums = Vec::new();
    for seed in 0..BATCHES {
        if watch.is_stopped() {
            return Err(Problem::stopped());
        }
        config.train.seed = seed;
        let (recording, encoder) = (data.recording.clone(), run.encoder.clone());
        let mut trainer = Trainer::with_encoder(config.clone(), recording, encoder)?;
        // the loss of a step is that of the parameters before it
        let report = trainer.step()?;
        sums.resize(report.terms.len(), 0.0);
        for (sum, term) in sums.iter_mut().zip(&report.terms) {
            *sum += term.bits_over_chance() / BATCHES as f64;
        }
    }
    match sums.is_empty() {
        true => Err(Problem::setting(
            "the encoder has no contrastive objective, so there is no goodness of fit",
            "measure how well its outputs predict the label instead",
        )),
        false => Ok(sums),
    }
}
