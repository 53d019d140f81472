//! Which samples are compared: references, negatives, and the distributions of positives.

mod discrete;
mod groups;
mod index;
mod references;
mod time;
mod time_delta;

pub use discrete::Discrete;
pub use references::References;
pub use time::Time;
pub use time_delta::TimeDelta;

use rand_chacha::ChaCha8Rng;

use crate::config::PositivesConfig;
use crate::element::Element;
use crate::error::Result;
use crate::recording::Recording;

/// A distribution of positives given a reference.
pub trait Positives: Send + Sync {
    /// Samples after a reference that must lie in its session.
    fn lookahead(&self) -> usize {
        0
    }

    /// One positive for each reference. Takes the same amount of randomness whatever the number
    /// of threads.
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize>;
}

/// The distribution that a configuration asks for.
///
/// # Errors
/// [`crate::Error::Setting`] or [`crate::Error::Data`] if the recording cannot serve it.
pub fn positives<E: Element>(
    config: &PositivesConfig,
    recording: &Recording<E>,
) -> Result<Box<dyn Positives>> {
    Ok(match config {
        PositivesConfig::Time { offset } => Box::new(Time::new(*offset)?),
        PositivesConfig::TimeDelta { label, delta } => {
            Box::new(TimeDelta::new(recording, label, *delta)?)
        }
        PositivesConfig::Discrete { label } => Box::new(Discrete::new(recording, label)?),
    })
}
