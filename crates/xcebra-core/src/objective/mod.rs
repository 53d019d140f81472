//! What the encoder is trained for: which embedding dimensions, and either which positives and
//! which similarity, or which targets.

mod loss;
mod similarity;
mod targets;

pub use loss::{Batch, Loss};
pub use similarity::{Metric, Similarity};
pub use targets::Targets;
