//! One cell: data, training, maps, scores.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use xcebra::attr::map::InverseSummary;
use xcebra::attr::methods::{Aligned, InvertedNeuronGradient, align};
use xcebra::attr::{AttributionMap, Methods, Options, attribute};
use xcebra::core::{Labels, Recording, Trainer};
use xcebra::eval::{auroc_map, linear_r2};
use xcebra::model::Model;
use xcebra::synth::{Dataset, DatasetConfig};

use super::protocol::{LABEL, LATENTS, Settings};
use crate::error::{Error, Result};
use crate::recordings::every;

/// What one cell measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// R² of the linear map from the embedding to the latents, over all samples.
    pub r2: f64,
    /// auROC of each method's map against the true one.
    pub auroc: BTreeMap<String, f64>,
    /// Mean rank of the Jacobians.
    pub mean_rank: f64,
    /// Share of outputs at the encoder's limit.
    pub at_limit: f64,
    /// The last loss, without the regulariser.
    pub loss: f64,
    /// Mean absolute attribution, inputs by latents, of the methods that are drawn.
    pub maps: BTreeMap<String, Vec<Vec<f64>>>,
    /// How long it took.
    pub seconds: Seconds,
}

/// Seconds of the parts of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// Generating the data.
    pub data: f64,
    /// Training.
    pub fit: f64,
    /// Maps and scores.
    pub maps: f64,
}

/// Methods whose maps are kept for figures.
const KEPT: [&str; 2] = ["ing", "neuron-gradient"];

/// Generates the data, trains the encoder, attributes, scores.
///
/// # Errors
/// Those of the parts; [`Error::Setting`] if nothing is to be attributed.
pub fn run(settings: &Settings) -> Result<Outcome> {
    if settings.attributed == 0 || settings.attributed > settings.samples {
        return Err(Error::Setting {
            what: "the number of attributed samples",
            found: settings.attributed.to_string(),
            expected: "from 1 to the number of samples",
        });
    }
    let start = Instant::now();
    let data: Dataset<f32> = DatasetConfig::paper_protocol(settings.dims)?
        .samples(settings.samples)
        .seed(settings.seed)
        .generate()?;
    let latents = data.z.mapv(f64::from);
    let recording = Recording::new(data.x.view())?
        .with_label(LABEL, Labels::Continuous(data.group(1)?.mapv(f64::from)))?
        .with_label(LATENTS, Labels::Continuous(latents.clone()))?;
    let seconds_of_data = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let mut trainer = Trainer::new(settings.config.clone(), recording)?;
    trainer.run(|_, _| ControlFlow::Continue(()))?;
    let (encoder, history) = trainer.finish()?;
    let fit = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let embedding = encoder.forward(data.x.view().into_dyn())?;
    let limit = settings.config.encoder.clip as f32;
    let limited = embedding.iter().filter(|v| v.abs() >= limit).count();
    let text = settings.methods.join(",");
    let methods: Methods<f32> = text.parse()?;
    let alignment = align(&embedding, &latents)?;
    let methods = methods.with(Aligned::new(InvertedNeuronGradient, &alignment));
    let samples = every(&data.x, settings.attributed);
    let options = Options::new().seed(settings.seed);
    let maps = attribute(&encoder, &samples, &methods, &options)?;
    let auroc = maps
        .iter()
        .map(|map| Ok((map.method().to_owned(), auroc_map(&data.map, map.values())?)))
        .collect::<Result<_>>()?;
    let ranks = maps.iter().find_map(AttributionMap::inverses);
    Ok(Outcome {
        r2: linear_r2(&embedding, &data.z)?,
        auroc,
        mean_rank: ranks.map_or(0.0, InverseSummary::mean_rank),
        at_limit: limited as f64 / embedding.len() as f64,
        loss: history.loss.last().copied().unwrap_or_default(),
        maps: maps
            .iter()
            .filter(|map| KEPT.contains(&map.method()))
            .map(|map| (map.method().to_owned(), rounded(map.values())))
            .collect(),
        seconds: Seconds {
            data: seconds_of_data,
            fit,
            maps: start.elapsed().as_secs_f64(),
        },
    })
}

/// Rows with six significant digits: for figures.
fn rounded(map: &Array2<f64>) -> Vec<Vec<f64>> {
    let short = |v: &f64| format!("{v:.5e}").parse().unwrap_or(*v);
    map.outer_iter()
        .map(|row| row.iter().map(short).collect())
        .collect()
}
