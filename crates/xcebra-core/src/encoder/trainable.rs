//! What a trainer asks of an encoder.

use std::ops::Range;
use std::sync::Arc;

use super::Encoder;
use crate::error::Result;
use crate::ops::Element;
use crate::ops::{self, Cpu, Engine, Runs, Taped, Value};
use crate::window::Window;

/// An encoder that can be trained: [`Encoder`], or a network of your own in dfdx's tensors through
/// [`Custom`](super::Custom).
///
/// Samples come as windows, flat: `(n, window, channels)` row-major.
pub trait Trainable<E: Element>: Send + Sync {
    /// Channels of a sample.
    fn channels(&self) -> usize;

    /// Samples it sees at once.
    fn window(&self) -> Window;

    /// Embedding dimensions.
    fn outputs(&self) -> usize;

    /// Whether each output depends on the others, as in a row that is normalised; an objective
    /// then takes all dimensions.
    fn couples_outputs(&self) -> bool {
        false
    }

    /// All parameters.
    fn parameters(&self) -> &[E];

    /// How many of the first parameters are its own where encoders of several subjects share a trunk, because
    /// they depend on the channels; by default all.
    fn own_parameters(&self) -> usize {
        self.parameters().len()
    }

    /// The same encoder with other parameters.
    ///
    /// # Errors
    /// [`crate::CoreError::Data`] if they are of another number or not finite.
    fn with_parameters(self, parameters: Vec<E>) -> Result<Self>
    where
        Self: Sized;

    /// What computes the contrastive losses on its embedding, and the encoder itself if it is a shipped one.
    fn engine(&self) -> Arc<dyn Engine<E>> {
        Arc::new(Cpu::default())
    }

    /// Embeds `n` windows on the tape: (n, outputs).
    fn encode(&self, parameters: Taped<(usize,), E>, x: Arc<Vec<E>>) -> Taped<(usize, usize), E>;

    /// The windows that begin at the times `starts`, in this order, those that overlap joined, if
    /// [`encode_runs`](Self::encode_runs) gains by that. `append` appends samples (time, channel) of a range of times.
    fn runs(
        &self,
        _starts: &[usize],
        _append: &mut dyn FnMut(Range<usize>, &mut Vec<E>),
    ) -> Option<Runs<E>> {
        None
    }

    /// As [`encode`](Self::encode), on windows that may overlap; by default one by one.
    fn encode_runs(
        &self,
        parameters: Taped<(usize,), E>,
        runs: Arc<Runs<E>>,
    ) -> Taped<(usize, usize), E> {
        self.encode(parameters, Arc::new(runs.windows(0..runs.len())))
    }

    /// `½ factor / n · Σ_i Σ_p ‖J(x_i)ᵀ v_ip‖²` on the tape, for `probes` `v` (n, probe, outputs).
    fn jacobian_penalty(
        &self,
        parameters: Taped<(usize,), E>,
        x: &[E],
        probes: &[E],
        factor: f64,
    ) -> Value<E>;
}

impl<E: Element> Trainable<E> for Encoder<E> {
    fn channels(&self) -> usize {
        self.architecture().inputs
    }

    fn window(&self) -> Window {
        self.architecture().window
    }

    fn outputs(&self) -> usize {
        self.architecture().outputs()
    }

    fn couples_outputs(&self) -> bool {
        self.architecture().head == ops::Head::Normalize
    }

    fn parameters(&self) -> &[E] {
        self.parameters()
    }

    fn own_parameters(&self) -> usize {
        self.network.layers[0].bias.end
    }

    fn engine(&self) -> Arc<dyn Engine<E>> {
        Arc::clone(&self.engine)
    }

    fn with_parameters(self, parameters: Vec<E>) -> Result<Self> {
        Self::from_parameters(self.architecture().clone(), parameters)
    }

    fn encode(&self, parameters: Taped<(usize,), E>, x: Arc<Vec<E>>) -> Taped<(usize, usize), E> {
        ops::encode(&self.network, &*self.engine, parameters, x)
    }

    fn runs(
        &self,
        starts: &[usize],
        append: &mut dyn FnMut(Range<usize>, &mut Vec<E>),
    ) -> Option<Runs<E>> {
        // single samples would only spare those that are drawn twice
        (self.network.window() > 1).then(|| Runs::new(&self.network, starts, append))
    }

    fn encode_runs(
        &self,
        parameters: Taped<(usize,), E>,
        runs: Arc<Runs<E>>,
    ) -> Taped<(usize, usize), E> {
        ops::encode_runs(&self.network, &*self.engine, parameters, runs)
    }

    fn jacobian_penalty(
        &self,
        parameters: Taped<(usize,), E>,
        x: &[E],
        probes: &[E],
        factor: f64,
    ) -> Value<E> {
        ops::jacobian_penalty(&self.network, &*self.engine, parameters, x, probes, factor)
    }
}
