//! Pooling by maximum and mean.

use pulp::Arch;
use xcebra_model::Scalar;

use super::layout::reshape_to;
use super::reduce::{Reduction, along_last};
use super::window::Window;
use super::{Call, Op, Pass};
use crate::buffer;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::{Kind, Tensor};

/// The largest number of every window; of equal ones the first has the derivative.
struct MaxPool(Window);

/// The place of the largest number of every window among all numbers, of equal ones the first.
struct MaxPlaces {
    window: Window,
    /// Whether places within a channel count down the columns.
    columns: bool,
}

/// The mean of every window.
struct AveragePool {
    window: Window,
    /// What the sum of each window is divided by.
    divisors: Vec<usize>,
}

/// Window and shape of the result for an input.
fn window<A: Scalar>(b: &Builder<A>, call: &Call<'_>, x: Slot) -> Result<(Window, Vec<usize>)> {
    let shape = b.shape(x).to_vec();
    let kernel = super::values::lengths(call.node.ints("kernel_shape").unwrap_or_default());
    let (Some(kernel), true) = (kernel, shape.len() > 2) else {
        return b.refuse(format!("no window, or an input of shape {shape:?}"));
    };
    let window = Window::new(b, call, &shape[2..], &kernel)?;
    if window.has_idle_output() {
        return b.refuse_with(
            "a window covers only padding",
            "use less padding than the kernel is wide",
        );
    }
    let to = pooled(&window, &shape);
    Ok((window, to))
}

pub(crate) fn average<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let (window, to) = window(b, call, x)?;
    let divisors = window.counts(call.node.flag("count_include_pad"));
    b.emit(AveragePool { window, divisors }, &[x], &to)
}

/// The sum of every window.
pub(crate) fn sums_of_windows<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    x: Slot,
) -> Result<Slot> {
    let (window, to) = window(b, call, x)?;
    let divisors = vec![1; window.outputs()];
    b.emit(AveragePool { window, divisors }, &[x], &to)
}

/// The largest numbers and, if asked for, their places among all numbers.
pub(crate) fn max<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let x = call.required(b, 0)?;
    let (largest, to) = window(b, call, x)?;
    let mut results = vec![b.emit_as(b.kind(x), MaxPool(largest), &[x], &to)?];
    if call.node.outputs.len() > 1 {
        let (window, _) = window(b, call, x)?;
        let columns = call.node.flag("storage_order");
        let op = MaxPlaces { window, columns };
        results.push(b.emit_as(Kind::Whole, op, &[x], &to)?);
    }
    Ok(results)
}

pub(crate) fn global<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let mut shape = b.shape(x).to_vec();
    if shape.len() < 3 {
        return b.refuse(format!("an input of shape {shape:?}"));
    }
    let flat = [shape[0], shape[1], shape[2..].iter().product()];
    let x = reshape_to(b, x, &flat)?;
    let reduction = match call.node.op.as_str() {
        "GlobalMaxPool" => Reduction::Max,
        _ => Reduction::Mean,
    };
    let y = along_last(b, reduction, x)?;
    shape[2..].fill(1);
    reshape_to(b, y, &shape)
}

/// Shape of the result for an input of shape `from`.
fn pooled(window: &Window, from: &[usize]) -> Vec<usize> {
    let mut shape = from[..2].to_vec();
    shape.extend(&window.output);
    shape
}

