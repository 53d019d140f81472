//! Goodness of fit at the end of a training that holds nothing out.

use xcebra_core::{Config, History, LossConfig};
use xcebra_eval::goodness_of_fit;

/// Goodness of fit of each contrastive objective over the last tenth of the curves.
pub fn last(config: &Config, history: &History) -> Vec<f64> {
    let objectives = config.objectives();
    let contrastive = objectives.iter();
    let contrastive = contrastive.filter(|o| matches!(o.loss, LossConfig::InfoNce { .. }));
    let curves = history.align.iter().zip(&history.uniform);
    let bits = contrastive.zip(curves).map(|(_, (align, uniform))| {
        let last = align.len() - align.len() / 10 * 9;
        let losses = align.iter().zip(uniform).rev().take(last.max(1));
        let loss = losses.map(|(a, u)| a + u).sum::<f64>() / last.max(1) as f64;
        goodness_of_fit(loss, config.train.batch).ok()
    });
    bits.flatten().collect()
}
