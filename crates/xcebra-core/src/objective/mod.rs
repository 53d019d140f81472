//! What the encoder is trained for: which embedding dimensions, which positives, which similarity.

mod similarity;

pub use similarity::{Metric, Similarity};
