//! Networks of a researcher's own, in dfdx's tensors.

use std::sync::Arc;

use dfdx::tensor::{Cpu, OwnedTape, PutTape, SplitTape, TensorFromVec, Trace};
use dfdx::tensor_ops::{Backward, SumTo, TryMul};
use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, IxDyn};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use xcebra_model::{Model, ModelError, batch_len, cotangent_len};

use super::Trainable;
use crate::error::{CoreError, Result};
use crate::ops::Element;
use crate::ops::{Taped, Value, Vector, vector, with_gradient};
use crate::streams;
use crate::window::Window;

/// A network written in dfdx's tensors, for [`Custom`].
pub trait TensorEncoder<E: Element>: Send + Sync {
    /// Channels of a sample.
    fn channels(&self) -> usize;

    /// Samples it sees at once; by default one.
    fn window(&self) -> Window {
        Window::SAMPLE
    }

    /// Embedding dimensions.
    fn outputs(&self) -> usize;

    /// Fresh parameters, in one vector, in an order of your choice.
    fn initial(&self, rng: &mut ChaCha8Rng) -> Vec<E>;

    /// Embeds windows `x` (n, window × channels), each row-major (window, channels): (n, outputs).
    ///
    /// Every row depends on its own window only.
    fn forward(
        &self,
        parameters: Taped<(usize,), E>,
        x: Taped<(usize, usize), E>,
    ) -> Taped<(usize, usize), E>;
}

/// A [`TensorEncoder`] with its parameters: it trains as the shipped encoders do, and is a
/// [`Model`] that every attribution method takes.
///
/// dfdx differentiates once. The gradient of the Jacobian penalty asks for a second derivative;
/// here it is the central difference of the first along `Jᵀv`: `∇_θ ½‖Jᵀv‖² = d/dε ∇_θ ⟨v, f(x +
/// ε Jᵀv)⟩` at 0, with a step that makes the error of order (machine precision)^⅔ relative.
#[derive(Clone, Debug)]
pub struct Custom<N, E> {
    network: N,
    parameters: Vec<E>,
    input_shape: Vec<usize>,
}

/// Samples that go through the network together when it is used as a model.
const CHUNK: usize = 1024;

impl<E: Element, N: TensorEncoder<E>> Custom<N, E> {
    /// The network with fresh parameters.
    pub fn new(network: N, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(streams::WEIGHTS);
        let parameters = network.initial(&mut rng);
        let window = network.window().len();
        let input_shape = match window {
            1 => vec![network.channels()],
            _ => vec![network.channels(), window],
        };
        Self {
            network,
            parameters,
            input_shape,
        }
    }

    /// The network.
    pub fn network(&self) -> &N {
        &self.network
    }

    fn inputs(&self) -> usize {
        self.network.channels() * self.network.window().len()
    }

    fn tensor(&self, x: Vec<E>) -> dfdx::tensor::Tensor<(usize, usize), E, Cpu> {
        let rows = x.len() / self.inputs();
        Cpu::default().tensor_from_vec(x, (rows, self.inputs()))
    }

    /// Gradients of `⟨cotangent, f(x)⟩` in the samples and, if asked for, the parameters.
    fn pull_back(
        &self,
        parameters: &Vector<E>,
        x: Vec<E>,
        cotangent: Vec<E>,
    ) -> std::result::Result<(Vec<E>, Vec<E>), dfdx::tensor::CpuError> {
        let shape = (
            cotangent.len() / self.network.outputs(),
            self.network.outputs(),
        );
        let x = self.tensor(x);
        let out = self
            .network
            .forward(parameters.leaky_trace(), x.leaky_trace());
        let c = Cpu::default().tensor_from_vec(cotangent, shape);
        let mut gradients = out.try_mul(c)?.sum().backward();
        let of_x = gradients.get_or_alloc_mut(&x)?.to_vec();
        let of_parameters = gradients.get_or_alloc_mut(parameters)?.to_vec();
        Ok((of_x, of_parameters))
    }

    /// Value and gradient of the Jacobian penalty.
    fn penalty(
        &self,
        parameters: &Vector<E>,
        x: &[E],
        probes: &[E],
        factor: f64,
    ) -> std::result::Result<(f64, Vec<E>), dfdx::tensor::CpuError> {
        let (inputs, d) = (self.inputs(), self.network.outputs());
        let n = x.len() / inputs;
        let each = probes.len() / n;
        let step = E::epsilon().as_f64().cbrt();
        let mut value = 0.0;
        let mut gradient = vec![E::zero(); self.parameters.len()];
        for p in 0..each / d {
            let v: Vec<E> = probes
                .chunks_exact(each)
                .flat_map(|row| row[p * d..][..d].iter().copied())
                .collect();
            let (along, _) = self.pull_back(parameters, x.to_vec(), v.clone())?;
            value += along.iter().map(|g| g.as_f64().powi(2)).sum::<f64>();
            // the step is so long that a sample moves by a fixed part of its own size
            let size = |row: &[E]| row.iter().fold(0.0, |m, v| v.as_f64().abs().max(m));
            let steps: Vec<f64> = x
                .chunks_exact(inputs)
                .zip(along.chunks_exact(inputs))
                .map(|(x, g)| match size(g) {
                    0.0 => 0.0,
                    g => step * size(x).max(1.0) / g,
                })
                .collect();
            for sign in [1.0, -1.0] {
                let moved = x
                    .iter()
                    .zip(&along)
                    .enumerate()
                    .map(|(i, (&x, &g))| x + E::of(sign * steps[i / inputs]) * g)
                    .collect();
                let weighted = v
                    .iter()
                    .enumerate()
                    .map(|(i, &v)| match steps[i / d] {
                        0.0 => E::zero(),
                        step => v * E::of(sign / (2.0 * step)),
                    })
                    .collect();
                let (_, part) = self.pull_back(parameters, moved, weighted)?;
                gradient.iter_mut().zip(part).for_each(|(g, p)| *g += p);
            }
        }
        let scale = factor / n as f64;
        let scaled = E::of(scale);
        gradient.iter_mut().for_each(|g| *g *= scaled);
        Ok((0.5 * scale * value, gradient))
    }

