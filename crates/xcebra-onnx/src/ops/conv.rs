//! Convolution and its transpose, of any rank, as products of matrices.

use xcebra_model::Scalar;

use super::window::{Axis, Window, divide, settings};
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::{Tensor, gemm, matrix, matrix_mut};

/// Between an image (samples, groups · `image` channels, …) and features
/// (samples, groups · `features` channels, …); inputs are one of the two, weights, and perhaps a bias.
struct Conv {
    window: Window,
    groups: usize,
    image: usize,
    features: usize,
    /// Whether it goes from features to image.
    transposed: bool,
}

pub(crate) fn conv<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, weights, groups) = arguments(b, call)?;
    let (shape, kernel) = (b.shape(x).to_vec(), b.shape(weights).to_vec());
    if shape[1] != kernel[1] * groups || !kernel[0].is_multiple_of(groups) {
        return b.refuse(format!(
            "weights of shape {kernel:?} in {groups} groups for an input of shape {shape:?}"
        ));
    }
    let window = Window::new(b, call, &shape[2..], &kernel[2..])?;
    let mut to = vec![shape[0], kernel[0]];
    to.extend(&window.output);
    let op = Conv {
        window,
        groups,
        image: kernel[1],
        features: kernel[0] / groups,
        transposed: false,
    };
    emit(b, call, op, [x, weights], &to)
}

pub(crate) fn conv_transpose<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, weights, groups) = arguments(b, call)?;
    let (shape, kernel) = (b.shape(x).to_vec(), b.shape(weights).to_vec());
    if shape[1] != kernel[0] || !shape[1].is_multiple_of(groups) {
        return b.refuse(format!(
            "weights of shape {kernel:?} in {groups} groups for an input of shape {shape:?}"
        ));
    }
    let axes = settings(b, call, &kernel[2..])?;
    let (axes, output) = transposed_lengths(b, call, axes, &shape[2..])?;
    let mut to = vec![shape[0], kernel[1].saturating_mul(groups)];
    to.extend(&output);
    let op = Conv {
        window: Window::over(b, axes, output, shape[2..].to_vec())?,
        groups,
        image: kernel[1],
        features: kernel[0] / groups,
        transposed: true,
    };
    emit(b, call, op, [x, weights], &to)
}

/// Input, weights and number of groups.
fn arguments<A: Scalar>(b: &Builder<A>, call: &Call<'_>) -> Result<(Slot, Slot, usize)> {
    let (x, weights) = (call.required(b, 0)?, call.required(b, 1)?);
    if b.known(weights).is_none() || call.optional(2).is_some_and(|bias| b.known(bias).is_none()) {
        return b.refuse("weights that depend on the model's input are not supported");
    }
    let (found, kernel) = (b.shape(x), b.shape(weights));
    if found.len() < 3 || found.len() != kernel.len() {
        return b.refuse(format!(
            "weights of shape {kernel:?} for an input of shape {found:?}"
        ));
    }
    match usize::try_from(call.node.int("group").unwrap_or(1)) {
        Ok(groups) if (1..=found[1].max(1)).contains(&groups) => Ok((x, weights, groups)),
        _ => b.refuse("the number of groups is impossible"),
    }
}

fn emit<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    op: Conv,
    inputs: [Slot; 2],
    to: &[usize],
) -> Result<Slot> {
    // the input spread out for the product of one sample
    b.check(&[op.image, op.window.taps, op.window.outputs()])?;
    let mut inputs = inputs.to_vec();
    if let Some(bias) = call.optional(2) {
        if b.shape(bias) != [to[1]] {
            return b.refuse(format!(
                "a bias of shape {:?} for {} channels",
                b.shape(bias),
                to[1]
            ));
        }
        inputs.push(bias);
    }
    b.emit(op, &inputs, to)
}

