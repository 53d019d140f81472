//! Trainings that differ from the one in the folder by their seed, to see how alike they are.

use std::fs;
use std::path::PathBuf;

use xcebra::across_seeds;
use xcebra::core::{Checkpoint, Config, Encoder, Trainer};
use xcebra::files::FileError;

use super::keeper::Keeper;
use super::result::Finished;
use crate::{Problem, Result, Session};

/// Trains from more seeds, `count` with the one that is done, and adds to the written results how alike
/// they are.
///
/// An encoder is kept in the folder once it is trained, and its training by checkpoints until then,
/// so that after a break only the last steps are made again.
pub fn compare(
    session: &Session,
    finished: &mut Finished,
    keeper: &mut Keeper,
    count: usize,
) -> Result<()> {
    let config = finished.run().settings.config();
    let (first, steps) = (config.train.seed, config.train.steps);
    let progress = session.progress("seeds", ((count - 1) * steps) as u64);
    let (encoder, recording) = (&finished.run().encoder, finished.recording());
    let train = |config: Config| {
        let seed = config.train.seed;
        let [model, checkpoint] = files(keeper, seed);
        if model.is_file() {
            return Ok(Encoder::load(model)?);
        }
        let mut trainer = Trainer::new(config, recording.clone())?;
        if checkpoint.is_file() {
            trainer.restore(&Checkpoint::load(&checkpoint)?)?;
        }
        let nth = seed.wrapping_sub(first) as usize;
        while !trainer.is_done() {
            trainer.step()?;
            let done = (nth - 1) * steps + trainer.steps_made();
            progress.at(done as u64, &format!("seed {} of {count}", nth + 1));
            keeper.after_step_of_another(&trainer, &checkpoint)?;
        }
        let encoder = trainer.finish()?.0;
        encoder.save(&model)?;
        if checkpoint.is_file() {
            fs::remove_file(&checkpoint).map_err(|source| FileError::Write {
                path: checkpoint,
                source,
            })?;
        }
        Ok::<_, Problem>(encoder)
    };
    let agreement = across_seeds(encoder, &config, recording, count, train)?;
    finished.add_seeds(agreement, keeper.folder())
}

/// The encoder of a seed, and the checkpoint of its training; what begins like them goes when all is
/// done.
fn files(keeper: &Keeper, seed: u64) -> [PathBuf; 2] {
    ["safetensors", "checkpoint.safetensors"].map(|end| {
        let name = format!(".xcebra-seed-{seed}.{end}");
        keeper.folder().join(name)
    })
}
