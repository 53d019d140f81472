//! An encoder as a model that any explainer takes.

use std::borrow::Cow;

use ndarray::{Array2, ArrayD, ArrayView2, ArrayView3, ArrayViewD, IxDyn};
use rayon::prelude::*;
use xcebra_model::{Model, ModelError, batch_len, cotangent_len};

use super::Encoder;
use crate::ops::Element;
use crate::ops::{Plan, forward, pull_back};

/// Most samples that go through all layers together where derivatives follow, which keep several
/// numbers a pre-activation.
const CHUNK: usize = 64;

/// The same for outputs alone: each product packs its weights once for more samples.
const FORWARD_CHUNK: usize = 256;

impl<E: Element> Encoder<E> {
    /// Calls `work` on each chunk of samples with its first sample, the pre-activations and the
    /// outputs, in parallel, and joins the results in order. `buffers` numbers are kept for each
    /// pre-activation, of at most `most` samples.
    fn chunks(
        &self,
        x: &[E],
        (buffers, most): (usize, usize),
        work: impl Fn(&Plan<'_, E>, usize, Vec<E>, Vec<E>) -> Vec<E> + Sync,
    ) -> Vec<E> {
        let network = &self.network;
        let weights = self.weights();
        let chunk = network.chunk::<E>(buffers, most);
        let parts: Vec<Vec<E>> = x
            .par_chunks(chunk * network.inputs())
            .enumerate()
            .map(|(i, x)| {
                let plan = network.windows(weights, x.len() / network.inputs());
                let mut pre = vec![E::zero(); plan.len];
                let mut out = vec![E::zero(); plan.outputs()];
                let x = self.time_major(&plan, x);
                forward(&plan, &x, &mut pre, &mut out, &mut Vec::new());
                work(&plan, i * chunk, pre, out)
            })
            .collect();
        parts.concat()
    }

    /// Samples (rows, channels, window) in the order of the passes: (window, rows, channels).
    fn time_major<'a>(&self, plan: &Plan<'_, E>, x: &'a [E]) -> Cow<'a, [E]> {
        let (channels, window) = (self.network.channels(), self.network.window());
        if window == 1 {
            return Cow::Borrowed(x);
        }
        Cow::Owned(permuted(x, [plan.rows, channels, window], [2, 0, 1]))
    }

    /// Pulls `each` cotangents a sample back: (rows, each, channels, window).
    fn pull_back(&self, plan: &Plan<'_, E>, pre: &[E], c: Vec<E>, each: usize) -> Vec<E> {
        let pulled = pull_back(plan, pre, c, each);
        let (channels, window) = (self.network.channels(), self.network.window());
        if window == 1 {
            return pulled;
        }
        permuted(&pulled, [window, plan.rows * each, channels], [1, 2, 0])
    }
}

/// The array `x` of that shape with its axes in another order.
fn permuted<E: Element>(x: &[E], shape: [usize; 3], axes: [usize; 3]) -> Vec<E> {
    let x = ArrayView3::from_shape(shape, x).expect("a whole chunk");
    x.permuted_axes(axes).iter().copied().collect()
}

fn flat<E: Element>(x: ArrayViewD<'_, E>) -> Cow<'_, [E]> {
    x.to_slice()
        .map_or_else(|| Cow::Owned(x.iter().copied().collect()), Cow::Borrowed)
}

fn shaped<E, D: ndarray::Dimension>(
    shape: impl ndarray::IntoDimension<Dim = D>,
    values: Vec<E>,
) -> Result<ndarray::Array<E, D>, ModelError> {
    ndarray::Array::from_shape_vec(shape.into_dimension(), values).map_err(ModelError::evaluation)
}

impl<E: Element> Model<E> for Encoder<E> {
    /// `[channels]`, or `[channels, window]` for an encoder that sees more than one time.
    fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    fn output_dim(&self) -> usize {
        self.network.outputs()
    }

    fn forward(&self, x: ArrayViewD<'_, E>) -> Result<Array2<E>, ModelError> {
        let n = batch_len(&self.input_shape, x.shape())?;
        let out = self.chunks(&flat(x), (1, FORWARD_CHUNK), |_, _, _, out| out);
        shaped((n, self.network.outputs()), out)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, E>,
        cotangent: ArrayView2<'_, E>,
    ) -> Result<ArrayD<E>, ModelError> {
        let d = self.network.outputs();
        cotangent_len(&self.input_shape, x.shape(), d, cotangent.shape())?;
        let c = flat(cotangent.into_dyn());
        let out = self.chunks(&flat(x.view()), (3, CHUNK), |plan, start, pre, _| {
            let c = c[start * d..][..plan.rows * d].to_vec();
            self.pull_back(plan, &pre, c, 1)
        });
        shaped(IxDyn(x.shape()), out)
    }

    fn jacobian(&self, x: ArrayViewD<'_, E>) -> Result<ArrayD<E>, ModelError> {
        let n = batch_len(&self.input_shape, x.shape())?;
        let d = self.network.outputs();
        let out = self.chunks(&flat(x.view()), (1 + 2 * d, CHUNK), |plan, _, pre, _| {
            let mut c = vec![E::zero(); plan.rows * d * d];
            for unit in c.chunks_exact_mut(d * d) {
                (0..d).for_each(|k| unit[k * d + k] = E::one());
            }
            self.pull_back(plan, &pre, c, d)
        });
        let shape = [&[n, d], self.input_shape.as_slice()].concat();
        shaped(IxDyn(&shape), out)
    }
}
