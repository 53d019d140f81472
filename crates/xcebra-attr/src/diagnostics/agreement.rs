//! Agreement of maps.

use std::fmt;

use ndarray::{Array1, Array2, Axis};

use crate::error::{AttrError, Result};

/// How alike maps are, over all pairs of them. Made by [`agreement`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Number of maps.
    pub maps: usize,
    /// Mean and least correlation of the entries.
    pub pearson: (f64, f64),
    /// Mean and least correlation of their ranks: whether maps order entries alike.
    pub spearman: (f64, f64),
}

/// Compares maps of the same shape, such as those of trainings that differ by their seed.
///
/// Entries are compared one by one. Embeddings that agree only up to a mixing of outputs have maps
/// that differ: compare [aligned](crate::methods::Aligned) maps then.
///
/// # Errors
/// [`AttrError::Parameter`] unless there are two maps at least, finite and none of them constant;
/// [`AttrError::Shape`] if they differ in shape.
pub fn agreement(maps: &[Array2<f64>]) -> Result<Agreement> {
    if maps.len() < 2 {
        let found = maps.len().to_string();
        return Err(AttrError::parameter(
            "the number of maps",
            found,
            "at least 2",
        ));
    }
    let mut scores = Vec::new();
    for map in maps {
        if map.dim() != maps[0].dim() {
            return Err(AttrError::Shape {
                what: "a map to compare",
                found: map.shape().to_vec(),
                expected: format!("{:?}, that of the first", maps[0].shape()),
            });
        }
        let entries: Vec<f64> = map.iter().copied().collect();
        let standard = [standardised(&entries), standardised(&ranks(&entries))];
        let [Some(entries), Some(ranks)] = standard else {
            let expected = "finite maps with entries that differ";
            return Err(AttrError::parameter(
                "a map to compare",
                "another one",
                expected,
            ));
        };
        scores.push([entries, ranks]);
    }
    let compare = |kind: usize| {
        let pairs = (0..maps.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let correlations = pairs.map(|(i, j)| {
            let pair = scores[i][kind].iter().zip(&scores[j][kind]);
            pair.map(|(a, b)| a * b).sum::<f64>()
        });
        let correlations: Vec<f64> = correlations.collect();
        let mean = correlations.iter().sum::<f64>() / correlations.len() as f64;
        (
            mean,
            correlations.iter().copied().fold(f64::INFINITY, f64::min),
        )
    };
    Ok(Agreement {
        maps: maps.len(),
        pearson: compare(0),
        spearman: compare(1),
    })
}

/// Mean 0 and length 1; `None` if there is no finite spread.
fn standardised(values: &[f64]) -> Option<Array1<f64>> {
    let values = Array1::from_vec(values.to_vec());
    let centred = &values - values.mean_axis(Axis(0))?.into_scalar();
    let length = centred.dot(&centred).sqrt();
    (length > 0.0 && length.is_finite()).then(|| centred / length)
}

/// Ranks from 0 on; equal values share theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let below = order.partition_point(|&i| values[i].total_cmp(&values[tied[0]]).is_lt());
        let rank = below as f64 + 0.5 * (tied.len() - 1) as f64;
        tied.iter().for_each(|&i| ranks[i] = rank);
    }
    ranks
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((mean, least), (ranks, _)) = (self.pearson, self.spearman);
        write!(
            f,
            "{} maps agree with a correlation of {mean:.2} on average and {least:.2} at least; their \
             ranks with {ranks:.2}.",
            self.maps
        )?;
        match least {
            _ if least >= 0.9 => write!(f, " What they show does not hang on the seed."),
            _ if least >= 0.5 => write!(f, " Trust what they share: average them."),
            _ => write!(
                f,
                " At least two of them differ: train longer, or align embeddings before comparing."
            ),
        }
    }
}
