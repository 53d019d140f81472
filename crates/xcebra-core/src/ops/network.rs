//! The layers of an encoder, and how a chunk of samples lies in memory.

use std::ops::Range;

use super::Element;
use super::head::Head;
use super::layer::Layer;
use super::packed::{Packed, Weights};

/// Bytes that the buffers of one chunk may take: a usual second cache. Steps of `offset10` and
/// `offset36` took more processor time with a quarter and with half of it.
const CACHE: usize = 1 << 20;

/// Numbers that a training keeps for each pre-activation: itself, its activation and the derivative.
pub const TRAINED: usize = 3;

/// Layers with GELU between them, and a head.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub(crate) layers: Vec<Layer>,
    pub(crate) head: Head,
    channels: usize,
    window: usize,
}

/// A chunk on its way through a network: where each layer's numbers stand in a buffer of all
/// pre-activations.
#[derive(Debug)]
pub struct Plan<'a, E> {
    pub network: &'a Network,
    pub parameters: &'a [E],
    packed: &'a Packed,
    pub rows: usize,
    pub spans: Vec<Range<usize>>,
    /// Numbers of the widest of input and pre-activations.
    pub widest: usize,
    /// Numbers of all pre-activations.
    pub len: usize,
}

impl Network {
    /// Layers of (outputs, kernel, skip) on `channels`.
    pub(crate) fn new(
        channels: usize,
        layers: impl IntoIterator<Item = (usize, usize, bool)>,
        head: Head,
    ) -> Self {
        let (mut inputs, mut start, mut window) = (channels, 0, 1);
        let layers = layers
            .into_iter()
            .map(|(outputs, kernel, skip)| {
                let weight = start..start + kernel * inputs * outputs;
                let bias = weight.end..weight.end + outputs;
                let layer = Layer {
                    inputs,
                    outputs,
                    kernel,
                    skip,
                    weight,
                    bias: bias.clone(),
                };
                (inputs, start, window) = (outputs, bias.end, window + kernel - 1);
                layer
            })
            .collect();
        Self {
            layers,
            head,
            channels,
            window,
        }
    }

    /// Channels of one time.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Times that one output sees.
    pub fn window(&self) -> usize {
        self.window
    }

    /// Numbers of one sample: channels times window.
    pub fn inputs(&self) -> usize {
        self.channels * self.window
    }

    /// Embedding dimensions.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.layers[self.layers.len() - 1].bias.end
    }

    /// The weights in the order of the products.
    pub(crate) fn pack<E: Element>(&self, parameters: &[E]) -> Packed {
        Packed::new(&self.layers, parameters)
    }

    /// Pre-activations of `rows` stretches of `steps` consecutive times.
    fn pre_activations(&self, rows: usize, mut steps: usize) -> usize {
        let of = |layer: &Layer| {
            steps -= layer.kernel - 1;
            rows * steps * layer.outputs
        };
        self.layers.iter().map(of).sum()
    }

    /// A chunk of `rows` stretches of `steps` consecutive times, at least a window each. `packed` holds the
    /// [packed](Self::pack) parameters.
    pub(crate) fn plan<'a, E>(
        &'a self,
        (parameters, packed): (&'a [E], &'a Packed),
        rows: usize,
        steps: usize,
    ) -> Plan<'a, E> {
        let (mut start, mut left) = (0, steps);
        let mut widest = rows * steps * self.channels;
        let spans = self
            .layers
            .iter()
            .map(|layer| {
                left -= layer.kernel - 1;
                let span = start..start + rows * left * layer.outputs;
                start = span.end;
                widest = widest.max(span.len());
                span
            })
            .collect();
        Plan {
            network: self,
            parameters,
            packed,
            rows,
            spans,
            widest,
            len: start,
        }
    }

    /// A chunk of windows.
    pub(crate) fn windows<'a, E>(
        &'a self,
        weights: (&'a [E], &'a Packed),
        rows: usize,
    ) -> Plan<'a, E> {
        self.plan(weights, rows, self.window)
    }

    /// Consecutive times of one stretch whose pre-activations stay in the second cache: at least
    /// four windows, because a short stretch computes too much of its neighbours again, and `most`
    /// at most otherwise.
    pub(crate) fn stretch<E>(&self, most: usize) -> usize {
        let units: usize = self.layers.iter().map(|layer| layer.outputs).sum();
        let each = self.channels + units;
        (CACHE / (each * size_of::<E>()))
            .min(most)
            .max(4 * self.window)
    }

    /// Times between two windows that cost as many products as a window does: those that a layer computes for
    /// one window, on average over the products.
    pub(crate) fn reach(&self) -> usize {
        let (mut products, mut all, mut left) = (0, 0, self.window);
        for layer in &self.layers {
            left -= layer.kernel - 1;
            let each = layer.kernel * layer.inputs * layer.outputs;
            (products, all) = (products + each, all + each * left);
        }
        all / products
    }

    /// Most times of a run that is trained on: as many as stay in the second cache, two windows at least.
    pub(crate) fn longest<E>(&self) -> usize {
        let units: usize = self.layers.iter().map(|layer| layer.outputs).sum();
        let each = self.channels + TRAINED * units;
        (CACHE / (each * size_of::<E>())).max(2 * self.window)
    }

    /// How many runs of `steps` times go through the layers together.
    pub(crate) fn runs<E>(&self, steps: usize) -> usize {
        let each = steps * self.channels + TRAINED * self.pre_activations(1, steps);
        (CACHE / (each * size_of::<E>())).max(1)
    }

    /// Windows of a chunk that keeps `buffers` numbers for each pre-activation: as many as stay in
    /// the second cache, and `most` at most. Samples of one time are small enough for `most`.
    pub(crate) fn chunk<E>(&self, buffers: usize, most: usize) -> usize {
        if self.window == 1 {
            return most;
        }
        let each = self.inputs() + buffers * self.pre_activations(1, self.window);
        (CACHE / (each * size_of::<E>())).clamp(1, most)
    }
}

impl<E> Plan<'_, E> {
    /// The weights of a layer.
    pub fn weights(&self, layer: usize) -> Weights<'_, E> {
        Weights {
            parameters: self.parameters,
            panels: self.packed.of(layer),
        }
    }

    /// The last layer.
    pub fn last(&self) -> usize {
        self.spans.len() - 1
    }

    /// Numbers of the output.
    pub fn outputs(&self) -> usize {
        self.spans[self.last()].len()
    }
}

/// A chunk of windows (row, time, channel) in time-major order (time, row, channel); `room` grows as
/// needed.
pub fn time_major<'a, E: Copy>(plan: &Plan<'_, E>, x: &'a [E], room: &'a mut Vec<E>) -> &'a [E] {
    let channels = plan.network.channels;
    if plan.network.window == 1 {
        return x;
    }
    room.clear();
    for t in 0..plan.network.window {
        for row in x.chunks_exact(plan.network.inputs()) {
            room.extend_from_slice(&row[t * channels..][..channels]);
        }
    }
    room
}
