//! Models and signals the tests explain.

use cdig::{Model, ModelError};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD, Axis, IxDyn};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_model::{Scalar, cotangent_len};

/// Numbers in `[−1, 1]` from a seed.
pub fn random(shape: &[usize], seed: u64) -> ArrayD<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    ArrayD::from_shape_simple_fn(IxDyn(shape), || rng.gen_range(-1.0..1.0))
}

/// A scalar non-linearity with its derivative.
#[derive(Debug, Clone, Copy)]
pub enum Activation {
    Tanh,
    Gelu,
    Linear,
}

impl Activation {
    fn at(self, x: f64) -> (f64, f64) {
        match self {
            Self::Tanh => (x.tanh(), 1.0 - x.tanh().powi(2)),
            Self::Gelu => {
                let cdf = 0.5 * (1.0 + libm::erf(x / 2.0_f64.sqrt()));
                let pdf = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
                (x * cdf, cdf + x * pdf)
            }
            Self::Linear => (x, 1.0),
        }
    }
}

/// `f(x) = V a(W x + b) + c` on the flattened signal.
#[derive(Debug, Clone)]
pub struct Network {
    pub shape: Vec<usize>,
    pub activation: Activation,
    pub inner: Array2<f64>,
    pub bias: Array1<f64>,
    pub outer: Array2<f64>,
    pub offset: Array1<f64>,
}

impl Network {
    /// Weights that keep pre-activations of signals in `[−1, 1]` of the order of 1.
    pub fn random(
        shape: &[usize],
        hidden: usize,
        outputs: usize,
        activation: Activation,
        seed: u64,
    ) -> Self {
        let len: usize = shape.iter().product();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |scale: f64| scale * rng.gen_range(-1.0..1.0);
        let scale = 2.0 / (len as f64).sqrt();
        Self {
            shape: shape.to_vec(),
            activation,
            inner: Array2::from_shape_simple_fn((len, hidden), || draw(scale)),
            bias: Array1::from_shape_simple_fn(hidden, || draw(1.0)),
            outer: Array2::from_shape_simple_fn((hidden, outputs), || draw(1.0)),
            offset: Array1::from_shape_simple_fn(outputs, || draw(1.0)),
        }
    }

    fn preactivation(&self, x: &ArrayViewD<'_, f64>, n: usize) -> Array2<f64> {
        let flat = x.to_shape((n, self.inner.nrows())).unwrap().into_owned();
        flat.dot(&self.inner) + &self.bias
    }
}

impl Model<f64> for Network {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        self.outer.ncols()
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let n = batch_of(&self.shape, &x)?;
        let hidden = self.preactivation(&x, n).mapv(|p| self.activation.at(p).0);
        Ok(hidden.dot(&self.outer) + &self.offset)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        let n = cotangent_len(&self.shape, x.shape(), self.output_dim(), cotangent.shape())?;
        let slope = self.preactivation(&x, n).mapv(|p| self.activation.at(p).1);
        let gradient = (cotangent.dot(&self.outer.t()) * slope).dot(&self.inner.t());
        Ok(gradient.to_shape(x.raw_dim()).unwrap().into_owned())
    }
}

/// Dense layers with a `ReLU` between them, on the flattened signal: piecewise linear, with about as
/// many kinks on a path as there are hidden units.
#[derive(Debug, Clone)]
pub struct Rectified {
    pub shape: Vec<usize>,
    /// `(inputs, outputs)` and bias of every layer.
    pub layers: Vec<(Array2<f64>, Array1<f64>)>,
}

