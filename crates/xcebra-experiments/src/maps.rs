//! The maps of an encoder that experiments score: raw, comparable, and the gradient.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayRef2};
use xcebra::attr::comparable::{Effects, Frame, TangentIng};
use xcebra::attr::{Methods, Options, Piece, attribute};
use xcebra::core::{Config, Encoder};
use xcebra::model::Watch;
use xcebra::{blocks, score_map};

use crate::error::{Error, Result};
use crate::recordings::every;

/// Name of the map in comparable units.
pub(crate) const COMPARABLE: &str = "ing_comparable";
/// Names of all maps, in the order of tables.
pub(crate) const NAMES: [&str; 3] = ["ing", COMPARABLE, "neuron-gradient"];

/// Maps, channels × blocks of latents, by name.
pub(crate) type Maps = BTreeMap<String, Array2<f64>>;

/// The maps of an encoder of single samples over `count` of them, evenly spaced; a block has the mean of its columns.
pub(crate) fn maps(
    encoder: &Encoder<f32>,
    config: &Config,
    x: &Array2<f32>,
    count: usize,
) -> Result<Maps> {
    let samples = every(x, count.min(x.nrows()));
    let ranges = blocks(config);
    let frame = Frame::of_model(encoder, x, &ranges)?;
    let gathered = Effects::new(&frame);
    let methods: Methods<f32> = "ing,neuron-gradient".parse()?;
    let methods = methods.with(TangentIng::new(frame.clone()));
    let sink = |piece: &Piece<'_>| gathered.add(piece);
    let found = attribute(encoder, &samples, &methods, &Options::new().sink(&sink))?;
    let comparable = gathered.finish(&vec![1.0; x.ncols()])?.values;
    let mut maps = Maps::from([(COMPARABLE.to_owned(), means(&comparable, &ranges))]);
    for map in &found[..2] {
        maps.insert(map.method().to_owned(), means(map.values(), &ranges));
    }
    Ok(maps)
}

/// auROC over all entries of each map, and the mean of those within each block that has both classes.
pub(crate) fn scores(maps: &Maps, truth: &Array2<bool>) -> Result<[BTreeMap<String, f64>; 2]> {
    let (mut pooled, mut by_latent) = (BTreeMap::new(), BTreeMap::new());
    for (name, map) in maps {
        let found = score_map(map.clone(), truth, &Watch::new())?;
        let within = found.mean_over_latents().ok_or(Error::Setting {
            what: "the true map",
            found: "a single class in each block".to_owned(),
            expected: "connected channels and others",
        })?;
        pooled.insert(name.clone(), found.auroc);
        by_latent.insert(name.clone(), within);
    }
    Ok([pooled, by_latent])
}

/// Means of a map's columns over each block.
fn means(map: &ArrayRef2<f64>, blocks: &[[usize; 2]]) -> Array2<f64> {
    Array2::from_shape_fn((map.nrows(), blocks.len()), |(channel, block)| {
        let [first, end] = blocks[block];
        (first..end).map(|k| map[[channel, k]]).sum::<f64>() / (end - first) as f64
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn blocks_are_scored_by_the_means_of_their_columns() {
        let map = array![[1.0, 3.0, 5.0], [2.0, 0.0, 9.0]];
        let found = means(&map, &[[0, 2], [2, 3]]);
        assert_eq!(found, array![[2.0, 5.0], [1.0, 9.0]]);
        // the second block ranks its channels the wrong way round
        let truth = array![[true, true], [false, false]];
        let maps = Maps::from([("ing".to_owned(), found)]);
        let [_, by_latent] = scores(&maps, &truth).unwrap();
        assert_eq!(by_latent["ing"], 0.5);
        // each block has one class, the whole has both
        assert!(scores(&maps, &array![[true, false], [true, false]]).is_err());
    }
}
