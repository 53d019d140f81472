//! The Jacobian penalty of a network on one chunk, and its gradient: reverse mode over reverse
//! mode.

use super::kernels::elementwise::{add_product, multiply, product};
use super::kernels::gelu;
use super::passes::{Flow, States, reverse};
use crate::ops::Element;
use crate::ops::network::Plan;

/// Most rows of a chunk.
pub const CHUNK: usize = 64;

/// Numbers that [`Scratch`] keeps for each pre-activation.
pub const BUFFERS: usize = 7;

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
    up: Vec<E>,
    next: Vec<E>,
    flow: Flow<E>,
}

impl<E: Element> Scratch<E> {
    fn fit(&mut self, plan: &Plan<'_, E>) {
        for v in [
            &mut self.pre,
            &mut self.hidden,
            &mut self.first,
            &mut self.second,
            &mut self.activation,
            &mut self.pre_activation,
            &mut self.owed,
        ] {
            v.resize(plan.len, E::zero());
        }
        for v in [&mut self.up, &mut self.next] {
            v.resize(plan.widest, E::zero());
        }
        self.flow.fit(plan);
    }
}

/// Returns `½ factor Σ_i Σ_p ‖J(x_i)ᵀ v_ip‖²` and adds its gradient in the parameters to
/// `gradient`; `probes` is (probe, rows, outputs).
pub fn penalty<E: Element>(
    plan: &Plan<'_, E>,
    x: &[E],
    probes: &[E],
    factor: E,
    gradient: &mut [E],
    s: &mut Scratch<E>,
) -> f64 {
    s.fit(plan);
    forward(plan, x, s);
    s.owed.fill(E::zero());
    let mut value = 0.0;
    for v in probes.chunks_exact(plan.outputs()) {
        let g = down(plan, v, x.len(), s);
        value += 0.5 * g.iter().map(|&g| g.as_f64() * g.as_f64()).sum::<f64>();
        g.iter_mut().for_each(|g| *g *= factor);
        up(plan, v, x.len(), gradient, s);
    }
    settle(plan, x, gradient, s);
    value * factor.as_f64()
}

/// Forward pass with both derivatives of every activation.
fn forward<E: Element>(plan: &Plan<'_, E>, x: &[E], s: &mut Scratch<E>) {
    for (l, layer) in plan.network.layers.iter().enumerate() {
        let span = plan.spans[l].clone();
        let (below, here) = s.hidden.split_at_mut(span.start);
        let input = match l {
            0 => x,
            _ => &below[plan.spans[l - 1].clone()],
        };
        layer.forward(plan.weights(l), input, plan.rows, &mut s.pre[span.clone()]);
        if l < plan.last() {
            let here = &mut here[..span.len()];
            gelu::all(
                &s.pre[span.clone()],
                here,
                &mut s.first[span.clone()],
                &mut s.second[span],
            );
            layer.add_skip(input, plan.rows, here);
        }
    }
}

/// `Jᵀ v`, of `inputs` numbers; keeps every cotangent on the way.
fn down<'a, E: Element>(
    plan: &Plan<'_, E>,
    v: &[E],
    inputs: usize,
    s: &'a mut Scratch<E>,
) -> &'a mut [E] {
    let (network, last) = (plan.network, plan.last());
    let top = &mut s.pre_activation[plan.spans[last].clone()];
    top.copy_from_slice(v);
    let y = &s.pre[plan.spans[last].clone()];
    network.head.vjp(y, top, network.outputs());
    for l in (0..=last).rev() {
        let layer = &network.layers[l];
        let span = plan.spans[l].clone();
        let (below, here) = s.activation.split_at_mut(span.start);
        let (lower, upper) = s.pre_activation.split_at_mut(span.start);
        let target = match l {
            0 => &mut s.up[..inputs],
            _ => &mut below[plan.spans[l - 1].clone()],
        };
        layer.transpose(plan.weights(l), &upper[..span.len()], plan.rows, target);
        layer.add_skip_transposed(&here[..span.len()], plan.rows, target);
        if l > 0 {
            let below = plan.spans[l - 1].clone();
            product(&mut lower[below.clone()], target, &s.first[below]);
        }
    }
    &mut s.up[..inputs]
}

/// The derivative of the penalty in each cotangent on the way down, from that in `Jᵀ v`, which
/// stands in `s.up`.
fn up<E: Element>(
    plan: &Plan<'_, E>,
    v: &[E],
    inputs: usize,
    gradient: &mut [E],
    s: &mut Scratch<E>,
) {
    let (network, rows, last) = (plan.network, plan.rows, plan.last());
    let mut len = inputs;
    for (l, layer) in network.layers.iter().enumerate() {
        let flow = &s.up[..len];
        let span = plan.spans[l].clone();
        layer.add_weight_gradient(&s.pre_activation[span.clone()], flow, rows, gradient);
        if l == last && !network.head.is_curved() {
            break;
        }
        let next = &mut s.next[..span.len()];
        layer.linear(plan.weights(l), flow, rows, next);
        if l == last {
            let owed = &mut s.owed[span.clone()];
            network
                .head
                .second(&s.pre[span], v, next, owed, network.outputs());
            break;
        }
        let (owed, second) = (&mut s.owed[span.clone()], &s.second[span.clone()]);
        let (activation, first) = (&s.activation[span.clone()], &s.first[span.clone()]);
        add_product(owed, next, activation, second);
        multiply(next, first);
        layer.add_skip(flow, rows, next);
        len = span.len();
        std::mem::swap(&mut s.up, &mut s.next);
    }
}

/// The ordinary reverse pass for what is owed to the pre-activations.
fn settle<E: Element>(plan: &Plan<'_, E>, x: &[E], gradient: &mut [E], s: &mut Scratch<E>) {
    let top = match (plan.last(), plan.network.head.is_curved()) {
        (last, true) => last,
        (0, false) => return,
        (last, false) => last - 1,
    };
    let span = plan.spans[top].clone();
    s.flow.pre[..span.len()].copy_from_slice(&s.owed[span]);
    let states = States {
        x,
        hidden: &s.hidden,
        first: &s.first,
        owed: Some(&s.owed),
    };
    reverse(plan, states, top, gradient, &mut s.flow);
}
