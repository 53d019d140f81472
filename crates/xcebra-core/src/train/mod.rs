//! Training: steps, what is reported of them, and the curves they leave.

mod history;
mod trainer;
mod watch;

pub use history::History;
pub use trainer::{StepReport, Trainer};