/// Padding and output lengths of a transposed convolution.
fn transposed_lengths<A: Scalar>(
    b: &Builder<A>,
    call: &Call<'_>,
    mut axes: Vec<Axis>,
    input: &[usize],
) -> Result<(Vec<Axis>, Vec<usize>)> {
    let rank = axes.len();
    let extra = call.node.ints("output_padding").unwrap_or_default();
    let wanted = call
        .node
        .ints("output_shape")
        .map(|s| &s[s.len().saturating_sub(rank)..]);
    let auto = call.node.text("auto_pad").unwrap_or("NOTSET");
    let mut output = Vec::new();
    for (i, (axis, &length)) in axes.iter_mut().zip(input).enumerate() {
        let extra = extra.get(i).map_or(Some(0), |&e| {
            usize::try_from(e).ok().filter(|&e| e < 1 << 16)
        });
        let (Some(extra), Some(steps)) = (extra, length.checked_sub(1)) else {
            return b.refuse(format!(
                "an output padding or input that is impossible: {input:?}"
            ));
        };
        let full = steps * axis.stride + axis.extent() + extra;
        let target = match (wanted, auto) {
            (Some(wanted), _) => wanted.get(i).and_then(|&w| usize::try_from(w).ok()),
            (None, "SAME_UPPER" | "SAME_LOWER") => Some(length * axis.stride),
            _ => None,
        };
        if let Some(target) = target {
            divide(axis, full.saturating_sub(target), auto != "SAME_UPPER");
        }
        match full.checked_sub(axis.before + axis.after) {
            Some(length) => output.push(target.unwrap_or(length)),
            None => return b.refuse("the padding is larger than the result"),
        }
    }
    Ok((axes, output))
}

impl Conv {
    fn taps(&self) -> usize {
        self.window.taps
    }

    /// The product of the weights with the windows of the image, added to `features`.
    fn correlate<A: Scalar>(&self, image: &[A], weights: &[A], features: &mut [A]) {
        let (inputs, outputs) = (self.window.inputs(), self.window.outputs());
        let (rows, each) = (self.image * self.taps(), self.features * outputs);
        if each == 0 || rows == 0 || inputs == 0 {
            return;
        }
        // what lies on the padding is never written and stays zero
        let mut columns = vec![
            A::zero();
            if self.window.is_pointwise() {
                0
            } else {
                rows * outputs
            }
        ];
        for (i, (image, features)) in image
            .chunks_exact(self.image * inputs)
            .zip(features.chunks_exact_mut(each))
            .enumerate()
        {
            let group = i % self.groups;
            let weights = &weights[group * self.features * rows..][..self.features * rows];
            if self.is_depthwise() {
                for (weights, features) in weights
                    .chunks_exact(rows)
                    .zip(features.chunks_exact_mut(outputs))
                {
                    self.window.runs.iter().for_each(|run| {
                        let to = &mut features[run.output..run.output + run.length];
                        let from = image[run.input..].iter().step_by(run.stride);
                        to.iter_mut()
                            .zip(from)
                            .for_each(|(f, &x)| *f += weights[run.tap] * x);
                    });
                }
                continue;
            }
            let columns = if self.window.is_pointwise() {
                image
            } else {
                self.spread(image, &mut columns);
                &columns
            };
            gemm(
                matrix(self.features, rows, weights),
                matrix(rows, outputs, columns),
                A::one(),
                matrix_mut(self.features, outputs, features),
            );
        }
    }

    /// The transpose of [`correlate`](Self::correlate), added to `image`.
    fn scatter<A: Scalar>(&self, features: &[A], weights: &[A], image: &mut [A]) {
        let (inputs, outputs) = (self.window.inputs(), self.window.outputs());
        let (rows, each) = (self.image * self.taps(), self.features * outputs);
        if each == 0 || rows == 0 || inputs == 0 {
            return;
        }
        let mut columns = vec![A::zero(); rows * outputs];
        for (i, (image, features)) in image
            .chunks_exact_mut(self.image * inputs)
            .zip(features.chunks_exact(each))
            .enumerate()
        {
            let group = i % self.groups;
            let weights = &weights[group * self.features * rows..][..self.features * rows];
            if self.is_depthwise() {
                for (weights, features) in weights
                    .chunks_exact(rows)
                    .zip(features.chunks_exact(outputs))
                {
                    self.window.runs.iter().for_each(|run| {
                        let from = &features[run.output..run.output + run.length];
                        let to = image[run.input..].iter_mut().step_by(run.stride);
                        to.zip(from).for_each(|(x, &f)| *x += weights[run.tap] * f);
                    });
                }
                continue;
            }
            gemm(
                matrix(self.features, rows, weights).reversed_axes(),
                matrix(self.features, outputs, features),
                A::zero(),
                matrix_mut(rows, outputs, &mut columns),
            );
            self.gather(&columns, image);
        }
    }

