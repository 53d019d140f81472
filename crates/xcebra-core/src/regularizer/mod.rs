//! The Jacobian regulariser: its schedule and its probes.

mod probes;
mod schedule;

pub use probes::Probes;
pub use schedule::Ramp;
