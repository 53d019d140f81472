//! A network of the published heart-rate form: what explaining a real model costs.
//!
//! Three blocks of three causal convolutions (5 taps, dilation 2, `ReLU`), average pools, four-head
//! attention, a layer norm and two dense layers: 147,473 parameters, 256 samples to one number (the
//! form of KID-PPG; weights here are random). The gradient with respect to the signal is written by
//! hand.

mod attention;
mod convolution;
mod head;

use ndarray::{Array1, Array2, ArrayD, ArrayView1, ArrayView2, ArrayViewD, Axis, IxDyn};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use xcebra_model::{Model, ModelError, Scalar, batch_len, cotangent_len};

use attention::Attention;
use convolution::Blocks;
use head::Head;

/// Samples of a signal.
pub const LENGTH: usize = 256;
/// Channels after each block, and by how much its pool shortens it.
const BLOCKS: [(usize, usize); 3] = [(32, 4), (48, 2), (64, 2)];
const TAPS: usize = 5;
/// Tokens of the attention, and their features.
const TOKENS: usize = 16;
const FEATURES: usize = 64;
const HIDDEN: usize = 32;
/// Signals that go through all layers together, while they lie in the cache.
const CHUNK: usize = 4;

/// The network.
pub struct HeartRate<A> {
    blocks: Blocks<A>,
    attention: Attention<A>,
    head: Head<A>,
}

/// Weights by name: convolutions `(out, in, tap)` and matrices `(out, in)`, flat in this order.
pub type Weights = Vec<(String, Vec<usize>, Vec<f64>)>;

/// Random weights of the network: uniform, as wide as keeps activations of the order of 1.
pub fn random_weights(seed: u64) -> Weights {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut weights = Vec::new();
    let mut draw = |name: String, shape: &[usize], gain: f64| {
        let inputs: usize = shape[1..].iter().product();
        let width = (gain / inputs as f64).sqrt();
        let matrix = (0..shape.iter().product()).map(|_| rng.gen_range(-width..width));
        weights.push((format!("{name}.weight"), shape.to_vec(), matrix.collect()));
        let bias = (0..shape[0]).map(|_| rng.gen_range(-0.1..0.1)).collect();
        weights.push((format!("{name}.bias"), vec![shape[0]], bias));
    };
    let mut inputs = 1;
    for (b, (channels, _)) in BLOCKS.into_iter().enumerate() {
        for c in 0..3 {
            draw(format!("conv.{b}.{c}"), &[channels, inputs, TAPS], 6.0);
            inputs = channels;
        }
    }
    for name in ["query", "key", "value", "out"] {
        draw(name.into(), &[FEATURES, FEATURES], 3.0);
    }
    draw("hidden".into(), &[HIDDEN, TOKENS * FEATURES], 6.0);
    draw("last".into(), &[1, HIDDEN], 6.0);
    let norm = |rng: &mut ChaCha8Rng, low: f64, high: f64| -> Vec<f64> {
        (0..FEATURES).map(|_| rng.gen_range(low..high)).collect()
    };
    let (gain, shift) = (norm(&mut rng, 0.5, 1.5), norm(&mut rng, -0.1, 0.1));
    weights.push(("norm.weight".into(), vec![FEATURES], gain));
    weights.push(("norm.bias".into(), vec![FEATURES], shift));
    weights
}

/// Looks weights up by name.
struct Named<'a>(&'a Weights);

impl Named<'_> {
    fn flat<A: Scalar>(&self, name: &str) -> Vec<A> {
        let found = self.0.iter().find(|(n, ..)| n == name);
        let (.., values) = found.expect("weights of this network");
        values.iter().map(|v| A::of(*v)).collect()
    }

    fn vector<A: Scalar>(&self, name: &str) -> Array1<A> {
        self.flat(name).into()
    }

    /// `(out, in)` with its bias.
    fn dense<A: Scalar>(&self, name: &str) -> (Array2<A>, Array1<A>) {
        let bias = self.vector(&format!("{name}.bias"));
        let flat = self.flat(&format!("{name}.weight"));
        let shape = (bias.len(), flat.len() / bias.len());
        let matrix = Array2::from_shape_vec(shape, flat).expect("whole rows");
        (matrix, bias)
    }
}

