//! Forward and reverse passes of a network on one chunk of samples.
//!
//! A chunk is small enough for all its layers to stay in the second cache. Its numbers are
//! time-major, (time, row, channel), where rows are samples.

use super::kernels::elementwise::{add, multiply};
use super::kernels::gelu;
use crate::ops::Element;
use crate::ops::network::Plan;

/// Forward pass: writes the pre-activations of all layers and the outputs after the head;
/// `room` grows as needed.
pub fn forward<E: Element>(
    plan: &Plan<'_, E>,
    x: &[E],
    pre: &mut [E],
    out: &mut [E],
    room: &mut Vec<E>,
) {
    let (network, rows) = (plan.network, plan.rows);
    room.resize(2 * plan.widest, E::zero());
    let (hidden, value) = room.split_at_mut(plan.widest);
    for (l, layer) in network.layers.iter().enumerate() {
        let (done, todo) = pre.split_at_mut(plan.spans[l].start);
        let target = &mut todo[..plan.spans[l].len()];
        if l == 0 {
            layer.forward(plan.weights(l), x, rows, target);
            continue;
        }
        let below = &done[plan.spans[l - 1].clone()];
        let len = below.len();
        if network.layers[l - 1].skip {
            gelu::value(below, &mut value[..len]);
            let crop = network.layers[l - 1].crop(rows, len);
            if l == 1 {
                hidden[..len].copy_from_slice(&x[crop]);
            } else {
                hidden.copy_within(crop, 0);
            }
            add(hidden, &value[..len]);
        } else {
            gelu::value(below, &mut hidden[..len]);
        }
        layer.forward(plan.weights(l), &hidden[..len], rows, target);
    }
    out.copy_from_slice(&pre[plan.spans[plan.last()].clone()]);
    network.head.apply(out, network.outputs());
}

/// Room for [`backward`] and [`reverse`].
#[derive(Debug, Default)]
pub struct Scratch<E> {
    /// Hidden activations and the derivative of GELU in all layers.
    hidden: Vec<E>,
    first: Vec<E>,
    pub flow: Flow<E>,
}

/// Cotangents on their way down.
#[derive(Debug, Default)]
pub struct Flow<E> {
    /// Of a layer's pre-activations.
    pub pre: Vec<E>,
    next: Vec<E>,
    /// Of a layer's hidden activations, where its skip needs them.
    kept: Vec<E>,
}

impl<E: Element> Flow<E> {
    pub fn fit(&mut self, plan: &Plan<'_, E>) {
        for v in [&mut self.pre, &mut self.next, &mut self.kept] {
            v.resize(plan.widest, E::zero());
        }
    }
}

/// Reverse pass from the cotangents `c` (rows, outputs) of the outputs: adds the gradient of the
/// parameters to `gradient`.
pub fn backward<E: Element>(
    plan: &Plan<'_, E>,
    x: &[E],
    pre: &[E],
    c: &[E],
    gradient: &mut [E],
    scratch: &mut Scratch<E>,
) {
    let network = plan.network;
    let Scratch {
        hidden,
        first,
        flow,
    } = scratch;
    hidden.resize(plan.len, E::zero());
    first.resize(plan.len, E::zero());
    flow.fit(plan);
    let last = plan.last();
    for l in 0..last {
        let span = plan.spans[l].clone();
        let (below, here) = hidden.split_at_mut(span.start);
        let here = &mut here[..span.len()];
        gelu::value_first(&pre[span.clone()], here, &mut first[span]);
        let below = if l == 0 {
            x
        } else {
            &below[plan.spans[l - 1].clone()]
        };
        network.layers[l].add_skip(below, plan.rows, here);
    }
    let top = &mut flow.pre[..c.len()];
    top.copy_from_slice(c);
    let y = &pre[plan.spans[last].clone()];
    network.head.vjp(y, top, network.outputs());
    let states = States {
        x,
        hidden,
        first,
        owed: None,
    };
    reverse(plan, states, last, gradient, flow);
}

/// What a reverse pass needs to know of the forward pass.
pub struct States<'a, E> {
    pub x: &'a [E],
    pub hidden: &'a [E],
    pub first: &'a [E],
    /// More cotangents of the pre-activations of all layers.
    pub owed: Option<&'a [E]>,
}

/// Reverse pass from the cotangents of the pre-activations of layer `top`, which stand in
/// `flow.pre`: adds the gradient of the parameters to `gradient`.
pub fn reverse<E: Element>(
    plan: &Plan<'_, E>,
    states: States<'_, E>,
    top: usize,
    gradient: &mut [E],
    flow: &mut Flow<E>,
) {
    let (network, rows) = (plan.network, plan.rows);
    for l in (0..=top).rev() {
        let layer = &network.layers[l];
        let span = plan.spans[l].clone();
        let c = &flow.pre[..span.len()];
        layer.add_bias_gradient(c, gradient);
        if l == 0 {
            layer.add_weight_gradient(c, states.x, rows, gradient);
            break;
        }
        let below = plan.spans[l - 1].clone();
        layer.add_weight_gradient(c, &states.hidden[below.clone()], rows, gradient);
        let next = &mut flow.next[..below.len()];
        layer.transpose(plan.weights(l), c, rows, next);
        if l < top {
            layer.add_skip_transposed(&flow.kept[..span.len()], rows, next);
        }
        if network.layers[l - 1].skip {
            flow.kept[..below.len()].copy_from_slice(next);
        }
        multiply(next, &states.first[below.clone()]);
        if let Some(owed) = states.owed {
            add(next, &owed[below]);
        }
        std::mem::swap(&mut flow.pre, &mut flow.next);
    }
}

/// Pulls `each` cotangents of every row's outputs back to the inputs: `c` is
/// (rows, `each`, outputs), the result (time, rows, `each`, channels).
pub fn pull_back<E: Element>(plan: &Plan<'_, E>, pre: &[E], mut c: Vec<E>, each: usize) -> Vec<E> {
    let (network, last) = (plan.network, plan.last());
    let d = network.outputs();
    let rows = plan.rows * each;
    let y = &pre[plan.spans[last].clone()];
    for (y, c) in y.chunks_exact(d).zip(c.chunks_exact_mut(d * each)) {
        for c in c.chunks_exact_mut(d) {
            network.head.vjp(y, c, d);
        }
    }
    let mut kept = Vec::new();
    for l in (0..=last).rev() {
        let layer = &network.layers[l];
        let steps = c.len() / (rows * layer.outputs) + layer.kernel - 1;
        let mut next = vec![E::zero(); steps * rows * layer.inputs];
        layer.transpose(plan.weights(l), &c, rows, &mut next);
        layer.add_skip_transposed(&kept, rows, &mut next);
        if l > 0 {
            if network.layers[l - 1].skip {
                kept.clone_from(&next);
            }
            let pre = &pre[plan.spans[l - 1].clone()];
            let mut first = vec![E::zero(); pre.len()];
            gelu::first(pre, &mut first);
            let width = layer.inputs;
            for (c, f) in next
                .chunks_exact_mut(width * each)
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