impl Rectified {
    /// `widths` of the hidden layers and of the output; weights that keep activations of the order of 1.
    pub fn random(shape: &[usize], widths: &[usize], seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut inputs: usize = shape.iter().product();
        let layers = widths
            .iter()
            .map(|&width| {
                let scale = (6.0 / inputs as f64).sqrt();
                let mut draw = |scale: f64| scale * rng.gen_range(-1.0..1.0);
                let weight = Array2::from_shape_simple_fn((inputs, width), || draw(scale));
                inputs = width;
                (weight, Array1::from_shape_simple_fn(width, || draw(0.5)))
            })
            .collect();
        Self {
            shape: shape.to_vec(),
            layers,
        }
    }

    /// Mean gradient `(outputs, …shape)` on the straight line between two signals, and the number of
    /// straight pieces: from kink to kink, which the pre-activations and their slopes tell.
    pub fn mean_gradient(&self, start: &ArrayD<f64>, end: &ArrayD<f64>) -> (ArrayD<f64>, usize) {
        let inputs = self.layers[0].0.nrows();
        let flat = |x: &ArrayD<f64>| x.to_shape(inputs).unwrap().into_owned();
        let (start, change) = (flat(start), flat(end) - flat(start));
        let mut mean = Array2::<f64>::zeros((inputs, self.output_dim()));
        let (mut at, mut pieces) = (0.0, 0);
        while at < 1.0 {
            // just behind the last kink
            let here = at + 1e-12;
            let (mut h, mut slope) = (&start + &(here * &change), change.clone());
            let mut gradient = Array2::eye(inputs);
            let mut next = 1.0_f64;
            for (i, (weight, bias)) in self.layers.iter().enumerate() {
                let p = h.dot(weight) + bias;
                slope = slope.dot(weight);
                gradient = gradient.dot(weight);
                if i + 1 < self.layers.len() {
                    for (p, s) in p.iter().zip(&slope).filter(|(p, s)| *p * *s < 0.0) {
                        next = next.min(here - p / s);
                    }
                    let on = p.mapv(|p| if p > 0.0 { 1.0 } else { 0.0 });
                    slope *= &on;
                    gradient *= &on;
                }
                h = p.mapv(|p| p.max(0.0));
            }
            let next = next.max(here).min(1.0);
            mean.scaled_add(next - at, &gradient);
            (at, pieces) = (next, pieces + 1);
        }
        let mut shape = vec![self.output_dim()];
        shape.extend_from_slice(&self.shape);
        let mean = mean.t().as_standard_layout().into_owned();
        (mean.into_shape_with_order(IxDyn(&shape)).unwrap(), pieces)
    }

    /// Outputs of every layer before the `ReLU`.
    fn preactivations(&self, x: &ArrayViewD<'_, f64>, n: usize) -> Vec<Array2<f64>> {
        let inputs = self.layers[0].0.nrows();
        let mut h = x.to_shape((n, inputs)).unwrap().into_owned();
        let mut found = Vec::new();
        for (weight, bias) in &self.layers {
            let p = h.dot(weight) + bias;
            h = p.mapv(|p| p.max(0.0));
            found.push(p);
        }
        found
    }
}

impl Model<f64> for Rectified {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        self.layers[self.layers.len() - 1].1.len()
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let n = batch_of(&self.shape, &x)?;
        Ok(self.preactivations(&x, n).pop().unwrap())
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        let n = cotangent_len(&self.shape, x.shape(), self.output_dim(), cotangent.shape())?;
        let before = self.preactivations(&x, n);
        let mut gradient = cotangent.to_owned();
        for (i, (weight, _)) in self.layers.iter().enumerate().rev() {
            gradient = gradient.dot(&weight.t());
            if i > 0 {
                gradient.zip_mut_with(&before[i - 1], |g, &p| {
                    if p <= 0.0 {
                        *g = 0.0;
                    }
                });
            }
        }
        Ok(gradient.to_shape(x.raw_dim()).unwrap().into_owned())
    }
}

/// Convolution with zero padding to the same length, `ReLU`, mean over time; one output a filter.
#[derive(Debug, Clone)]
pub struct Filters<A> {
    /// `[time]` or `[time, 1]`.
    pub shape: Vec<usize>,
    /// `(filters, kernel)`, an odd kernel.
    pub weight: Array2<A>,
    pub bias: Array1<A>,
}

