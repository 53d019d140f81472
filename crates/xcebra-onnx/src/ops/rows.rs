//! Softmax and normalisation of the rows along the last axis.

use pulp::Arch;
use xcebra_model::Scalar;

use super::layout::{last_axis, permute, reshape_to};
use super::{Call, Op, Pass};
use crate::buffer;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::kernels;
use crate::tensor::Tensor;

/// Softmax, or its logarithm, of every row.
struct Softmax {
    log: bool,
}

/// Every row divided by its standard deviation, after its mean was taken away.
#[derive(Clone, Copy)]
pub(crate) struct Standardize {
    pub epsilon: f64,
    /// Whether the mean is taken away (layer norm) or not (root mean square norm).
    pub centre: bool,
}

/// Before opset 13 the axes from `axis` on are one.
pub(crate) fn softmax<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, log: bool) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let default = if call.opset < 13 { 1 } else { -1 };
    if shape.is_empty() {
        return b.emit(Softmax { log }, &[x], &[]);
    }
    let axis = call.node.int("axis").unwrap_or(default);
    if call.opset < 13 {
        let axis = if axis == shape.len() as i64 {
            shape.len()
        } else {
            b.axis(axis, shape.len())?
        };
        let rows = [
            shape[..axis].iter().product(),
            shape[axis..].iter().product(),
        ];
        let x = reshape_to(b, x, &rows)?;
        let y = b.emit(Softmax { log }, &[x], &rows)?;
        return reshape_to(b, y, &shape);
    }
    let axis = b.axis(axis, shape.len())?;
    let order = last_axis(axis, shape.len());
    let x = permute(b, x, &order)?;
    let turned = b.shape(x).to_vec();
    let y = b.emit(Softmax { log }, &[x], &turned)?;
    permute(b, y, &super::layout::inverse(&order))
}

/// The softmax of every row.
pub(crate) fn softmax_last<A: Scalar>(b: &mut Builder<A>, x: Slot) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    b.emit(Softmax { log: false }, &[x], &shape)
}

/// The logarithm of the softmax of every row.
pub(crate) fn log_softmax_last<A: Scalar>(b: &mut Builder<A>, x: Slot) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    b.emit(Softmax { log: true }, &[x], &shape)
}

impl<A: Scalar> Op<A> for Softmax {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        by_rows(inputs[0], inputs[0], |x, _, y| {
            let most = kernels::largest(x);
            for (y, &x) in y.iter_mut().zip(x) {
                *y = x - most;
            }
            kernels::exp(y);
            let sum = kernels::sum(y, |y| y);
            if self.log {
                let shift = most + sum.ln();
                y.iter_mut().zip(x).for_each(|(y, &x)| *y = x - shift);
            } else {
                y.iter_mut().for_each(|y| *y /= sum);
            }
        })
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let gradient = by_rows(&pass.outputs[0], pass.gradient(), |y, g, out| {
            // a row of nothing but minus infinity is not a number, but nobody may have asked for it
            if g.iter().all(|g| *g == A::zero()) {
                out.fill(A::zero());
                return;
            }
            if self.log {
                let sum = kernels::sum(g, |g| g);
                for ((out, &y), &g) in out.iter_mut().zip(y).zip(g) {
                    *out = g - y.exp() * sum;
                }
            } else {
                let inner = kernels::sum_of_pairs(y, g, |y, g| y * g);
                for ((out, &y), &g) in out.iter_mut().zip(y).zip(g) {
                    *out = y * (g - inner);
                }
            }
        });
        gradient.into_iter().map(Some).collect()
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }
}

impl Standardize {
    /// Mean and inverse deviation.
    #[inline(always)]
    fn moments<A: Scalar>(&self, x: &[A]) -> (A, A) {
        let n = A::of(x.len() as f64);
        let mean = match self.centre {
            true => kernels::sum(x, |x| x) / n,
            false => A::zero(),
        };
        let square = kernels::sum(x, |x| (x - mean) * (x - mean));
        (mean, (square / n + A::of(self.epsilon)).sqrt().recip())
    }
}

impl<A: Scalar> Op<A> for Standardize {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        by_rows(inputs[0], inputs[0], |x, _, y| {
            let (mean, inverse) = self.moments(x);
            for (y, &x) in y.iter_mut().zip(x) {
                *y = (x - mean) * inverse;
            }
        })
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let gradient = by_rows(pass.inputs[0], pass.gradient(), |x, g, out| {
            let (mean, inverse) = self.moments(x);
            let n = A::of(x.len() as f64);
            let offset = match self.centre {
                true => kernels::sum(g, |g| g) / n,
                false => A::zero(),
            };
            let along = kernels::sum_of_pairs(x, g, |x, g| (x - mean) * g);
            let along = along / n * inverse * inverse;
            for ((out, &x), &g) in out.iter_mut().zip(x).zip(g) {
                *out = inverse * (g - offset - (x - mean) * along);
            }
        });
        gradient.into_iter().map(Some).collect()
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}

/// Fills a tensor of the shape of `a` row by row from those of `a` and `b`.
fn by_rows<A: Scalar>(
    a: &Tensor<A>,
    b: &Tensor<A>,
    f: impl Fn(&[A], &[A], &mut [A]),
) -> Vec<Tensor<A>> {
    let width = a.shape().last().copied().unwrap_or(1).max(1);
    let mut out = buffer::of_any_value(a.data().len());
    let rows = a
        .data()
        .chunks_exact(width)
        .zip(b.data().chunks_exact(width));
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for ((a, b), out) in rows.zip(out.chunks_exact_mut(width)) {
                f(a, b, out);
            }
        },
    );
    vec![Tensor::new(a.shape(), out)]
}
