//! What the cells say together: means over data sets, and tests of one pair against the others.

use serde::Serialize;

use super::cell::Outcome;
use super::protocol::{Encoder, Settings, Training};
use crate::error::{Error, Result};
use crate::statistics::{Comparison, Estimate, compare};

/// A cell with what it measured.
pub type Measured = (Settings, Outcome);

/// The pair that the paper's claim is about.
pub const CLAIM: (Encoder, &str) = (
    Encoder {
        training: Training::Hybrid,
        regularized: true,
    },
    "ing",
);

/// The method that is told the true latents, to undo the linear map that a contrastive encoder
/// leaves open: a bound, no competitor.
pub const ORACLE: &str = "ing-aligned";

/// One encoder and one method on all data sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Name of the encoder.
    pub encoder: &'static str,
    /// Name of the method.
    pub method: String,
    /// auROC on each data set, seeds within dims.
    pub scores: Vec<f64>,
    /// Their mean.
    pub auroc: Estimate,
    /// The claimed pair less this one; `None` for itself and for the oracle.
    pub claim_less_this: Option<Comparison>,
}

/// One encoder on all data sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EncoderSummary {
    /// Its name.
    pub encoder: &'static str,
    /// R² of the linear map from embedding to latents.
    pub r2: Estimate,
    /// Lowest of the data sets.
    pub lowest_r2: f64,
    /// Mean of rank / number of latents.
    pub rank_share: f64,
    /// Mean share of outputs at the limit.
    pub at_limit: f64,
    /// Mean auROC of the ING for each number of latents.
    pub ing_by_dims: Vec<(usize, f64)>,
    /// Mean seconds of a training.
    pub fit_seconds: f64,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Data sets (seed and number of latents) that all encoders have seen.
    pub data_sets: usize,
    /// Encoders, in the order of the table.
    pub encoders: Vec<EncoderSummary>,
    /// Methods, in the order of the table.
    pub methods: Vec<String>,
    /// Every encoder with every method.
    pub pairs: Vec<Pair>,
}

impl Summary {
    /// Summarises cells, all encoders on the same data sets.
    ///
    /// # Errors
    /// [`Error::Setting`] unless every encoder has every data set, once, and the same methods;
    /// [`Error::Score`] if a score is not finite.
    pub fn of(cells: &[Measured]) -> Result<Self> {
        let mut encoders = Vec::new();
        let mut pairs: Vec<Pair> = Vec::new();
        let mut data_sets: Vec<(usize, u64)> = Vec::new();
        let mut methods: Vec<String> = Vec::new();
        for encoder in Encoder::all() {
            let mut own: Vec<&Measured> = cells.iter().filter(|c| c.0.encoder == encoder).collect();
            own.sort_by_key(|(s, _)| (s.dims, s.seed));
            let sets: Vec<(usize, u64)> = own.iter().map(|(s, _)| (s.dims, s.seed)).collect();
            if data_sets.is_empty() {
                methods = order_of_methods(&own);
                data_sets.clone_from(&sets);
            }
            if sets != data_sets || sets.is_empty() {
                return Err(Error::Setting {
                    what: "the list of data sets of an encoder",
                    found: format!("{sets:?} for {}", encoder.name()),
                    expected: "the same for all encoders, and not empty",
                });
            }
            encoders.push(encoder_summary(encoder, &own)?);
            for method in &methods {
                let scores = scores(&own, method)?;
                pairs.push(Pair {
                    encoder: encoder.name(),
                    method: method.clone(),
                    auroc: Estimate::of(&scores)?,
                    scores,
                    claim_less_this: None,
                });
            }
        }
        let mut summary = Self {
            data_sets: data_sets.len(),
            encoders,
            methods,
            pairs,
        };
        summary.compare()?;
        Ok(summary)
    }

    fn compare(&mut self) -> Result<()> {
        let Some(claim) = self.claim().map(|pair| pair.scores.clone()) else {
            return Ok(());
        };
        let is_claim = |p: &Pair| p.encoder == CLAIM.0.name() && p.method == CLAIM.1;
        let rivals: Vec<usize> = (0..self.pairs.len())
            .filter(|&i| !is_claim(&self.pairs[i]) && self.pairs[i].method != ORACLE)
            .collect();
        let others: Vec<&[f64]> = rivals.iter().map(|&i| &self.pairs[i].scores[..]).collect();
        let comparisons = compare(&claim, &others)?;
        for (index, comparison) in rivals.into_iter().zip(comparisons) {
            self.pairs[index].claim_less_this = Some(comparison);
        }
        Ok(())
    }

    /// The pair of the claim.
    pub fn claim(&self) -> Option<&Pair> {
        self.pair(CLAIM.0.name(), CLAIM.1)
    }

    /// A pair by its names.
    pub fn pair(&self, encoder: &str, method: &str) -> Option<&Pair> {
        let mut pairs = self.pairs.iter();
        pairs.find(|pair| pair.encoder == encoder && pair.method == method)
    }
}

fn encoder_summary(encoder: Encoder, own: &[&Measured]) -> Result<EncoderSummary> {
    let r2: Vec<f64> = own.iter().map(|(_, o)| o.r2).collect();
    let mean = |value: fn(&Measured) -> f64| {
        own.iter().map(|cell| value(cell)).sum::<f64>() / own.len() as f64
    };
    let mut dims: Vec<usize> = own.iter().map(|(s, _)| s.dims).collect();
    dims.dedup();
    let ing_by_dims = dims.into_iter().map(|d| {
        let at: Vec<&Measured> = own.iter().copied().filter(|(s, _)| s.dims == d).collect();
        let scores = scores(&at, CLAIM.1)?;
        Ok((d, scores.iter().sum::<f64>() / scores.len() as f64))
    });
    Ok(EncoderSummary {
        encoder: encoder.name(),
        lowest_r2: r2.iter().copied().fold(f64::INFINITY, f64::min),
        r2: Estimate::of(&r2)?,
        rank_share: mean(|(s, o)| o.mean_rank / s.dims as f64),
        at_limit: mean(|(_, o)| o.at_limit),
        ing_by_dims: ing_by_dims.collect::<Result<_>>()?,
        fit_seconds: mean(|(_, o)| o.seconds.fit),
    })
}

fn scores(cells: &[&Measured], method: &str) -> Result<Vec<f64>> {
    let score = |(s, o): &&Measured| {
        o.auroc.get(method).copied().ok_or_else(|| Error::Setting {
            what: "the list of methods of a cell",
            found: format!("without {method} for {}", s.encoder.name()),
            expected: "the same for all cells",
        })
    };
    cells.iter().map(score).collect()
}

/// The methods as the settings list them, the oracle after the first.
fn order_of_methods(cells: &[&Measured]) -> Vec<String> {
    let Some((settings, outcome)) = cells.first() else {
        return Vec::new();
    };
    let named = settings
        .methods
        .iter()
        .map(|text| match text.split_once('(') {
            Some((name, _)) => name.to_owned(),
            None => text.clone(),
        });
    let mut methods: Vec<String> = named.collect();
    if outcome.auroc.contains_key(ORACLE) {
        methods.insert(methods.len().min(1), ORACLE.to_owned());
    }
    methods
}
