//! Training: steps, what is reported of them, the curves they leave, and how to go on after a
//! break.

mod additions;
mod begin;
mod checkpoint;
mod evaluate;
mod history;
mod masks;
mod networks;
mod objectives;
mod penalties;
mod report;
mod resume;
mod sampler;
mod split;
mod trainer;
mod validation;
mod watch;

pub use checkpoint::Checkpoint;
pub use evaluate::{Evaluation, Penalty, evaluate};
pub use history::{Curve, History};
pub use report::{PartValue, StepReport};
pub use trainer::Trainer;
pub use validation::Validation;
