//! One training of the grid, scored.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use xcebra::Diagnostics;
use xcebra::core::{Edges, Labels, Recording, Trainer};
use xcebra::eval::linear_r2;
use xcebra::files::{Source, read};
use xcebra::synth::DatasetConfig;

use super::protocol::{EXERCISE, LABEL, Recorded, Settings};
use crate::animal::observe;
use crate::case_study::example;
use crate::error::Result;
use crate::maps::{maps, scores};
use crate::recordings::standardized;

/// What one training gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// auROC over all entries of a map, by name; empty where the true map is not known.
    pub pooled: BTreeMap<String, f64>,
    /// The mean of those within each block of latents.
    pub by_latent: BTreeMap<String, f64>,
    /// R² of the latents from the embedding, where they are known.
    pub r2: Option<f64>,
    /// What a fit knows of itself, without the truth.
    pub diagnostics: Diagnostics,
    /// Share of outputs at the encoder's limit.
    pub at_limit: f64,
}

/// A recording, with its true map and its latents where they are known.
struct Known {
    recording: Recording<f32>,
    truth: Option<(Array2<bool>, Array2<f64>)>,
}

/// Makes the recording, trains, and scores.
///
/// # Errors
/// Those of the parts.
pub fn run(settings: &Settings) -> Result<Outcome> {
    let Known { recording, truth } = known(settings)?;
    let config = settings.config();
    let mut trainer = Trainer::new(config.clone(), recording.clone())?;
    trainer.run(|_, _| ControlFlow::Continue(()))?;
    let (encoder, history) = trainer.finish()?;
    let diagnostics = Diagnostics::of(&encoder, &config, &recording, &history)?;
    let x = recording.samples().into_owned();
    let maps = maps(&encoder, &config, &x, settings.attributed)?;
    let (_, embedding) = xcebra::embed_sessions(&encoder, &recording, Edges::Pad, |_| ())?;
    let limit = config.encoder.clip as f32;
    let limited = embedding.iter().filter(|v| v.abs() >= limit).count();
    let (mut pooled, mut by_latent, mut r2) = (BTreeMap::new(), BTreeMap::new(), None);
    if let Some((truth, latents)) = &truth {
        [pooled, by_latent] = scores(&maps, truth)?;
        r2 = Some(linear_r2(&embedding.mapv(f64::from), latents)?);
    }
    Ok(Outcome {
        pooled,
        by_latent,
        r2,
        diagnostics,
        at_limit: limited as f64 / embedding.len() as f64,
    })
}

fn known(settings: &Settings) -> Result<Known> {
    match settings.recorded {
        Recorded::Protocol {
            dims,
            step,
            samples,
        } => {
            let data = DatasetConfig::paper_protocol(dims)?
                .samples(samples)
                .step(step)
                .seed(settings.seed)
                .generate::<f64>()?;
            let label = Labels::Continuous(data.group(1)?.to_owned());
            let standard = standardized(&data.x).mapv(|v| v as f32);
            // the columns of a block are alike: the objectives separate the two halves alone
            let truth = Array2::from_shape_fn((data.x.ncols(), 2), |(channel, half)| {
                data.map[[channel, if half == 0 { 0 } else { dims - 1 }]]
            });
            Ok(Known {
                recording: Recording::new(standard.view())?.with_label(LABEL, label)?,
                truth: Some((truth, data.z)),
            })
        }
        Recorded::Rates | Recorded::Spikes => {
            let observed = observe(&settings.animal())?;
            let truth = Array2::from_shape_fn((observed.truth.len(), 3), |(channel, variable)| {
                observed.truth[channel][variable]
            });
            Ok(Known {
                recording: observed.recording()?,
                truth: Some((truth, observed.targets)),
            })
        }
        Recorded::Shoulder => {
            let path = example("shoulder/shoulder.csv");
            let x = read(&Source::new(&path, "acc_*,gyro_*"))?.matrix::<f64>()?;
            let exercise = read(&Source::new(&path, EXERCISE))?.vector::<f64>()?;
            let exercise = exercise.iter().map(|&e| e as i64).collect();
            let standard = standardized(&x).mapv(|v| v as f32);
            Ok(Known {
                recording: Recording::new(standard.view())?
                    .with_label(EXERCISE, Labels::Discrete(exercise))?,
                truth: None,
            })
        }
    }
}
