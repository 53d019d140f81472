//! The Jacobian penalty of a dense network on one chunk, and its gradient: reverse mode over
//! reverse mode.

use super::dense::Network;
use super::kernels::matmul::{Matrix, matmul};
use crate::element::Element;

/// Rows of a chunk: the penalty keeps seven numbers for each pre-activation.
pub const CHUNK: usize = 64;

/// Room for [`penalty`]: buffers of one number a pre-activation, and of the widest layer.
#[derive(Debug, Default)]
pub struct Scratch<E> {
    pre: Vec<E>,
    hidden: Vec<E>,
    first: Vec<E>,
    second: Vec<E>,
    /// Cotangents of the activations and of the pre-activations under one probe.
    activation: Vec<E>,
    pre_activation: Vec<E>,
    /// What the penalty's derivative owes to the pre-activations through GELU′ and the head.
    owed: Vec<E>,
    flow: Vec<E>,
    next: Vec<E>,
}

impl<E: Element> Scratch<E> {
    fn fit(&mut self, all: usize, widest: usize) {
        for v in [
            &mut self.pre,
            &mut self.hidden,
            &mut self.first,
            &mut self.second,
            &mut self.activation,
            &mut self.pre_activation,
            &mut self.owed,
        ] {
            v.resize(all, E::zero());
        }
        for v in [&mut self.flow, &mut self.next] {
            v.resize(widest, E::zero());
        }
    }
}

/// Returns `½ factor Σ_i Σ_p ‖J(x_i)ᵀ v_ip‖²` and adds its gradient in the parameters to
/// `gradient`; `probes` is (probe, rows, outputs).
pub fn penalty<E: Element>(
    network: &Network,
    parameters: &[E],
    x: &[E],
    probes: &[E],
    factor: E,
    gradient: &mut [E],
    s: &mut Scratch<E>,
) -> f64 {
    let rows = x.len() / network.inputs();
    let d = network.outputs();
    let spans = network.spans(rows);
    let last = network.layers.len() - 1;
    s.fit(rows * network.width(), rows * network.widest());
    forward(network, parameters, x, s);
    s.owed.fill(E::zero());

    let mut value = 0.0;
    for v in probes.chunks_exact(rows * d) {
        // down: g = Jᵀ v
        let top = &mut s.pre_activation[spans[last].clone()];
        top.copy_from_slice(v);
        network.head.vjp(&s.pre[spans[last].clone()], top, d);
        for l in (1..=last).rev() {
            let layer = &network.layers[l];
            let below = spans[l - 1].clone();
            let (lower, upper) = s.pre_activation.split_at_mut(spans[l].start);
            layer.transpose(
                parameters,
                &upper[..rows * layer.outputs],
                &mut s.activation[below.clone()],
            );
            for ((e, &c), &f) in lower[below.clone()]
                .iter_mut()
                .zip(&s.activation[below.clone()])
                .zip(&s.first[below])
            {
                *e = c * f;
            }
        }
        let bottom = &network.layers[0];
        let g = &mut s.flow[..rows * bottom.inputs];
        bottom.transpose(parameters, &s.pre_activation[spans[0].clone()], g);
        value += 0.5 * g.iter().map(|&g| g.as_f64() * g.as_f64()).sum::<f64>();
        g.iter_mut().for_each(|g| *g *= factor);

        // up: the derivative of the penalty in each cotangent on the way down
        for (l, layer) in network.layers.iter().enumerate() {
            let flow = &s.flow[..rows * layer.inputs];
            let e = &s.pre_activation[spans[l].clone()];
            layer.add_weight_gradient(e, flow, gradient);
            if l == last && !network.head.is_curved() {
                break;
            }
            let next = &mut s.next[..rows * layer.outputs];
            matmul(
                next,
                false,
                Matrix::new(flow, rows, layer.inputs),
                layer.weights(parameters).t(),
            );
            let span = spans[l].clone();
            if l == last {
                network
                    .head
                    .second(&s.pre[span.clone()], v, next, &mut s.owed[span], d);
                break;
            }
            let (owed, second) = (&mut s.owed[span.clone()], &s.second[span.clone()]);
            let (activation, first) = (&s.activation[span.clone()], &s.first[span]);
            for i in 0..next.len() {
                owed[i] += next[i] * activation[i] * second[i];
                next[i] *= first[i];
            }
            std::mem::swap(&mut s.flow, &mut s.next);
        }
    }
    settle(network, parameters, x, gradient, s);
    value * factor.as_f64()
}

/// Forward pass with both derivatives of every activation.
fn forward<E: Element>(network: &Network, parameters: &[E], x: &[E], s: &mut Scratch<E>) {
    let rows = x.len() / network.inputs();
    let spans = network.spans(rows);
    let last = network.layers.len() - 1;
    for (l, layer) in network.layers.iter().enumerate() {
        let span = spans[l].clone();
        let input = if l == 0 {
            x
        } else {
            &s.hidden[spans[l - 1].clone()]
        };
        layer.forward(parameters, input, &mut s.pre[span.clone()]);
        if l < last {
            E::gelu_all(
                &s.pre[span.clone()],
                &mut s.hidden[span.clone()],
                &mut s.first[span.clone()],
                &mut s.second[span],
            );
        }
    }
}

/// The ordinary reverse pass for what is owed to the pre-activations.
fn settle<E: Element>(
    network: &Network,
    parameters: &[E],
    x: &[E],
    gradient: &mut [E],
    s: &mut Scratch<E>,
) {
    let rows = x.len() / network.inputs();
    let spans = network.spans(rows);
    let mut top = network.layers.len() - 1;
    if !network.head.is_curved() {
        if top == 0 {
            return;
        }
        top -= 1;
    }
    s.flow[..spans[top].len()].copy_from_slice(&s.owed[spans[top].clone()]);
    for l in (0..=top).rev() {
        let layer = &network.layers[l];
        let c = &s.flow[..rows * layer.outputs];
        layer.add_bias_gradient(c, gradient);
        if l == 0 {
            layer.add_weight_gradient(c, x, gradient);
            break;
        }
        let below = spans[l - 1].clone();
        layer.add_weight_gradient(c, &s.hidden[below.clone()], gradient);
        let next = &mut s.next[..rows * layer.inputs];
        layer.transpose(parameters, c, next);
        let (first, owed) = (&s.first[below.clone()], &s.owed[below]);
        for i in 0..next.len() {
            next[i] = next[i] * first[i] + owed[i];
        }
        std::mem::swap(&mut s.flow, &mut s.next);
    }
}
