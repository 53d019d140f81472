//! Processes that latents follow, one a file.

mod brownian;
mod circular;
mod ornstein_uhlenbeck;
mod oscillator;
mod process;
mod walk;

pub use brownian::{Brownian, brownian};
pub use circular::{Circular, on_circle};
pub use ornstein_uhlenbeck::OrnsteinUhlenbeck;
pub use oscillator::Oscillators;
pub use process::LatentProcess;

pub(crate) use circular::wrap;
