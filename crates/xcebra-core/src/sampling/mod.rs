//! Which samples are compared: references, negatives, and the distributions of positives.
//!
//! All are drawn from the *centers* of some [`Pieces`](crate::Pieces) of a recording: samples around which
//! an encoder's whole window fits. Your own distribution implements [`Positives`].
//!
//! Where a recording has several [subjects](crate::Recording::from_subjects), as many references come from
//! each as from any other, and so do negatives. A positive by a label may be of another subject: a random
//! permutation of the references assigns each of them the subject of another, and its positive is looked for
//! in that subject only, as in CEBRA's multi-session sampler. A positive by an offset in time stays in its session.

mod classes;
mod delta_normal;
mod delta_vmf;
mod differences;
mod discrete;
mod groups;
mod index;
mod mixed;
mod references;
mod subjects;
mod time;
mod time_delta;
mod uniform;

pub use delta_normal::DeltaNormal;
pub use delta_vmf::DeltaVmf;
pub(crate) use delta_vmf::VonMises;
pub use discrete::Discrete;
pub use mixed::Mixed;
pub use references::References;
pub(crate) use subjects::Subjects;
pub use time::Time;
pub use time_delta::TimeDelta;
pub use uniform::Uniform;

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use crate::error::Result;
use crate::recording::{Labels, Recording};

/// A distribution of positives given a reference, over the centers it was made for.
///
/// An implementation promises that every positive is one of these centers, and that draws depend
/// on the references and the generator alone: randomness is taken in the order of the references,
/// by one thread. In return the references are such centers too, with at least `lookahead` more after
/// them in their piece.
///
/// ```
/// use rand::Rng;
/// use rand_chacha::ChaCha8Rng;
/// use rand_chacha::rand_core::SeedableRng;
/// use xcebra_core::Pieces;
/// use xcebra_core::sampling::{Positives, References};
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
/// # Ok::<(), xcebra_core::CoreError>(())
/// ```
pub trait Positives: Send + Sync {
    /// Centers after a reference that must lie in its piece.
    fn lookahead(&self) -> usize {
        0
    }

    /// One positive for each reference.
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize>;
}

/// A label as real numbers, shared with the recording where it holds such.
#[derive(Clone, Debug)]
struct RealLabels(Arc<Labels>);

impl RealLabels {
    fn of<E: Scalar>(recording: &Recording<E>, name: &str) -> Result<Self> {
        let labels = recording.shared_label(name)?;
        Ok(Self(match &*labels {
            Labels::Continuous(_) => labels,
            Labels::Discrete(classes) => {
                let values = Array2::from_shape_fn((classes.len(), 1), |(t, _)| classes[t] as f64);
                Arc::new(Labels::Continuous(values))
            }
        }))
    }

    /// The label, (time, columns).
    fn view(&self) -> ArrayView2<'_, f64> {
        match &*self.0 {
            Labels::Continuous(values) => values.view(),
            Labels::Discrete(_) => unreachable!("classes were converted"),
        }
    }
}

/// Numbers in [0, 1), which choose among centers of equal labels.
fn uniforms(count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count).map(|_| rng.r#gen()).collect()
}
