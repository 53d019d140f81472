//! Models made from models.

mod log_odds;
mod mean;
mod select;
mod softmax;
mod then;

pub use log_odds::{LogOdds, log_odds};
pub use mean::{MeanOverOutputs, mean_over_outputs};
pub use select::{SelectOutput, select_output};
pub use softmax::{Softmax, softmax};
pub use then::{Then, then};