impl<A: Scalar> HeartRate<A> {
    /// The network of some weights, as [`random_weights`] names them.
    ///
    /// # Panics
    /// If a weight is missing.
    pub fn new(weights: &Weights) -> Self {
        let named = Named(weights);
        Self {
            blocks: Blocks::new(&named),
            attention: Attention::new(&named),
            head: Head::new(&named),
        }
    }

    /// Values of a chunk of signals, and their gradients if there are cotangents.
    fn chunk(
        &self,
        signals: ArrayView2<'_, A>,
        cotangent: Option<ArrayView1<'_, A>>,
    ) -> (Array1<A>, Option<Vec<A>>) {
        let (tokens, blocks) = self.blocks.forward(signals);
        let (attended, attention) = self.attention.forward(&tokens);
        let (values, head) = self.head.forward(&attended);
        let gradients = cotangent.map(|cotangent| {
            let back = self.head.backward(&head, cotangent);
            let back = self.attention.backward(&attention, &back);
            self.blocks.backward(&blocks, &back)
        });
        (values, gradients)
    }

    fn all(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: Option<ArrayView2<'_, A>>,
    ) -> Result<(Array2<A>, Option<ArrayD<A>>), ModelError> {
        let n = x.shape()[0];
        let x = x.to_shape((n, LENGTH)).map_err(ModelError::evaluation)?;
        let firsts: Vec<usize> = (0..n).step_by(CHUNK).collect();
        let chunks: Vec<(Array1<A>, Option<Vec<A>>)> = firsts
            .into_par_iter()
            .map(|first| {
                let rows = first..n.min(first + CHUNK);
                let signals = x.slice_axis(Axis(0), rows.clone().into());
                let cotangent = cotangent.as_ref().map(|c| c.column(0));
                let cotangent = cotangent
                    .as_ref()
                    .map(|c| c.slice_axis(Axis(0), rows.into()));
                self.chunk(signals, cotangent)
            })
            .collect();
        let values = chunks.iter().flat_map(|(values, _)| values.iter().copied());
        let values = Array1::from_iter(values).insert_axis(Axis(1));
        let gradients = cotangent.is_some().then(|| {
            let flat = chunks.iter().filter_map(|(_, g)| g.as_ref()).flatten();
            let flat = flat.copied().collect();
            ArrayD::from_shape_vec(IxDyn(&[n, LENGTH]), flat).expect("a gradient a signal")
        });
        Ok((values, gradients))
    }
}

impl<A: Scalar> Model<A> for HeartRate<A> {
    fn input_shape(&self) -> &[usize] {
        &[LENGTH]
    }

    fn output_dim(&self) -> usize {
        1
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        batch_len(&[LENGTH], x.shape())?;
        Ok(self.all(x, None)?.0)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        Ok(self.value_and_vjp(x, cotangent)?.1)
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>), ModelError> {
        cotangent_len(&[LENGTH], x.shape(), 1, cotangent.shape())?;
        let (values, gradients) = self.all(x, Some(cotangent))?;
        Ok((values, gradients.expect("cotangents were given")))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use xcebra_model::check_vjp;

    use super::{HeartRate, LENGTH, Model, random_weights};

    /// Seven signals are two chunks, of which one is not full.
    #[test]
    fn its_gradient_is_that_of_its_value() {
        let weights = random_weights(1);
        let model = HeartRate::<f64>::new(&weights);
        let x = Array2::from_shape_fn((7, LENGTH), |(i, t)| ((t * (i + 3)) as f64 * 0.37).sin());
        let report = check_vjp(&model, x.view().into_dyn()).unwrap();
        assert!(report.passed(), "{report:?}");
        let parameters: usize = weights.iter().map(|(.., values)| values.len()).sum();
        assert_eq!(parameters, 147_473);
        // it is no constant
        let values = model.forward(x.into_dyn().view()).unwrap();
        assert!((values[[0, 0]] - values[[1, 0]]).abs() > 1e-3);
    }
}
