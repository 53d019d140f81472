//! Random smooth models for the tests.
#![allow(dead_code)]

use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD, Ix2};
use proptest::prelude::*;
use xcebra_model::{FnModel, Model, Result};

/// `y = V tanh(W x + b)`, infinitely smooth and with moderate derivatives.
#[derive(Clone, Debug)]
pub struct Tanh {
    pub w: Array2<f64>,
    pub b: Array1<f64>,
    pub v: Array2<f64>,
}

impl Tanh {
    pub fn model(self) -> FnModel<f64> {
        let (inputs, outputs) = (self.w.ncols(), self.v.nrows());
        let forward = self.clone();
        FnModel::new(
            [inputs],
            outputs,
            move |x| {
                let x = x.into_dimensionality::<Ix2>().unwrap();
                Ok(forward.hidden(&x.to_owned()).dot(&forward.v.t()))
            },
            move |x, cotangent| {
                let x = x.into_dimensionality::<Ix2>().unwrap();
                let slope = self.hidden(&x.to_owned()).mapv(|h| 1.0 - h * h);
                Ok((cotangent.dot(&self.v) * slope).dot(&self.w).into_dyn())
            },
        )
    }

    fn hidden(&self, x: &Array2<f64>) -> Array2<f64> {
        (x.dot(&self.w.t()) + &self.b).mapv(f64::tanh)
    }
}

pub fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = Array2<f64>> {
    prop::collection::vec(-1.0..1.0, rows * columns)
        .prop_map(move |v| Array2::from_shape_vec((rows, columns), v).unwrap())
}

pub fn batch(n: usize, inputs: usize) -> impl Strategy<Value = ArrayD<f64>> {
    matrix(n, inputs).prop_map(Array2::into_dyn)
}

pub fn tanh(inputs: usize, outputs: usize) -> impl Strategy<Value = Tanh> {
    const HIDDEN: usize = 5;
    (
        matrix(HIDDEN, inputs),
        matrix(1, HIDDEN),
        matrix(outputs, HIDDEN),
    )
        .prop_map(|(w, b, v)| Tanh {
            w,
            b: b.row(0).to_owned(),
            v,
        })
}

/// [`Tanh`] with forward mode as well.
#[derive(Debug)]
pub struct BothWays {
    plain: FnModel<f64>,
    tanh: Tanh,
}

impl BothWays {
    pub fn new(tanh: Tanh) -> Self {
        Self {
            plain: tanh.clone().model(),
            tanh,
        }
    }
}

impl Model<f64> for BothWays {
    fn input_shape(&self) -> &[usize] {
        self.plain.input_shape()
    }

    fn output_dim(&self) -> usize {
        self.plain.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>> {
        self.plain.forward(x)
    }

    fn vjp(&self, x: ArrayViewD<'_, f64>, cotangent: ArrayView2<'_, f64>) -> Result<ArrayD<f64>> {
        self.plain.vjp(x, cotangent)
    }

    fn jvp(
        &self,
        x: ArrayViewD<'_, f64>,
        tangent: ArrayViewD<'_, f64>,
    ) -> Result<Option<Array2<f64>>> {
        let [x, tangent] = [x, tangent].map(|a| a.into_dimensionality::<Ix2>().unwrap().to_owned());
        let slope = self.tanh.hidden(&x).mapv(|h| 1.0 - h * h);
        Ok(Some(
            (tangent.dot(&self.tanh.w.t()) * slope).dot(&self.tanh.v.t()),
        ))
    }
}
