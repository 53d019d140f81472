//! A simulated animal: how it moves, and the cells that follow it.

mod cells;
mod motion;
mod population;

pub use cells::{Cell, Tuning};
pub use motion::{Behaviour, Motion};
pub use population::{Population, PopulationConfig, Recording};
