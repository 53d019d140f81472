//! Forward and reverse passes of a dense network on one chunk of samples.
//!
//! A chunk is small enough for all its layers to stay in the second cache. Rows are samples;
//! weights are (out, in), row-major, as in PyTorch.

use std::ops::Range;

use super::head::Head;
use super::kernels::matmul::{Matrix, matmul};
use crate::element::Element;

/// Rows of a chunk in the forward and the reverse pass.
pub const CHUNK: usize = 128;

/// One linear layer; its numbers stand in the vector of all parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    pub inputs: usize,
    pub outputs: usize,
    pub weight: Range<usize>,
    pub bias: Range<usize>,
}

/// Linear layers with GELU between them, and a head.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub layers: Vec<Linear>,
    pub head: Head,
}

impl Network {
    /// Layers of the given widths, the first of which is the number of inputs.
    pub fn new(widths: &[usize], head: Head) -> Self {
        let mut start = 0;
        let layers = widths
            .windows(2)
            .map(|pair| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let weight = start..start + inputs * outputs;
                let bias = weight.end..weight.end + outputs;
                start = bias.end;
                Linear {
                    inputs,
                    outputs,
                    weight,
                    bias,
                }
            })
            .collect();
        Self { layers, head }
    }

    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.layers[self.layers.len() - 1].bias.end
    }

    /// Numbers a sample needs for the pre-activations of all layers.
    pub fn width(&self) -> usize {
        self.layers.iter().map(|l| l.outputs).sum()
    }

    pub(super) fn widest(&self) -> usize {
        self.layers
            .iter()
            .map(|l| l.outputs.max(l.inputs))
            .max()
            .unwrap_or(0)
    }

    /// Where each layer's numbers stand in a buffer of [`width`](Self::width) × `rows`.
    pub(super) fn spans(&self, rows: usize) -> Vec<Range<usize>> {
        let mut start = 0;
        self.layers
            .iter()
            .map(|l| {
                let span = start..start + rows * l.outputs;
                start = span.end;
                span
            })
            .collect()
    }
}

impl Linear {
    pub(super) fn weights<'a, E>(&self, parameters: &'a [E]) -> Matrix<'a, E> {
        Matrix::new(&parameters[self.weight.clone()], self.outputs, self.inputs)
    }

    /// `out = x Wᵀ + b`.
    pub(super) fn forward<E: Element>(&self, parameters: &[E], x: &[E], out: &mut [E]) {
        let bias = &parameters[self.bias.clone()];
        for row in out.chunks_exact_mut(self.outputs) {
            row.copy_from_slice(bias);
        }
        let rows = out.len() / self.outputs;
        matmul(
            out,
            true,
            Matrix::new(x, rows, self.inputs),
            self.weights(parameters).t(),
        );
    }

    /// `out = c W`.
    pub(super) fn transpose<E: Element>(&self, parameters: &[E], c: &[E], out: &mut [E]) {
        let rows = c.len() / self.outputs;
        matmul(
            out,
            false,
            Matrix::new(c, rows, self.outputs),
            self.weights(parameters),
        );
    }

    /// `dW += cᵀ x`.
    pub(super) fn add_weight_gradient<E: Element>(&self, c: &[E], x: &[E], gradient: &mut [E]) {
        let rows = c.len() / self.outputs;
        matmul(
            &mut gradient[self.weight.clone()],
            true,
            Matrix::new(c, rows, self.outputs).t(),
            Matrix::new(x, rows, self.inputs),
        );
    }

    /// `db += Σ_i c_i`.
    pub(super) fn add_bias_gradient<E: Element>(&self, c: &[E], gradient: &mut [E]) {
        let bias = &mut gradient[self.bias.clone()];
        for row in c.chunks_exact(self.outputs) {
            for (b, &c) in bias.iter_mut().zip(row) {
                *b += c;
            }
        }
    }
}

