//! Which samples are compared: references, negatives, and the distributions of positives.
//!
//! All are drawn from the *centers* of some [`Pieces`] of a recording: samples around which an
//! encoder's whole window fits. A distribution of one's own implements [`Positives`].

mod classes;
mod delta_normal;
mod delta_vmf;
mod differences;
mod discrete;
mod groups;
mod index;
mod mixed;
mod pieces;
mod references;
mod time;
mod time_delta;
mod uniform;

pub use delta_normal::DeltaNormal;
pub use delta_vmf::DeltaVmf;
pub(crate) use delta_vmf::VonMises;
pub use discrete::Discrete;
pub use mixed::Mixed;
pub use pieces::Pieces;
pub use references::References;
pub use time::Time;
pub use time_delta::TimeDelta;
pub use uniform::Uniform;

use ndarray::Array2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::config::PositivesConfig;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::recording::{Labels, Recording};

/// A distribution of positives given a reference, over the centers it was made for.
///
/// Who implements it promises that every positive is one of these centers, and that draws depend
/// on the references and the generator alone: randomness is taken in the order of the references,
/// by one thread. In return references are such centers, too, with at least `lookahead` more after
/// them in their piece.
///
/// ```
/// use rand::Rng;
/// use rand_chacha::ChaCha8Rng;
/// use rand_chacha::rand_core::SeedableRng;
/// use xcebra_core::sampling::{Pieces, Positives, References};
///
/// /// One of the next `steps` samples.
/// struct Soon {
///     steps: usize,
/// }
///
/// impl Positives for Soon {
///     fn lookahead(&self) -> usize {
///         self.steps
///     }
///
///     fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
///         references.iter().map(|r| r + rng.gen_range(1..=self.steps)).collect()
///     }
/// }
///
/// let (soon, sessions) = (Soon { steps: 3 }, Pieces::new([0..50, 50..80])?);
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let references = References::new(&sessions, soon.lookahead())?.draw(100, &mut rng);
/// for (r, p) in references.iter().zip(soon.draw(&references, &mut rng)) {
///     assert!(*r < p && p <= r + 3 && (*r < 50) == (p < 50));
/// }
/// # Ok::<(), xcebra_core::Error>(())
/// ```
pub trait Positives: Send + Sync {
    /// Centers after a reference that must lie in its piece.
    fn lookahead(&self) -> usize {
        0
    }

    /// One positive for each reference.
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize>;
}

/// The distribution that a configuration asks for, over `centers` of the recording.
///
/// # Errors
/// [`Error::Setting`] or [`Error::Data`] if the recording cannot serve it.
pub fn positives<E: Element>(
    config: &PositivesConfig,
    recording: &Recording<E>,
    centers: &Pieces,
) -> Result<Box<dyn Positives>> {
    Ok(match config {
        PositivesConfig::Time { offset } => Box::new(Time::new(*offset)?),
        PositivesConfig::TimeDelta { label, delta } => {
            Box::new(TimeDelta::new(recording, centers, label, *delta)?)
        }
        PositivesConfig::DeltaNormal { label, sigma } => {
            Box::new(DeltaNormal::new(recording, centers, label, *sigma)?)
        }
        PositivesConfig::DeltaVmf { label, kappa } => {
            Box::new(DeltaVmf::new(recording, centers, label, *kappa)?)
        }
        PositivesConfig::Discrete { label } => Box::new(Discrete::new(recording, centers, label)?),
        PositivesConfig::Mixed {
            discrete,
            continuous,
            delta,
        } => Box::new(Mixed::new(
            recording, centers, discrete, continuous, *delta,
        )?),
        PositivesConfig::Uniform {} => Box::new(Uniform::new(centers)?),
    })
}

/// The label as real numbers, (time, columns).
fn real_labels<E: Element>(recording: &Recording<E>, label: &str) -> Result<Array2<f64>> {
    Ok(match recording.label(label)? {
        Labels::Continuous(values) => values.clone(),
        Labels::Discrete(classes) => {
            Array2::from_shape_fn((classes.len(), 1), |(t, _)| classes[t] as f64)
        }
    })
}

/// Numbers in [0, 1), which choose among centers of equal labels.
fn uniforms(count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count).map(|_| rng.r#gen()).collect()
}

pub(crate) fn at_least_one(field: &str, value: usize) -> Result<()> {
    if value == 0 {
        return Err(Error::setting(field, 0, "at least 1 sample"));
    }
    Ok(())
}

pub(crate) fn positive(field: &str, value: f64) -> Result<()> {
    if !(value.is_finite() && value > 0.0) {
        return Err(Error::setting(field, value, "a positive number"));
    }
    Ok(())
}
