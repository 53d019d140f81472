//! Whether the embeddings of several subjects have one basis: whether what reads a label from one reads it from the
//! others too.

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};
use xcebra_core::{Config, Encoder, Labels, Recording};
use xcebra_eval::LinearRegression;

use super::SAMPLES;
use super::readout::score;
use crate::retraining::{Probe, RetrainError};

/// The embedding of a subject, and its labels of real numbers, at moments that are evenly spread over its
/// recording.
pub struct Spread {
    embedding: Array2<f64>,
    labels: BTreeMap<String, Array2<f64>>,
}

impl Spread {
    /// That of an encoder on the recording of its subject.
    ///
    /// # Errors
    /// [`RetrainError`] for a recording without a window, or an embedding that is not finite.
    pub fn of(
        encoder: &Encoder<f32>,
        recording: &Recording<f32>,
        config: &Config,
    ) -> Result<Self, RetrainError> {
        let probe = Probe::new(recording, config, SAMPLES)?;
        let labels = recording
            .labels()
            .filter_map(|(name, labels)| match labels {
                Labels::Continuous(values) => {
                    Some((name.to_owned(), values.select(Axis(0), probe.centers())))
                }
                Labels::Discrete(_) => None,
            });
        Ok(Self {
            labels: labels.collect(),
            embedding: probe.embed(encoder)?,
        })
    }
}

/// For each label, R² with which the linear map from the embedding of `own` to the label reads it from the
/// embeddings of others: mean and least. A label that is constant in one of them is left out.
pub fn reads(own: &Spread, others: &[&Spread]) -> BTreeMap<String, [f64; 2]> {
    let mut all = BTreeMap::new();
    for (name, label) in &own.labels {
        let Ok(map) = LinearRegression::fit(&own.embedding, label) else {
            continue;
        };
        let found = others
            .iter()
            .filter_map(|other| score(&map, &other.embedding, other.labels.get(name)?));
        let found: Vec<f64> = found.collect();
        if let Some(least) = found.iter().copied().reduce(f64::min) {
            let mean = found.iter().sum::<f64>() / found.len() as f64;
            all.insert(name.clone(), [mean, least]);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(turn: f64) -> Spread {
        let z = Array2::from_shape_fn((200, 1), |(t, _)| (0.1 * t as f64 + turn).sin());
        let embedding = Array2::from_shape_fn((200, 2), |(t, k)| {
            // what the second subject has turned round, the map of the first reads with the wrong sign
            z[[t, 0]] * [1.0, -2.0][k] * if turn > 1.0 { -1.0 } else { 1.0 }
        });
        Spread {
            embedding,
            labels: BTreeMap::from([("z".to_owned(), z)]),
        }
    }

    #[test]
    fn a_common_basis_is_told_from_another() {
        let (first, same, turned) = (spread(0.0), spread(0.5), spread(2.0));
        let found = reads(&first, &[&same])["z"];
        // exact but for rounding
        assert!(found[1] > 1.0 - 1e-9, "{found:?}");
        let found = reads(&first, &[&same, &turned])["z"];
        // −z in place of z, around a mean of nearly 0: 1 − Σ(2z)²/Σz² = −3
        assert!((found[1] + 3.0).abs() < 0.2, "{found:?}");
        assert!(reads(&first, &[]).is_empty());
    }
}
