//! Trainings that differ by their seed, to see how alike they are.

use std::path::Path;
use std::time::Duration;

use xcebra_core::{Config, Encoder, Trainer};
use xcebra_model::Watch;

use super::keeper::Keeper;
use super::result::Fitted;
use crate::kept::KeptTraining;
use crate::{Problem, Result, SeedAgreement, across_seeds};

/// Trains from more seeds, `count` with the one that is done, in memory, and says how alike the encoders are.
///
/// # Errors
/// [`Problem`] if a training fails, or `fitted` went on from an earlier training, which another seed does not repeat; of
/// the kind [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
pub fn compare(fitted: &Fitted, count: usize, watch: &Watch<'_>) -> Result<SeedAgreement> {
    fitted.require_repeatable()?;
    let config = fitted.run().settings.config();
    let recording = fitted.recording();
    let first = recording.subject(0);
    let report = report(&config, count, watch);
    let train = |config: Config| {
        let seed = config.train.seed;
        let mut trainer = Trainer::new(config, recording.clone())?;
        while !trainer.is_done() {
            trainer.step()?;
            report(seed, trainer.steps_made());
            if watch.is_stopped() {
                return Err(Problem::stopped());
            }
        }
        first_encoder(trainer)
    };
    across_seeds(&fitted.run().encoder, &config, &first, count, train)
}

/// As [`compare`], in the folder of the training, and adds the agreement to the written results.
///
/// An encoder is kept in the folder once it is trained, and its training by checkpoints until then,
/// so that after a break only the last steps are made again.
pub fn compare_in_folder(
    fitted: &mut Fitted,
    keeper: &mut Keeper<'_>,
    count: usize,
    watch: &Watch<'_>,
) -> Result<()> {
    let config = fitted.run().settings.config();
    let (encoder, recording) = (&fitted.run().encoder, fitted.recording());
    let first = recording.subject(0);
    let report = report(&config, count, watch);
    let train = |config: Config| {
        let seed = config.train.seed;
        let begin = || Ok(Trainer::new(config, recording.clone())?);
        let told = |trainer: &Trainer<f32>| report(seed, trainer.steps_made());
        let kept = of_seed(keeper.folder(), seed, keeper.every());
        let found = kept.trained(0, begin, told, watch);
        found.map_err(|problem| keeper.of_another(problem))
    };
    let agreement = across_seeds(encoder, &config, &first, count, train)?;
    fitted.add_seeds(agreement, keeper.folder())
}

/// The encoder of the first subject, which stands for all: they are trained together.
fn first_encoder(trainer: Trainer<f32>) -> Result<Encoder<f32>> {
    Ok(trainer.finish_all()?.0.swap_remove(0))
}

/// Reports the steps that the training of a seed has made, among those of all seeds after the first.
fn report(config: &Config, count: usize, watch: &Watch<'_>) -> impl Fn(u64, usize) {
    let (first, steps) = (config.train.seed, config.train.steps);
    let total = (count.saturating_sub(1) * steps) as u64;
    watch.progress("seeds", (0, total), "");
    move |seed, made| {
        let nth = seed.wrapping_sub(first) as usize;
        let done = nth.saturating_sub(1) * steps + made;
        let message = format!("seed {} of {count}", nth + 1);
        watch.progress("seeds", (done as u64, total), &message);
    }
}

/// The training of a seed in the folder of the first; what begins like its files goes when all is done.
pub(crate) fn of_seed(folder: &Path, seed: u64, every: Duration) -> KeptTraining {
    let [encoder, checkpoint] = ["safetensors", "checkpoint.safetensors"]
        .map(|end| folder.join(format!(".xcebra-seed-{seed}.{end}")));
    KeptTraining {
        encoder,
        checkpoint,
        every,
    }
}
