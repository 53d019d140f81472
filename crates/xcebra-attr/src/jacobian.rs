//! Jacobians of a batch of samples.

mod exact;

pub use exact::jacobians;
pub(crate) use exact::jacobians_from;
