//! Scores for attribution maps and embeddings: auROC, average precision, linear R².
//!
//! | question | score |
//! |---|---|
//! | does an attribution map rank connected pairs above unconnected ones? | [`auroc_map`], [`average_precision_map`] |
//! | do scores rank positives above negatives? | [`auroc`], [`average_precision`] |
//! | does an embedding hold the latents up to a linear map? | [`linear_r2`] |
//! | how well does a prediction match its target? | [`r2`], [`r2_per_output`] |
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

mod check;
mod error;
mod least_squares;
mod r2;
mod ranking;
mod regression;

pub use error::{EvalError, Result};
pub use r2::{R2Average, r2, r2_per_output};
pub use ranking::{auroc, auroc_map, average_precision, average_precision_map};
pub use regression::{LinearRegression, linear_r2};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
