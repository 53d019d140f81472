//! Layer norm and two dense layers.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use xcebra_model::Scalar;

use super::{FEATURES, Named, TOKENS};

const EPSILON: f64 = 1e-3;

pub struct Head<A> {
    gain: Array1<A>,
    shift: Array1<A>,
    hidden: (Array2<A>, Array1<A>),
    last: (Array2<A>, Array1<A>),
}

pub struct Saved<A> {
    /// Centred and scaled tokens, and by what they were divided.
    normal: Array2<A>,
    deviations: Vec<A>,
    /// The hidden layer after its `ReLU`.
    hidden: Array2<A>,
}

impl<A: Scalar> Head<A> {
    pub fn new(named: &Named<'_>) -> Self {
        Self {
            gain: named.vector("norm.weight"),
            shift: named.vector("norm.bias"),
            hidden: named.dense("hidden"),
            last: named.dense("last"),
        }
    }

    /// One value a signal.
    pub fn forward(&self, tokens: &Array2<A>) -> (Array1<A>, Saved<A>) {
        let mut normal = tokens.clone();
        let mut deviations = Vec::with_capacity(tokens.nrows());
        let features = A::of(FEATURES as f64);
        for mut row in normal.outer_iter_mut() {
            let mean = row.sum() / features;
            row -= mean;
            let variance = row.iter().map(|x| *x * *x).sum::<A>() / features;
            let deviation = (variance + A::of(EPSILON)).sqrt();
            row /= deviation;
            deviations.push(deviation);
        }
        let scaled = &normal * &self.gain + &self.shift;
        let n = tokens.nrows() / TOKENS;
        let flat = scaled.into_shape_with_order((n, TOKENS * FEATURES));
        let flat = flat.expect("whole signals");
        let hidden = (flat.dot(&self.hidden.0.t()) + &self.hidden.1).mapv(|x| x.max(A::zero()));
        let values = hidden.dot(&self.last.0.row(0)) + self.last.1[0];
        let saved = Saved {
            normal,
            deviations,
            hidden,
        };
        (values, saved)
    }

    /// Gradient of the tokens.
    pub fn backward(&self, saved: &Saved<A>, cotangent: ArrayView1<'_, A>) -> Array2<A> {
        let on = saved
            .hidden
            .mapv(|h| if h > A::zero() { A::one() } else { A::zero() });
        let hidden = on * self.last.0.row(0) * cotangent.insert_axis(Axis(1));
        let back = hidden.dot(&self.hidden.0);
        let back = back.into_shape_with_order(saved.normal.raw_dim());
        let mut back = back.expect("whole signals") * &self.gain;
        let features = A::of(FEATURES as f64);
        let rows = back.outer_iter_mut().zip(saved.normal.outer_iter());
        for ((mut back, normal), deviation) in rows.zip(&saved.deviations) {
            let mean = back.sum() / features;
            let along = back.dot(&normal) / features;
            back.zip_mut_with(&normal, |g, x| *g = (*g - mean - *x * along) / *deviation);
        }
        back
    }
}
