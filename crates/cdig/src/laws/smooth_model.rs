//! A random smooth model to try domains with.

use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use xcebra_model::{Model, ModelError, Scalar, batch_len, cotangent_len};

const HIDDEN: usize = 6;
const OUTPUTS: usize = 2;

/// `f(x) = W₂ tanh(W₁ x + b)` with small random weights: analytic, and nowhere near linear.
pub(super) struct SmoothModel<A> {
    shape: Vec<usize>,
    inner: Array2<A>,
    bias: Array1<A>,
    outer: Array2<A>,
}

impl<A: Scalar> SmoothModel<A> {
    /// For signals of `shape` with samples up to `size`.
    pub(super) fn new(shape: &[usize], size: f64, rng: &mut ChaCha8Rng) -> Self {
        let len = shape.iter().product();
        let mut draw = |scale: f64| A::of(scale * rng.gen_range(-1.0..1.0));
        let size = if size > 0.0 { size } else { 1.0 };
        let inner = 1.5 / ((len as f64).sqrt() * size);
        Self {
            shape: shape.to_vec(),
            inner: Array2::from_shape_simple_fn((len, HIDDEN), || draw(inner)),
            bias: Array1::from_shape_simple_fn(HIDDEN, || draw(0.5)),
            outer: Array2::from_shape_simple_fn((HIDDEN, OUTPUTS), || draw(1.0)),
        }
    }

    fn hidden(&self, x: &ArrayViewD<'_, A>, n: usize) -> Array2<A> {
        let flat = x
            .to_shape((n, self.inner.nrows()))
            .expect("shape was checked")
            .into_owned();
        (flat.dot(&self.inner) + &self.bias).mapv(A::tanh)
    }
}

impl<A: Scalar> Model<A> for SmoothModel<A> {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        OUTPUTS
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        let n = batch_len(&self.shape, x.shape())?;
        Ok(self.hidden(&x, n).dot(&self.outer))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        let n = cotangent_len(&self.shape, x.shape(), OUTPUTS, cotangent.shape())?;
        let slope = self.hidden(&x, n).mapv(|h| A::one() - h * h);
        let gradient = (cotangent.dot(&self.outer.t()) * slope).dot(&self.inner.t());
        let gradient = gradient.to_shape(x.raw_dim()).expect("one entry a sample");
        Ok(gradient.into_owned())
    }
}