impl<A: Scalar> Filters<A> {
    /// Filter outputs `(filters, time)` before the `ReLU`.
    pub fn preactivation(&self, x: &[A]) -> Array2<A> {
        let reach = self.weight.ncols() / 2;
        Array2::from_shape_fn((self.weight.nrows(), x.len()), |(o, t)| {
            let terms = self.weight.row(o).into_iter().enumerate();
            self.bias[o]
                + terms
                    .filter_map(|(j, &w)| Some(w * *x.get((t + j).checked_sub(reach)?)?))
                    .sum()
        })
    }
}

impl<A: Scalar> Model<A> for Filters<A> {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        self.weight.nrows()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        let n = batch_of(&self.shape, &x)?;
        let mut values = Array2::zeros((n, self.output_dim()));
        for (mut value, x) in values.outer_iter_mut().zip(x.outer_iter()) {
            let x: Vec<A> = x.iter().copied().collect();
            let rectified = self.preactivation(&x).mapv(|p| p.max(A::zero()));
            value.assign(&(rectified.sum_axis(Axis(1)) / A::of(x.len() as f64)));
        }
        Ok(values)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        cotangent_len(&self.shape, x.shape(), self.output_dim(), cotangent.shape())?;
        let reach = self.weight.ncols() / 2;
        let mut gradients = ArrayD::zeros(x.raw_dim());
        for ((mut gradient, x), cotangent) in gradients
            .outer_iter_mut()
            .zip(x.outer_iter())
            .zip(cotangent.outer_iter())
        {
            let x: Vec<A> = x.iter().copied().collect();
            let mut sum = vec![A::zero(); x.len()];
            for ((o, t), &p) in self.preactivation(&x).indexed_iter() {
                if p > A::zero() {
                    let share = cotangent[o] / A::of(x.len() as f64);
                    for (j, &w) in self.weight.row(o).iter().enumerate() {
                        if let Some(s) = (t + j).checked_sub(reach).and_then(|s| sum.get_mut(s)) {
                            *s += share * w;
                        }
                    }
                }
            }
            gradient.iter_mut().zip(sum).for_each(|(g, s)| *g = s);
        }
        Ok(gradients)
    }
}

/// A model given by a closure for one sample's value and gradient.
pub struct Pointwise<F> {
    pub shape: Vec<usize>,
    pub value_and_gradient: F,
}

impl<F> Model<f64> for Pointwise<F>
where
    F: Fn(&[f64]) -> (f64, Vec<f64>) + Send + Sync,
{
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        1
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        batch_of(&self.shape, &x)?;
        let values = x.outer_iter().map(|x| {
            let x: Vec<f64> = x.iter().copied().collect();
            (self.value_and_gradient)(&x).0
        });
        Ok(values.collect::<Array1<f64>>().insert_axis(Axis(1)))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        cotangent_len(&self.shape, x.shape(), 1, cotangent.shape())?;
        let gradients = x.outer_iter().zip(&cotangent).flat_map(|(x, c)| {
            let x: Vec<f64> = x.iter().copied().collect();
            let gradient = (self.value_and_gradient)(&x).1;
            gradient.into_iter().map(move |g| c * g)
        });
        Ok(ArrayD::from_shape_vec(x.raw_dim(), gradients.collect()).unwrap())
    }
}

/// `f(x) = x₀ x₁`.
pub fn product() -> impl Model<f64> {
    Pointwise {
        shape: vec![2],
        value_and_gradient: |x: &[f64]| (x[0] * x[1], vec![x[1], x[0]]),
    }
}

fn batch_of<A>(shape: &[usize], x: &ArrayViewD<'_, A>) -> Result<usize, ModelError> {
    xcebra_model::batch_len(shape, x.shape())
}