/// Forward pass: writes the pre-activations of all layers and the outputs after the head;
/// `hidden` is room that grows as needed.
pub fn forward<E: Element>(
    network: &Network,
    parameters: &[E],
    x: &[E],
    pre: &mut [E],
    out: &mut [E],
    hidden: &mut Vec<E>,
) {
    let rows = x.len() / network.inputs();
    let spans = network.spans(rows);
    hidden.resize(rows * network.widest(), E::zero());
    for (l, layer) in network.layers.iter().enumerate() {
        let (done, todo) = pre.split_at_mut(spans[l].start);
        let target = &mut todo[..rows * layer.outputs];
        if l == 0 {
            layer.forward(parameters, x, target);
        } else {
            let hidden = &mut hidden[..rows * layer.inputs];
            E::gelu(&done[spans[l - 1].clone()], hidden);
            layer.forward(parameters, hidden, target);
        }
    }
    let last = &pre[spans[spans.len() - 1].clone()];
    out.copy_from_slice(last);
    network.head.apply(out, network.outputs());
}

/// Room for [`backward`].
#[derive(Debug, Default)]
pub struct Scratch<E> {
    cotangent: Vec<E>,
    next: Vec<E>,
    hidden: Vec<E>,
    first: Vec<E>,
}

impl<E: Element> Scratch<E> {
    fn fit(&mut self, len: usize) {
        for v in [
            &mut self.cotangent,
            &mut self.next,
            &mut self.hidden,
            &mut self.first,
        ] {
            v.resize(len, E::zero());
        }
    }
}

/// Reverse pass from the cotangents `c` (rows, outputs) of the outputs: adds the gradient of the
/// parameters to `gradient`.
pub fn backward<E: Element>(
    network: &Network,
    parameters: &[E],
    x: &[E],
    pre: &[E],
    c: &[E],
    gradient: &mut [E],
    scratch: &mut Scratch<E>,
) {
    let rows = x.len() / network.inputs();
    let spans = network.spans(rows);
    scratch.fit(rows * network.widest());
    let last = network.layers.len() - 1;
    let top = &mut scratch.cotangent[..c.len()];
    top.copy_from_slice(c);
    network
        .head
        .vjp(&pre[spans[last].clone()], top, network.outputs());
    for l in (0..=last).rev() {
        let layer = &network.layers[l];
        let c = &scratch.cotangent[..rows * layer.outputs];
        layer.add_bias_gradient(c, gradient);
        if l == 0 {
            layer.add_weight_gradient(c, x, gradient);
            break;
        }
        let len = rows * layer.inputs;
        let (hidden, first) = (&mut scratch.hidden[..len], &mut scratch.first[..len]);
        E::gelu_value_first(&pre[spans[l - 1].clone()], hidden, first);
        layer.add_weight_gradient(c, hidden, gradient);
        let next = &mut scratch.next[..len];
        layer.transpose(parameters, c, next);
        for (n, &f) in next.iter_mut().zip(first.iter()) {
            *n *= f;
        }
        std::mem::swap(&mut scratch.cotangent, &mut scratch.next);
    }
}

/// Pulls `per_row` cotangents of each row's outputs back to the inputs: `c` is
/// (rows, `per_row`, outputs), the result (rows, `per_row`, inputs).
pub fn pull_back<E: Element>(
    network: &Network,
    parameters: &[E],
    pre: &[E],
    mut c: Vec<E>,
    per_row: usize,
) -> Vec<E> {
    let d = network.outputs();
    let rows = c.len() / (d * per_row.max(1));
    let spans = network.spans(rows);
    let last = network.layers.len() - 1;
    let y = &pre[spans[last].clone()];
    for (y, c) in y.chunks_exact(d).zip(c.chunks_exact_mut(d * per_row)) {
        for c in c.chunks_exact_mut(d) {
            network.head.vjp(y, c, d);
        }
    }
    for l in (0..=last).rev() {
        let layer = &network.layers[l];
        let mut next = vec![E::zero(); rows * per_row * layer.inputs];
        layer.transpose(parameters, &c, &mut next);
        if l > 0 {
            let pre = &pre[spans[l - 1].clone()];
            let mut first = vec![E::zero(); pre.len()];
            E::gelu_first(pre, &mut first);
            let width = layer.inputs;
            for (c, f) in next
                .chunks_exact_mut(width * per_row)
                .zip(first.chunks_exact(width))
            {
                for c in c.chunks_exact_mut(width) {
                    for (c, &f) in c.iter_mut().zip(f) {
                        *c *= f;
                    }
                }
            }
        }
        c = next;
    }
    c
}
