//! What another seed would have given.

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use xcebra_attr::Methods;
use xcebra_attr::diagnostics::agreement;
use xcebra_attr::significance::Deviations;
use xcebra_core::{Config, Encoder, Recording};
use xcebra_eval::consistency;

use super::attributions::{Probe, align};
use super::{RetrainError, groups};

/// Samples that embeddings and maps of several seeds are compared over.
const SAMPLES: usize = 1000;

/// How alike trainings are that differ by their seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAgreement {
    /// The seeds, that of the encoder first.
    pub seeds: Vec<u64>,
    /// R² of the linear map from one embedding to another, mean and least over all ordered pairs; `None`
    /// if an embedding is constant.
    pub embeddings: Option<[f64; 2]>,
    /// Correlation of the entries of the inverted neuron gradients, aligned within the latents that
    /// objectives leave open: mean and least over all pairs; `None` if a map is constant.
    pub maps: Option<[f64; 2]>,
}

/// Compares `encoder`, which was trained with `config`, with `count − 1` more, which `train` makes from
/// the seeds after that of `config`, on the same recording.
///
/// # Errors
/// [`RetrainError`], and those of `train`.
pub fn across_seeds<E: From<RetrainError>>(
    encoder: &Encoder<f32>,
    config: &Config,
    recording: &Recording<f32>,
    count: usize,
    mut train: impl FnMut(Config) -> Result<Encoder<f32>, E>,
) -> Result<SeedAgreement, E> {
    if count < 2 {
        return Err(RetrainError::unfit(
            format!("{count} seeds cannot be compared"),
            "ask for 2 at least",
        )
        .into());
    }
    let probe = Probe::new(recording, config, SAMPLES)?;
    let methods: Methods<f32> = "ing".parse().map_err(RetrainError::from)?;
    let own = probe.embed(encoder)?;
    let map = |encoder: &Encoder<f32>, own: Option<&Array2<f64>>| {
        let alignment = match own {
            Some(own) => Some(align(own, &probe.embed(encoder)?, &groups(config))?),
            None => None,
        };
        let found = probe.attribute(encoder, &methods, alignment.as_ref())?;
        Ok::<_, RetrainError>(Deviations::new(&found[0].1)?.map())
    };
    let (mut embeddings, mut maps) = (vec![own.clone()], vec![map(encoder, None)?]);
    let mut seeds = vec![config.train.seed];
    for k in 1..count {
        let mut config = config.clone();
        config.train.seed = config.train.seed.wrapping_add(k as u64);
        seeds.push(config.train.seed);
        let other = train(config)?;
        embeddings.push(probe.embed(&other)?);
        maps.push(map(&other, Some(&own))?);
    }
    let views: Vec<_> = embeddings.iter().map(|e| e.view()).collect();
    let consistency = consistency(&views).ok();
    Ok(SeedAgreement {
        seeds,
        embeddings: consistency.map(|c| [c.mean(), c.min()]),
        maps: agreement(&maps).ok().map(|a| [a.pearson.0, a.pearson.1]),
    })
}