impl<A: Scalar> Op<A> for MaxPool {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let shape = pooled(&self.0, inputs[0].shape());
        let mut data = buffer::of_any_value(shape.iter().product());
        data.fill(A::neg_infinity());
        let channels = inputs[0].data().chunks_exact(self.0.inputs().max(1));
        for (x, y) in channels.zip(data.chunks_exact_mut(self.0.outputs().max(1))) {
            for run in &self.0.runs {
                let to = y[run.output..run.output + run.length].iter_mut();
                let one = |(y, &x): (&mut A, &A)| *y = if x > *y || x.is_nan() { x } else { *y };
                match run.stride {
                    1 => Arch::new().dispatch(
                        #[inline(always)]
                        || to.zip(&x[run.input..]).for_each(one),
                    ),
                    stride => to.zip(x[run.input..].iter().step_by(stride)).for_each(one),
                }
            }
        }
        vec![Tensor::new(&shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (x, outputs) = (pass.inputs[0], self.0.outputs().max(1));
        let inputs = self.0.inputs().max(1);
        let mut data = buffer::zeros(x.len());
        let results = pass.outputs[0].data().chunks_exact(outputs);
        let gradients = pass.gradient().data().chunks_exact(outputs);
        let channels = x
            .data()
            .chunks_exact(inputs)
            .zip(data.chunks_exact_mut(inputs));
        // the cotangents of windows whose largest number was not met yet
        let mut open = vec![A::zero(); outputs];
        for ((x, dx), (y, g)) in channels.zip(results.zip(gradients)) {
            open.copy_from_slice(g);
            for run in &self.0.runs {
                let here = run.output..run.output + run.length;
                let windows = open[here.clone()].iter_mut().zip(&y[here]);
                let one = |((dx, &x), (open, &y)): ((&mut A, &A), (&mut A, &A))| {
                    let found = x == y;
                    *dx += if found { *open } else { A::zero() };
                    *open = if found { A::zero() } else { *open };
                };
                match run.stride {
                    1 => Arch::new().dispatch(
                        #[inline(always)]
                        || {
                            let inside = run.input..run.input + run.length;
                            let inputs = dx[inside.clone()].iter_mut().zip(&x[inside]);
                            inputs.zip(windows).for_each(one);
                        },
                    ),
                    stride => {
                        let inputs = dx[run.input..].iter_mut().zip(&x[run.input..]);
                        inputs.step_by(stride).zip(windows).for_each(one);
                    }
                }
            }
        }
        vec![Some(Tensor::new(x.shape(), data))]
    }
}

impl MaxPlaces {
    /// A place in the order of rows, in the order that is wanted.
    fn counted(&self, place: usize) -> usize {
        if !self.columns {
            return place;
        }
        let size = self.window.inputs();
        let (mut rest, mut factor, mut along) = (place % size, size, 0);
        for &length in self.window.input.iter().rev() {
            factor /= length;
            along += rest % length * factor;
            rest /= length;
        }
        place - place % size + along
    }
}

impl<A: Scalar> Op<A> for MaxPlaces {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let window = &self.window;
        let shape = pooled(window, inputs[0].shape());
        let (x, width) = (inputs[0].data(), window.inputs());
        let mut best = vec![None; shape.iter().product()];
        for (c, best) in best.chunks_exact_mut(window.outputs().max(1)).enumerate() {
            for run in &window.runs {
                for i in 0..run.length {
                    let place = c * width + run.input + i * run.stride;
                    let better = |&old: &usize| x[place] > x[old] || x[place].is_nan();
                    let best = &mut best[run.output + i];
                    if best.as_ref().is_none_or(better) {
                        *best = Some(place);
                    }
                }
            }
        }
        let number =
            |place: Option<usize>| A::of(place.map_or(0, |place| self.counted(place)) as f64);
        vec![Tensor::new(&shape, best.into_iter().map(number).collect())]
    }

    fn backward(&self, _pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![None]
    }
}

impl<A: Scalar> Op<A> for AveragePool {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let shape = pooled(&self.window, inputs[0].shape());
        let mut data = buffer::zeros(shape.iter().product());
        let channels = inputs[0].data().chunks_exact(self.window.inputs().max(1));
        for (x, y) in channels.zip(data.chunks_exact_mut(self.window.outputs().max(1))) {
            for run in &self.window.runs {
                let to = &mut y[run.output..run.output + run.length];
                let from = x[run.input..].iter().step_by(run.stride);
                to.iter_mut().zip(from).for_each(|(y, &x)| *y += x);
            }
            for (y, &divisor) in y.iter_mut().zip(&self.divisors) {
                *y /= A::of(divisor as f64);
            }
        }
        vec![Tensor::new(&shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let x = pass.inputs[0];
        let mut data = buffer::zeros(x.len());
        let gradients = pass
            .gradient()
            .data()
            .chunks_exact(self.window.outputs().max(1));
        for (dx, g) in data
            .chunks_exact_mut(self.window.inputs().max(1))
            .zip(gradients)
        {
            for run in &self.window.runs {
                for i in 0..run.length {
                    let divisor = A::of(self.divisors[run.output + i] as f64);
                    dx[run.input + i * run.stride] += g[run.output + i] / divisor;
                }
            }
        }
        vec![Some(Tensor::new(x.shape(), data))]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}