    /// One input channel a group: products of matrices would be thinner than their bookkeeping.
    fn is_depthwise(&self) -> bool {
        self.image == 1 && self.features <= 2
    }

    /// Copies the windows of an image to (channels · taps, outputs).
    fn spread<A: Scalar>(&self, image: &[A], columns: &mut [A]) {
        let (inputs, outputs) = (self.window.inputs(), self.window.outputs());
        let channels = columns.chunks_exact_mut(self.taps() * outputs);
        for (image, columns) in image.chunks_exact(inputs).zip(channels) {
            for run in &self.window.runs {
                let to = &mut columns[run.tap * outputs + run.output..][..run.length];
                match run.stride {
                    1 => to.copy_from_slice(&image[run.input..run.input + run.length]),
                    stride => {
                        let from = image[run.input..].iter().step_by(stride);
                        to.iter_mut().zip(from).for_each(|(t, &f)| *t = f);
                    }
                }
            }
        }
    }

    /// Adds (channels · taps, outputs) up to an image.
    fn gather<A: Scalar>(&self, columns: &[A], image: &mut [A]) {
        let (inputs, outputs) = (self.window.inputs(), self.window.outputs());
        let channels = columns.chunks_exact(self.taps() * outputs);
        for (image, columns) in image.chunks_exact_mut(inputs).zip(channels) {
            for run in &self.window.runs {
                let from = &columns[run.tap * outputs + run.output..][..run.length];
                match run.stride {
                    1 => {
                        let to = &mut image[run.input..run.input + run.length];
                        to.iter_mut().zip(from).for_each(|(t, &f)| *t += f);
                    }
                    stride => {
                        let to = image[run.input..].iter_mut().step_by(stride);
                        to.zip(from).for_each(|(t, &f)| *t += f);
                    }
                }
            }
        }
    }

    /// Shape of the side whose channels and lengths are not those of `shape`.
    fn other_side(&self, shape: &[usize], to_image: bool) -> Vec<usize> {
        let (channels, lengths) = match to_image {
            true => (self.image, &self.window.input),
            false => (self.features, &self.window.output),
        };
        let mut other = vec![shape[0], self.groups * channels];
        other.extend(lengths);
        other
    }
}

impl<A: Scalar> Op<A> for Conv {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let shape = self.other_side(inputs[0].shape(), self.transposed);
        let count: usize = shape.iter().product();
        let length: usize = shape[2..].iter().product();
        let mut data = match inputs.get(2) {
            None => vec![A::zero(); count],
            Some(bias) => {
                let mut data = Vec::with_capacity(count);
                for _ in 0..shape[0] {
                    for &bias in bias.data() {
                        data.resize(data.len() + length, bias);
                    }
                }
                data
            }
        };
        match self.transposed {
            false => self.correlate(inputs[0].data(), inputs[1].data(), &mut data),
            true => self.scatter(inputs[0].data(), inputs[1].data(), &mut data),
        }
        vec![Tensor::new(&shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (g, x) = (pass.gradient().data(), pass.inputs[0]);
        let mut data = vec![A::zero(); x.data().len()];
        match self.transposed {
            false => self.scatter(g, pass.inputs[1].data(), &mut data),
            true => self.correlate(g, pass.inputs[1].data(), &mut data),
        }
        vec![Some(Tensor::new(x.shape(), data))]
    }
}
