//! What the encoder is trained for: which embedding dimensions, which positives, which similarity.

mod loss;
mod similarity;

pub use loss::{Batch, Loss};
pub use similarity::{Metric, Similarity};
