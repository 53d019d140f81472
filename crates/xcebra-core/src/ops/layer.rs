//! One layer of an encoder: a convolution over time, of which a dense layer is the case of one tap.
//!
//! A chunk of samples is kept time-major, (time, row, channel): then a convolution is one matrix
//! product a tap with a contiguous block of the chunk, and so are its transpose and its weight
//! gradient. Nothing is copied for it. In single precision, one kernel does the products of several taps.

use std::ops::Range;

use pulp::Arch;
use xcebra_model::Numbers;

use super::cpu::kernels::convolution::Panels;
use super::cpu::kernels::elementwise::{add, add_rows};
use super::cpu::kernels::matmul::{Matrix, matmul};
use super::cpu::kernels::outer::add_outer;
use super::packed::Weights;
use crate::ops::Element;

/// `pre[t] = b + Σ_j W_j x[t + j]`, and after it, in all layers but the last,
/// `hidden[t] = GELU(pre[t])`, to which a skip adds `x[t + ⌊(kernel − 1) / 2⌋]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub skip: bool,
    /// Where its weights (kernel, out, in), row-major, stand among all parameters.
    pub weight: Range<usize>,
    pub bias: Range<usize>,
}

impl Layer {
    fn tap(&self, tap: usize) -> Range<usize> {
        let each = self.outputs * self.inputs;
        let start = self.weight.start + tap * each;
        start..start + each
    }

    fn weights<'a, E>(&self, parameters: &'a [E], tap: usize) -> Matrix<'a, E> {
        Matrix::new(&parameters[self.tap(tap)], self.outputs, self.inputs)
    }

    /// Adds the identity to the weights of the middle tap.
    pub fn add_identity<E: Element>(&self, parameters: &mut [E]) {
        let weights = &mut parameters[self.tap((self.kernel - 1) / 2)];
        for i in 0..self.inputs.min(self.outputs) {
            weights[i * self.inputs + i] += E::one();
        }
    }

    /// Numbers of `x` before the block that tap `tap` sees.
    fn shift(&self, tap: usize, rows: usize) -> usize {
        tap * rows * self.inputs
    }

    /// `out = b + Σ_j W_j x[t + j]`.
    pub fn forward<E: Element>(
        &self,
        weights: Weights<'_, E>,
        x: &[E],
        rows: usize,
        out: &mut [E],
    ) {
        let bias = &weights.parameters[self.bias.clone()];
        self.products(weights, x, rows, Some(bias), out);
    }

    /// `out = Σ_j W_j x[t + j]`.
    pub fn linear<E: Element>(&self, weights: Weights<'_, E>, x: &[E], rows: usize, out: &mut [E]) {
        self.products(weights, x, rows, None, out);
    }

    fn products<E: Element>(
        &self,
        weights: Weights<'_, E>,
        x: &[E],
        rows: usize,
        bias: Option<&[E]>,
        out: &mut [E],
    ) {
        if let Some([panels, _]) = weights.panels {
            let taps = 0..self.kernel;
            let terms: Vec<_> = taps.map(|tap| (tap, self.shift(tap, rows))).collect();
            let (x, bias) = (E::view(x).single(), bias.map(|bias| E::view(bias).single()));
            panels.products(&terms, x, bias, E::view_mut(out).single());
            return;
        }
        if let Some(bias) = bias {
            for row in out.chunks_exact_mut(self.outputs) {
                row.copy_from_slice(bias);
            }
        }
        let blocks = out.len() / self.outputs;
        for tap in 0..self.kernel {
            matmul(
                out,
                bias.is_some() || tap > 0,
                Matrix::new(&x[self.shift(tap, rows)..], blocks, self.inputs),
                self.weights(weights.parameters, tap).t(),
            );
        }
    }

    /// `out[t + j] = Σ_j c[t] W_j`: cotangents of the layer's input from those of `pre`.
    pub fn transpose<E: Element>(
        &self,
        weights: Weights<'_, E>,
        c: &[E],
        rows: usize,
        out: &mut [E],
    ) {
        if let Some([_, panels]) = weights.panels {
            let c = E::view(c).single();
            self.transpose_single(panels, c, rows, E::view_mut(out).single());
            return;
        }
        let blocks = c.len() / self.outputs;
        out[blocks * self.inputs..].fill(E::zero());
        for tap in 0..self.kernel {
            matmul(
                &mut out[self.shift(tap, rows)..],
                tap > 0,
                Matrix::new(c, blocks, self.outputs),
                self.weights(weights.parameters, tap),
            );
        }
    }

    /// A convolution of `c` with zeros at both ends. Only its ends are copied to where there are zeros.
    fn transpose_single(&self, panels: &Panels, c: &[f32], rows: usize, out: &mut [f32]) {
        let (each, before) = (rows * self.outputs, self.kernel - 1);
        let terms: Vec<_> = (0..self.kernel)
            .map(|tap| (tap, (before - tap) * each))
            .collect();
        let of = |steps: usize| steps * rows * self.inputs;
        let (edge, steps) = (before * each, c.len() / each);
        if steps < before {
            let zeros = vec![0.0; edge];
            panels.products(&terms, &[&zeros, c, &zeros].concat(), None, out);
            return;
        }
        let (first, rest) = out.split_at_mut(of(before));
        let (middle, last) = rest.split_at_mut(of(steps - before));
        panels.products(&terms, c, None, middle);
        let zeros = vec![0.0; edge];
        let end = &c[c.len() - edge..];
        panels.products(&terms, &[&zeros, &c[..edge]].concat(), None, first);
        panels.products(&terms, &[end, &zeros].concat(), None, last);
    }

    /// `dW_j += Σ_t c[t]ᵀ x[t + j]`.
    pub fn add_weight_gradient<E: Element>(
        &self,
        c: &[E],
        x: &[E],
        rows: usize,
        gradient: &mut [E],
    ) {
        let blocks = c.len() / self.outputs;
        for tap in 0..self.kernel {
            if let (Numbers::Single(c), 2..) = (E::view(c), self.kernel) {
                let x = E::view(&x[self.shift(tap, rows)..][..blocks * self.inputs]).single();
                let sum = E::view_mut(&mut gradient[self.tap(tap)]).single();
                add_outer(Arch::new(), [self.outputs, self.inputs], c, x, sum);
                continue;
            }
            matmul(
                &mut gradient[self.tap(tap)],
                true,
                Matrix::new(c, blocks, self.outputs).t(),
                Matrix::new(&x[self.shift(tap, rows)..], blocks, self.inputs),
            );
        }
    }

    /// `db += Σ c`.
    pub fn add_bias_gradient<E: Element>(&self, c: &[E], gradient: &mut [E]) {
        let bias = &mut gradient[self.bias.clone()];
        add_rows(bias, c);
    }

    /// Where in `x` the part stands that a skip adds to `len` numbers of `hidden`.
    pub fn crop(&self, rows: usize, len: usize) -> Range<usize> {
        let start = self.shift((self.kernel - 1) / 2, rows);
        start..start + len
    }

    /// `hidden += cropped x`, if the layer has a skip.
    pub fn add_skip<E: Element>(&self, x: &[E], rows: usize, hidden: &mut [E]) {
        if self.skip {
            add(hidden, &x[self.crop(rows, hidden.len())]);
        }
    }

    /// Adds the cotangents `c` of `hidden` to those of `x` that the skip cropped.
    pub fn add_skip_transposed<E: Element>(&self, c: &[E], rows: usize, x: &mut [E]) {
        if self.skip {
            add(&mut x[self.crop(rows, c.len())], c);
        }
    }
}