    /// The outputs (n, outputs) of flat windows (n, window, channels).
    pub(super) fn outputs_of(&self, windows: Vec<E>) -> Vec<E> {
        let parameters = vector(self.parameters.clone());
        let x = self.tensor(windows).put_tape(OwnedTape::default());
        self.network.forward(parameters.leaky_trace(), x).as_vec()
    }

    /// Flat windows (n, window, channels) of a batch (n, channels, window).
    fn windows(&self, x: &ArrayViewD<'_, E>) -> Vec<E> {
        match self.input_shape.len() {
            1 => x.iter().copied().collect(),
            _ => {
                let mut x = x.view();
                x.swap_axes(1, 2);
                x.iter().copied().collect()
            }
        }
    }

    fn chunks<'a>(&self, x: &'a [E]) -> std::slice::Chunks<'a, E> {
        x.chunks(CHUNK * self.inputs())
    }
}

impl<E: Element, N: TensorEncoder<E>> Trainable<E> for Custom<N, E> {
    fn channels(&self) -> usize {
        self.network.channels()
    }

    fn window(&self) -> Window {
        self.network.window()
    }

    fn outputs(&self) -> usize {
        self.network.outputs()
    }

    fn parameters(&self) -> &[E] {
        &self.parameters
    }

    fn with_parameters(self, parameters: Vec<E>) -> Result<Self> {
        if parameters.len() != self.parameters.len() || parameters.iter().any(|p| !p.is_finite()) {
            return Err(CoreError::data(
                "the parameters",
                format!(
                    "{} numbers, not all finite, for a network of {}",
                    parameters.len(),
                    self.parameters.len()
                ),
                "pass finite parameters of the same network",
            ));
        }
        Ok(Self { parameters, ..self })
    }

    fn encode(&self, parameters: Taped<(usize,), E>, x: Arc<Vec<E>>) -> Taped<(usize, usize), E> {
        let x = self.tensor(x.to_vec()).put_tape(OwnedTape::default());
        self.network.forward(parameters, x)
    }

    fn jacobian_penalty(
        &self,
        parameters: Taped<(usize,), E>,
        x: &[E],
        probes: &[E],
        factor: f64,
    ) -> Value<E> {
        let (parameters, tape) = parameters.split_tape();
        // a failure of the engine shows as a loss that is not a number, which stops the training
        let (value, gradient) = self
            .penalty(&parameters, x, probes, factor)
            .unwrap_or_else(|_| (f64::NAN, vec![E::zero(); self.parameters.len()]));
        with_gradient(parameters.put_tape(tape), value, gradient)
    }
}

impl<E: Element, N: TensorEncoder<E>> Model<E> for Custom<N, E> {
    fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    fn output_dim(&self) -> usize {
        self.network.outputs()
    }

    fn forward(&self, x: ArrayViewD<'_, E>) -> std::result::Result<Array2<E>, ModelError> {
        let n = batch_len(&self.input_shape, x.shape())?;
        let windows = self.windows(&x);
        let chunks = self.chunks(&windows);
        let out = chunks.flat_map(|x| self.outputs_of(x.to_vec())).collect();
        Array2::from_shape_vec((n, self.network.outputs()), out).map_err(ModelError::evaluation)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, E>,
        cotangent: ArrayView2<'_, E>,
    ) -> std::result::Result<ArrayD<E>, ModelError> {
        let d = self.network.outputs();
        let n = cotangent_len(&self.input_shape, x.shape(), d, cotangent.shape())?;
        let parameters = vector(self.parameters.clone());
        let cotangent: Vec<E> = cotangent.iter().copied().collect();
        let mut out = Vec::with_capacity(n * self.inputs());
        for (x, c) in self
            .chunks(&self.windows(&x))
            .zip(cotangent.chunks(CHUNK * d))
        {
            let (of_x, _) = self
                .pull_back(&parameters, x.to_vec(), c.to_vec())
                .map_err(|e| ModelError::evaluation(CoreError::Engine(e.to_string())))?;
            out.extend(of_x);
        }
        let mut shape = vec![n, self.network.window().len(), self.network.channels()];
        if self.input_shape.len() == 1 {
            shape.remove(1);
        }
        let mut out = ArrayD::from_shape_vec(IxDyn(&shape), out).map_err(ModelError::evaluation)?;
        if self.input_shape.len() == 2 {
            out.swap_axes(1, 2);
            out = out.as_standard_layout().into_owned();
        }
        debug_assert_eq!(out.len_of(Axis(0)), n);
        Ok(out)
    }
}
