//! One cell of the experiment: an animal, a training, maps, scores.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ndarray::{Array1, Array2, ArrayRef2, Axis, Slice};
use serde::{Deserialize, Serialize};
use xcebra::attr::{AttributionMap, Methods, Options, attribute};
use xcebra::core::{Labels, Recording, Trainer};
use xcebra::eval::{auroc, linear_r2};
use xcebra::model::{Model, then};

use super::coordinates::{OWN_BLOCKS, own_coordinates};
use super::protocol::{ALL, BLOCKS, HEADING, POSITION, SPEED, Settings};
use super::recording::{Observed, observe};
use crate::error::{Error, Result};
use crate::recordings::every;

/// The variables, in the order of every list of three.
pub const VARIABLES: [&str; 3] = ["position", "heading", "speed"];

/// What one cell measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// R² of the linear map from each block to its variable.
    pub r2: [f64; 3],
    /// For each method, how well its map tells the cells that carry each variable: auROC.
    pub auroc: BTreeMap<String, [f64; 3]>,
    /// Mean rank of the Jacobians that were inverted, by method.
    pub mean_rank: BTreeMap<String, f64>,
    /// Geometric mean of their condition numbers, by method.
    pub condition: BTreeMap<String, f64>,
    /// Share of outputs at the encoder's limit.
    pub at_limit: f64,
    /// What each channel is tuned to.
    pub kinds: Vec<String>,
    /// Whether each channel carries each variable.
    pub truth: Vec<[bool; 3]>,
    /// The maps of the methods, channels by variables.
    pub maps: BTreeMap<String, Vec<[f64; 3]>>,
}

/// Suffix of methods that attribute to the embedding's own coordinates.
pub const OWN: &str = "-own";

/// Lets the animal run, trains, attributes, scores.
///
/// Each method's map has a value for a channel and a variable: the mean absolute attributions to
/// the dimensions of the variable's block, summed. `ing` and `neuron-gradient` are taken a second
/// time, with the suffix [`OWN`], of the embedding's own coordinates, in which the circle of headings
/// is one angle.
///
/// # Errors
/// Those of the parts; [`Error::Setting`] if nothing is to be attributed.
pub fn run(settings: &Settings) -> Result<Outcome> {
    if settings.attributed == 0 || settings.attributed > settings.bins {
        return Err(Error::Setting {
            what: "the number of attributed bins",
            found: settings.attributed.to_string(),
            expected: "from 1 to the number of bins",
        });
    }
    let observed = observe(settings)?;
    let continuous = |values: &Array2<f64>| Labels::Continuous(values.clone());
    let recording = Recording::new(observed.x.view())?
        .with_label(POSITION, continuous(&observed.position))?
        .with_label(HEADING, continuous(&observed.heading))?
        .with_label(SPEED, continuous(&observed.speed))?
        .with_label(ALL, continuous(&observed.targets))?;
    let mut trainer = Trainer::new(settings.config.clone(), recording)?;
    trainer.run(|_| ControlFlow::Continue(()))?;
    let (encoder, _) = trainer.finish()?;

    let embedding = encoder.forward(observed.x.view().into_dyn())?;
    let limit = settings.config.encoder.clip as f32;
    let limited = embedding.iter().filter(|v| v.abs() >= limit).count();
    let samples = every(&observed.x, settings.attributed);
    let options = Options::new().with_seed(settings.seed);
    let methods: Methods<f32> = settings.methods.join(",").parse()?;
    let maps = attribute(&encoder, &samples, &methods, &options)?;
    let r2 = blocks_r2(&embedding, &observed.targets)?;
    let angle = own_coordinates(&embedding);
    let own = then(encoder, angle)?;
    let methods: Methods<f32> = "ing,neuron-gradient".parse()?;
    let own_maps = attribute(&own, &samples, &methods, &options)?;

    let mut outcome = Outcome {
        r2,
        auroc: BTreeMap::new(),
        mean_rank: BTreeMap::new(),
        condition: BTreeMap::new(),
        at_limit: limited as f64 / embedding.len() as f64,
        truth: observed.truth.clone(),
        maps: BTreeMap::new(),
        kinds: observed.kinds.clone(),
    };
    for map in &maps {
        outcome.add(map.method(), map, BLOCKS, &observed)?;
    }
    for map in &own_maps {
        let name = format!("{}{OWN}", map.method());
        outcome.add(&name, map, OWN_BLOCKS, &observed)?;
    }
    Ok(outcome)
}

impl Outcome {
    fn add(
        &mut self,
        name: &str,
        map: &AttributionMap,
        blocks: [[usize; 2]; 3],
        observed: &Observed,
    ) -> Result<()> {
        let sums = blocks.map(|block| sum_of_columns(map.values(), block));
        let mut scores = [0.0; 3];
        for (variable, score) in scores.iter_mut().enumerate() {
            let labels: Vec<bool> = observed.truth.iter().map(|row| row[variable]).collect();
            *score = auroc(&labels, &sums[variable].to_vec())?;
        }
        self.auroc.insert(name.to_owned(), scores);
        let rows = (0..sums[0].len()).map(|channel| [0, 1, 2].map(|v| sums[v][channel]));
        self.maps.insert(name.to_owned(), rows.collect());
        if let Some(inverses) = map.inverses() {
            let rank = inverses.mean_rank();
            self.mean_rank.insert(name.to_owned(), rank);
            if let Some(condition) = inverses.condition() {
                self.condition
                    .insert(name.to_owned(), condition.geometric_mean);
            }
        }
        Ok(())
    }
}

fn sum_of_columns(map: &ArrayRef2<f64>, [first, end]: [usize; 2]) -> Array1<f64> {
    map.slice_axis(Axis(1), Slice::from(first..end))
        .sum_axis(Axis(1))
}

fn blocks_r2(embedding: &ArrayRef2<f32>, targets: &ArrayRef2<f64>) -> Result<[f64; 3]> {
    let mut r2 = [0.0; 3];
    for (score, [first, end]) in r2.iter_mut().zip(BLOCKS) {
        let block = Slice::from(first..end);
        let embedded = embedding.slice_axis(Axis(1), block).mapv(f64::from);
        let target = targets.slice_axis(Axis(1), block).to_owned();
        *score = linear_r2(&embedded, &target)?;
    }
    Ok(r2)
}
