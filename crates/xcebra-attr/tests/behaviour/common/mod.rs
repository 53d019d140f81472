//! Models for the tests.
#![allow(dead_code)]

use std::cell::RefCell;

use ndarray::{
    Array1, Array2, Array3, ArrayBase, ArrayD, ArrayView2, ArrayViewD, Axis, Data, Dimension, Ix2,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_attr::{Methods, Options, Piece, attribute};
use xcebra_model::{FnModel, Model, Result, Scalar};

/// `W x`.
pub fn linear<A: Scalar>(weights: &Array2<A>) -> FnModel<A> {
    let (weights, transposed) = (weights.clone(), weights.t().to_owned());
    FnModel::new(
        [weights.ncols()],
        weights.nrows(),
        move |x| Ok(x.into_dimensionality::<Ix2>().unwrap().dot(&transposed)),
        move |_, cotangent| Ok(cotangent.dot(&weights).into_dyn()),
    )
}

/// Fails unless two arrays agree within `tolerance`, entry by entry.
#[track_caller]
pub fn close<S, T, D>(a: &ArrayBase<S, D>, b: &ArrayBase<T, D>, tolerance: f64)
where
    S: Data<Elem = f64>,
    T: Data<Elem = f64>,
    D: Dimension,
{
    assert_eq!(a.shape(), b.shape());
    for ((at, a), b) in a.indexed_iter().zip(b) {
        let error = (a - b).abs();
        assert!(error <= tolerance, "{a} and {b} at {at:?}: {error:.1e}");
    }
}

/// Attributions `(n, inputs, outputs)` of each sample by each of `methods`.
pub fn per_sample<A: Scalar>(
    model: &dyn Model<A>,
    x: &Array2<A>,
    methods: &Methods<A>,
    options: &Options<'_>,
) -> Vec<Array3<f64>> {
    let names = methods.names();
    let found = RefCell::new(vec![Vec::new(); names.len()]);
    let sink = |piece: &Piece<'_>| {
        let at = names.iter().position(|name| *name == piece.method);
        let found = &mut found.borrow_mut()[at.unwrap()];
        assert_eq!(found.len(), piece.first_sample);
        found.extend(piece.values.outer_iter().map(|one| one.to_owned()));
        Ok(())
    };
    attribute(model, x, methods, &options.sink(&sink)).unwrap();
    let stacked = |maps: &Vec<Array2<f64>>| {
        let views: Vec<_> = maps.iter().map(|map| map.view()).collect();
        ndarray::stack(Axis(0), &views).unwrap()
    };
    found.borrow().iter().map(stacked).collect()
}

/// A batch of uniform numbers in [−1, 1).
pub fn uniform(shape: (usize, usize), seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn(shape, || rng.gen_range(-1.0..1.0))
}

/// What follows the last layer of an [`Mlp`].
#[derive(Clone, Copy, PartialEq)]
pub enum Head {
    Plain,
    /// Scales the outputs to unit length: Jacobians lose one rank.
    Normalised,
    /// Clamps the outputs to ±c: clipped outputs have zero gradients.
    Clipped(f64),
}

/// `W3 gelu(W2 gelu(W1 x + b1) + b2) + b3` with the exact GELU, over flattened inputs.
#[derive(Clone)]
pub struct Mlp<A> {
    pub input_shape: Vec<usize>,
    pub layers: [(Array2<A>, Array1<A>); 3],
    pub head: Head,
}

impl<A: Scalar> Mlp<A> {
    /// Weights of variance `2 / fan-in`, so that signals neither die nor explode.
    pub fn random(input_shape: &[usize], hidden: usize, outputs: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut layer = |inputs: usize, outputs: usize| {
            let scale = (6.0 / inputs as f64).sqrt();
            let mut draw = || A::of(scale * rng.gen_range(-1.0..1.0));
            let weights = Array2::from_shape_simple_fn((outputs, inputs), &mut draw);
            (weights, Array1::from_shape_simple_fn(outputs, draw))
        };
        let inputs = input_shape.iter().product();
        let layers = [
            layer(inputs, hidden),
            layer(hidden, hidden),
            layer(hidden, outputs),
        ];
        Self {
            input_shape: input_shape.to_vec(),
            layers,
            head: Head::Plain,
        }
    }

    pub fn with_head(mut self, head: Head) -> Self {
        self.head = head;
        self
    }

    fn rows(&self, x: &ArrayViewD<'_, A>) -> Array2<A> {
        let inputs: usize = self.input_shape.iter().product();
        x.to_shape((x.shape()[0], inputs)).unwrap().into_owned()
    }

    /// Inputs of the two GELU layers and the outputs before the head.
    fn layers(&self, x: &ArrayViewD<'_, A>) -> [Array2<A>; 3] {
        let [(w1, b1), (w2, b2), (w3, b3)] = &self.layers;
        let first = self.rows(x).dot(&w1.t()) + b1;
        let second = first.mapv(gelu).dot(&w2.t()) + b2;
        let last = second.mapv(gelu).dot(&w3.t()) + b3;
        [first, second, last]
    }
}

impl<A: Scalar> Model<A> for Mlp<A> {
    fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    fn output_dim(&self) -> usize {
        self.layers[2].1.len()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        let [.., mut y] = self.layers(&x);
        match self.head {
            Head::Plain => {}
            Head::Normalised => {
                let norm = y.mapv(|v| v * v).sum_axis(Axis(1)).mapv(A::sqrt);
                y /= &norm.insert_axis(Axis(1));
            }
            Head::Clipped(c) => y.mapv_inplace(|v| v.max(A::of(-c)).min(A::of(c))),
        }
        Ok(y)
    }

    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
        let [(w1, _), (w2, _), (w3, _)] = &self.layers;
        let [first, second, y] = self.layers(&x);
        let mut gradient = cotangent.to_owned();
        for (mut row, y) in gradient.outer_iter_mut().zip(y.outer_iter()) {
            match self.head {
                Head::Plain => {}
                Head::Normalised => {
                    let norm = y.dot(&y).sqrt();
                    let along = row.dot(&y) / (norm * norm);
                    row.zip_mut_with(&y, |c, &y| *c = (*c - along * y) / norm);
                }
                Head::Clipped(c) => row.zip_mut_with(&y, |g, &y| {
                    if y.abs() > A::of(c) {
                        *g = A::zero();
                    }
                }),
            }
        }
        let gradient = gradient.dot(w3) * second.mapv(gelu_slope);
        let gradient = gradient.dot(w2) * first.mapv(gelu_slope);
        Ok(gradient.dot(w1).into_shape_with_order(x.shape()).unwrap())
    }
}

fn normal_distribution(v: f64) -> f64 {
    0.5 * (1.0 + libm::erf(v / std::f64::consts::SQRT_2))
}

pub fn gelu<A: Scalar>(v: A) -> A {
    v * A::of(normal_distribution(v.as_f64()))
}

fn gelu_slope<A: Scalar>(v: A) -> A {
    let v = v.as_f64();
    let density = (-0.5 * v * v).exp() / std::f64::consts::TAU.sqrt();
    A::of(normal_distribution(v) + v * density)
}
