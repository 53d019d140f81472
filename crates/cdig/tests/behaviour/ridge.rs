//! Models of few projections: their integrated gradients are known in closed form, whatever the curve.

use cdig::{Model, ModelError};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD, Axis, IxDyn};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_model::{Scalar, batch_len, cotangent_len};

/// A function of one number, with its derivative almost everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Curve {
    Linear,
    Rectified,
    Clipped,
    /// A logistic function this many times as steep as the usual one.
    Steep(f64),
    Step,
    Sign,
    Round,
    Floor,
}

impl Curve {
    pub fn jumps(self) -> bool {
        matches!(self, Self::Step | Self::Sign | Self::Round | Self::Floor)
    }

    pub fn at(self, p: f64) -> f64 {
        match self {
            Self::Linear => p,
            Self::Rectified => p.max(0.0),
            Self::Clipped => p.clamp(-0.5, 0.5),
            Self::Steep(k) => 1.0 / (1.0 + (-k * p).exp()),
            Self::Step => f64::from(u8::from(p > 0.0)),
            Self::Sign => p.signum(),
            Self::Round => p.round(),
            Self::Floor => p.floor(),
        }
    }

    pub fn slope(self, p: f64) -> f64 {
        match self {
            Self::Linear => 1.0,
            Self::Rectified => f64::from(u8::from(p > 0.0)),
            Self::Clipped => f64::from(u8::from(p.abs() < 0.5)),
            Self::Steep(k) => k * self.at(p) * (1.0 - self.at(p)),
            _ => 0.0,
        }
    }
}

/// `F(x) = Σ height · curve(⟨w, x⟩ + offset)`, computed in the precision `A`.
#[derive(Debug, Clone)]
pub struct Ridges<A> {
    pub shape: Vec<usize>,
    pub ridges: Vec<Ridge<A>>,
}

#[derive(Debug, Clone)]
pub struct Ridge<A> {
    pub curve: Curve,
    pub weights: Array1<A>,
    pub offset: A,
    pub height: A,
}

impl<A: Scalar> Ridge<A> {
    /// Entry by entry, as the plainest code would.
    fn projection(&self, x: ArrayViewD<'_, A>) -> A {
        let pairs = x.into_iter().zip(&self.weights);
        pairs.fold(self.offset, |sum, (&x, &w)| sum + w * x)
    }
}

impl<A: Scalar> Ridges<A> {
    /// Weights of the order of `1/√n`, and offsets that put the middle of each curve between the
    /// projections of `start` and `end`.
    pub fn random(curves: &[Curve], start: &ArrayD<A>, end: &ArrayD<A>, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let n = start.len();
        let ridges = curves.iter().map(|&curve| {
            let scale = (3.0 / n as f64).sqrt();
            let weights =
                Array1::from_shape_simple_fn(n, || A::of(scale * rng.gen_range(-1.0..1.0)));
            let mut ridge = Ridge {
                curve,
                weights,
                offset: A::zero(),
                height: A::of(rng.gen_range(0.2..2.0)),
            };
            let [first, last] = [start, end].map(|x| ridge.projection(x.view()));
            let share = A::of(rng.gen_range(0.05..0.95));
            ridge.offset = -(first + share * (last - first));
            ridge
        });
        Self {
            shape: start.shape().to_vec(),
            ridges: ridges.collect(),
        }
    }

    /// Integrated gradients of the samples between two signals, for curves without jumps: of each ridge
    /// `w_i Δx_i` times its mean slope on the way.
    pub fn exact(&self, start: &ArrayD<A>, end: &ArrayD<A>) -> ArrayD<f64> {
        let mut exact = ArrayD::zeros(IxDyn(&self.shape));
        for ridge in &self.ridges {
            let wide = |x: &ArrayD<A>| {
                let pairs = x.iter().zip(&ridge.weights);
                let sum: f64 = pairs.map(|(x, w)| x.as_f64() * w.as_f64()).sum();
                sum + ridge.offset.as_f64()
            };
            let (first, last) = (wide(start), wide(end));
            let slope = match last - first {
                0.0 => ridge.curve.slope(first),
                way => (ridge.curve.at(last) - ridge.curve.at(first)) / way,
            };
            let pairs = start.iter().zip(end).zip(&ridge.weights);
            for (to, ((a, b), w)) in exact.iter_mut().zip(pairs) {
                *to += ridge.height.as_f64() * slope * w.as_f64() * (b.as_f64() - a.as_f64());
            }
        }
        exact
    }
}

impl<A: Scalar> Model<A> for Ridges<A> {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        1
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        batch_len(&self.shape, x.shape())?;
        let values = x.outer_iter().map(|x| {
            let all = self.ridges.iter();
            all.map(|r| r.height * A::of(r.curve.at(r.projection(x.view()).as_f64())))
                .sum()
        });
        Ok(values.collect::<Array1<A>>().insert_axis(Axis(1)))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        cotangent_len(&self.shape, x.shape(), 1, cotangent.shape())?;
        let mut gradients = ArrayD::zeros(x.raw_dim());
        for ((mut gradient, x), c) in gradients
            .outer_iter_mut()
            .zip(x.outer_iter())
            .zip(&cotangent)
        {
            for ridge in &self.ridges {
                let p = ridge.projection(x.view()).as_f64();
                let slope = *c * ridge.height * A::of(ridge.curve.slope(p));
                for (g, &w) in gradient.iter_mut().zip(&ridge.weights) {
                    *g += slope * w;
                }
            }
        }
        Ok(gradients)
    }
}
