//! One cell of the experiment: an animal, a training, maps, scores.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ndarray::{Array2, Array3, ArrayRef2, ArrayView1, Axis, Slice, concatenate};
use serde::{Deserialize, Serialize};
use xcebra::attr::{AttributionMap, Methods, Options, Piece, attribute};
use xcebra::core::Trainer;
use xcebra::eval::{auroc, linear_r2};
use xcebra::model::{Model, then};

use super::coordinates::{OWN_BLOCKS, own_coordinates};
use super::protocol::{BLOCKS, Settings};
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
    /// Maps of the attribution that one sample of twenty exceeds, in place of the mean, of methods on the embedding's
    /// own coordinates.
    pub top: BTreeMap<String, Vec<[f64; 3]>>,
}

/// Suffix of methods that attribute to the embedding's own coordinates.
pub const OWN: &str = "-own";
/// Suffix of the maps in [`Outcome::top`], in tables.
pub const TOP: &str = "-top";

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
    let recording = observed.recording()?;
    let mut trainer = Trainer::new(settings.config.clone(), recording)?;
    trainer.run(|_, _| ControlFlow::Continue(()))?;
    let (encoder, _) = trainer.finish()?;

    let embedding = encoder.forward(observed.x.view().into_dyn())?;
    let limit = settings.config.encoder.clip as f32;
    let limited = embedding.iter().filter(|v| v.abs() >= limit).count();
    let samples = every(&observed.x, settings.attributed);
    let options = Options::new().seed(settings.seed);
    let methods: Methods<f32> = settings.methods.join(",").parse()?;
    let maps = attribute(&encoder, &samples, &methods, &options)?;
    let r2 = blocks_r2(&embedding, &observed.targets)?;
    let angle = own_coordinates(&embedding);
    let own = then(encoder, angle)?;
    let methods: Methods<f32> = "ing,neuron-gradient".parse()?;
    let pieces: RefCell<BTreeMap<String, Vec<Array3<f64>>>> = RefCell::default();
    let sink = |piece: &Piece<'_>| {
        let mut pieces = pieces.borrow_mut();
        let own = pieces.entry(piece.method.to_owned()).or_default();
        own.push(piece.values.mapv(f64::abs));
        Ok(())
    };
    let own_maps = attribute(&own, &samples, &methods, &options.sink(&sink))?;

    let mut outcome = Outcome {
        r2,
        auroc: BTreeMap::new(),
        mean_rank: BTreeMap::new(),
        condition: BTreeMap::new(),
        at_limit: limited as f64 / embedding.len() as f64,
        truth: observed.truth.clone(),
        maps: BTreeMap::new(),
        top: BTreeMap::new(),
        kinds: observed.kinds.clone(),
    };
    for map in &maps {
        outcome.add(map.method(), map, BLOCKS, &observed)?;
    }
    for map in &own_maps {
        let name = format!("{}{OWN}", map.method());
        outcome.add(&name, map, OWN_BLOCKS, &observed)?;
    }
    for (method, pieces) in pieces.into_inner() {
        let map = exceeded_in_one_of_twenty(&pieces);
        let name = format!("{method}{OWN}");
        outcome.top.insert(name, by_variable(&map, OWN_BLOCKS));
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
        let rows = by_variable(map.values(), blocks);
        let mut scores = [0.0; 3];
        for (variable, score) in scores.iter_mut().enumerate() {
            let labels: Vec<bool> = observed.truth.iter().map(|row| row[variable]).collect();
            let values: Vec<f64> = rows.iter().map(|row| row[variable]).collect();
            *score = auroc(&labels, &values)?;
        }
        self.auroc.insert(name.to_owned(), scores);
        self.maps.insert(name.to_owned(), rows);
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

/// Sums over the dimensions of each variable's block, channel by channel.
fn by_variable(map: &ArrayRef2<f64>, blocks: [[usize; 2]; 3]) -> Vec<[f64; 3]> {
    let sum = |channel: ArrayView1<'_, f64>, [first, end]: [usize; 2]| {
        channel.slice_axis(Axis(0), Slice::from(first..end)).sum()
    };
    map.outer_iter()
        .map(|channel| blocks.map(|block| sum(channel, block)))
        .collect()
}

/// Of each entry the value that one sample of twenty exceeds, from pieces (samples, channels, outputs).
fn exceeded_in_one_of_twenty(pieces: &[Array3<f64>]) -> Array2<f64> {
    let views: Vec<_> = pieces.iter().map(|piece| piece.view()).collect();
    let samples = concatenate(Axis(0), &views).expect("pieces of one map");
    samples.map_axis(Axis(0), |entry| {
        let mut values = entry.to_vec();
        values.sort_by(f64::total_cmp);
        values[values.len() - 1 - values.len() / 20]
    })
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

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn one_sample_of_twenty_is_larger() {
        let values =
            |first: usize| Array3::from_shape_fn((20, 1, 2), |(n, _, o)| (first + n + o) as f64);
        let found = exceeded_in_one_of_twenty(&[values(20), values(0)]);
        // of 0 to 39 two are larger than 37
        assert_eq!(found, array![[37.0, 38.0]]);
    }

    #[test]
    fn blocks_are_summed_by_channel() {
        let map = array![[1.0, 2.0, 4.0, 8.0], [0.0, 1.0, 0.0, 3.0]];
        let found = by_variable(&map, OWN_BLOCKS);
        assert_eq!(found, [[3.0, 4.0, 8.0], [1.0, 0.0, 3.0]]);
    }
}
