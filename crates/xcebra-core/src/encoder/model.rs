//! An encoder as a model that any explainer takes.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, IxDyn};
use rayon::prelude::*;
use xcebra_model::{Model, ModelError, batch_len, cotangent_len};

use super::Encoder;
use crate::element::Element;
use crate::ops::{forward, pull_back};

/// Samples that go through all layers together.
const CHUNK: usize = 64;

impl<E: Element> Encoder<E> {
    /// Calls `work` on each chunk of samples with its rows, its first sample, the pre-activations
    /// and the outputs, in parallel, and joins the results in order.
    fn chunks<T: Send>(
        &self,
        x: &[E],
        work: impl Fn(usize, usize, Vec<E>, Vec<E>) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let network = &self.network;
        let parts: Vec<Vec<T>> = x
            .par_chunks(CHUNK * network.inputs())
            .enumerate()
            .map(|(chunk, x)| {
                let rows = x.len() / network.inputs();
                let mut pre = vec![E::zero(); rows * network.width()];
                let mut out = vec![E::zero(); rows * network.outputs()];
                forward(
                    network,
                    &self.parameters,
                    x,
                    &mut pre,
                    &mut out,
                    &mut Vec::new(),
                );
                work(chunk * CHUNK, rows, pre, out)
            })
            .collect();
        parts.into_iter().flatten().collect()
    }
}

fn flat<E: Element>(x: &ArrayViewD<'_, E>) -> Vec<E> {
    x.iter().copied().collect()
}

fn shaped<E, D: ndarray::Dimension>(
    shape: impl ndarray::IntoDimension<Dim = D>,
    values: Vec<E>,
) -> Result<ndarray::Array<E, D>, ModelError> {
    ndarray::Array::from_shape_vec(shape.into_dimension(), values).map_err(ModelError::evaluation)
}

impl<E: Element> Model<E> for Encoder<E> {
    fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    fn output_dim(&self) -> usize {
        self.network.outputs()
    }

    fn forward(&self, x: ArrayViewD<'_, E>) -> Result<Array2<E>, ModelError> {
        let n = batch_len(&self.input_shape, x.shape())?;
        let out = self.chunks(&flat(&x), |_, _, _, out| out);
        shaped((n, self.network.outputs()), out)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, E>,
        cotangent: ArrayView2<'_, E>,
    ) -> Result<ArrayD<E>, ModelError> {
        let d = self.network.outputs();
        let n = cotangent_len(&self.input_shape, x.shape(), d, cotangent.shape())?;
        let c = flat(&cotangent.into_dyn());
        let out = self.chunks(&flat(&x), |start, rows, pre, _| {
            let c = c[start * d..][..rows * d].to_vec();
            pull_back(&self.network, &self.parameters, &pre, c, 1)
        });
        shaped(IxDyn(&[n, self.network.inputs()]), out)
    }

    fn jacobian(&self, x: ArrayViewD<'_, E>) -> Result<ArrayD<E>, ModelError> {
        let n = batch_len(&self.input_shape, x.shape())?;
        let d = self.network.outputs();
        let out = self.chunks(&flat(&x), |_, rows, pre, _| {
            let mut c = vec![E::zero(); rows * d * d];
            for unit in c.chunks_exact_mut(d * d) {
                (0..d).for_each(|k| unit[k * d + k] = E::one());
            }
            pull_back(&self.network, &self.parameters, &pre, c, d)
        });
        shaped(IxDyn(&[n, d, self.network.inputs()]), out)
    }
}
