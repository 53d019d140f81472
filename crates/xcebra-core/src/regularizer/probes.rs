//! Directions in which the Jacobian penalty looks.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use xcebra_model::Scalar;

/// How the squared norm of the Jacobian is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probes {
    /// All outputs: the exact norm.
    Exact,
    /// This many random unit vectors a sample: unbiased (Hoffman, Roberts and Yaida 2019).
    Random(usize),
}

impl Probes {
    /// From the number in a configuration: 0 is exact.
    pub fn from_count(count: usize) -> Self {
        if count == 0 {
            Self::Exact
        } else {
            Self::Random(count)
        }
    }

    /// Directions (samples, probe, outputs), flat, and the factor that makes their sum an
    /// estimate of the squared Frobenius norm.
    pub fn draw<E: Scalar>(
        self,
        samples: usize,
        outputs: usize,
        rng: &mut ChaCha8Rng,
    ) -> (Vec<E>, f64) {
        match self {
            Self::Exact => {
                let mut directions = vec![E::zero(); samples * outputs * outputs];
                for unit in directions.chunks_exact_mut(outputs * outputs) {
                    (0..outputs).for_each(|k| unit[k * outputs + k] = E::one());
                }
                (directions, 1.0)
            }
            Self::Random(count) => {
                let mut directions = Vec::with_capacity(samples * count * outputs);
                let mut direction = vec![0.0_f64; outputs];
                for _ in 0..samples * count {
                    let norm = loop {
                        direction
                            .iter_mut()
                            .for_each(|v| *v = rng.sample(StandardNormal));
                        let norm = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
                        if norm > 0.0 {
                            break norm;
                        }
                    };
                    directions.extend(direction.iter().map(|v| E::of(v / norm)));
                }
                (directions, outputs as f64 / count as f64)
            }
        }
    }
}
