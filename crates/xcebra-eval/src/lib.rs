//! Scores for attribution maps, embeddings and decoders, and the statistics to compare them.
//!
//! | question | score |
//! |---|---|
//! | does an attribution map rank connected pairs above unconnected ones? | [`auroc_map`], [`average_precision_map`], [`gaps`] |
//! | do scores rank positives above negatives? | [`auroc`], [`average_precision`] |
//! | do thresholds of a saliency map pick the salient elements? | [`area_under_precision`], [`area_under_recall`] |
//! | does an embedding hold the latents up to a linear map? | [`linear_r2`] |
//! | can labels be decoded from an embedding? | [`Knn`], [`LinearRegression`] (ridge and lasso too), [`LogisticRegression`] |
//! | on which part of the time is a decoder scored? | [`blocks`], [`last_share`] |
//! | how well does a prediction match its target? | [`r2`], [`r2_per_output`], [`median_error`] |
//! | are classes decoded? | [`accuracy`], [`balanced_accuracy`] |
//! | do runs from other seeds agree? | [`consistency`], [`procrustes_disparity`] |
//! | do embeddings of different animals agree? | [`by_label`], then [`consistency`] |
//! | is a contrastive loss better than chance? | [`goodness_of_fit`] |
//! | how many dimensions does an embedding use? | [`effective_dimension`] |
//! | does an attribution say what the model does? | [`faithfulness`] |
//! | how sure is a score? | [`Bootstrap`] |
//! | is one method better than another? | [`paired_bootstrap`], [`wilcoxon_signed_rank`], [`sign_flip`] |
//! | which of many tests are discoveries? | [`adjust`] |
//! | do two rankings agree? | [`spearman`], [`kendall`], [`pearson`] |
//!
//! Every function takes `f32` or `f64` and computes in `f64`.
//!
//! ```
//! use ndarray::array;
//! use xcebra_eval::{auroc_map, linear_r2};
//!
//! # fn main() -> xcebra_eval::Result<()> {
//! // inputs × latents: the second input is not driven by the second latent
//! let truth = array![[true, true], [true, false]];
//! let map = array![[0.9, 0.4], [0.7, 0.1]];
//! assert_eq!(auroc_map(&truth, &map)?, 1.0);
//!
//! let latents = array![[0.0], [1.0], [2.0], [4.0]];
//! let embedding = latents.mapv(|z| 3.0 - 2.0 * z);
//! assert!(linear_r2(&embedding, &latents)? > 1.0 - 1e-12);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod accuracy;
mod alignment;
mod check;
mod consistency;
mod correlation;
mod dimension;
mod error;
pub mod faithfulness;
mod gaps;
mod goodness;
mod held_out;
mod logistic;
mod median_error;
mod neighbours;
mod paired;
mod r2;
mod ranking;
mod regression;
mod thresholds;

pub use accuracy::{accuracy, balanced_accuracy};
pub use alignment::{by_label, procrustes_disparity};
pub use consistency::{Consistency, consistency};
pub use correlation::{kendall, pearson, ranks, spearman};
pub use dimension::effective_dimension;
pub use error::{EvalError, Result};
pub use gaps::{Gaps, Spread, gaps};
pub use goodness::goodness_of_fit;
pub use held_out::{Fold, blocks, last_share};
pub use logistic::LogisticRegression;
pub use median_error::median_error;
pub use neighbours::{Knn, Metric, Weights};
pub use paired::{Alternative, PairedTest, paired_bootstrap, sign_flip, wilcoxon_signed_rank};
pub use r2::{R2Average, r2, r2_per_output};
pub use ranking::{auroc, auroc_map, average_precision, average_precision_map};
pub use regression::{LinearRegression, linear_r2};
pub use thresholds::{area_under_precision, area_under_recall, unit_scores};
pub use xcebra_numeric::{Bootstrap, Control, Interval, adjust};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
