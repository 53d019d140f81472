//! Convolutions as products of matrices.

use xcebra_model::Scalar;

use crate::ops::window::Window;
use crate::ops::{Op, Pass};
use crate::tensor::{Tensor, gemm, matrix, matrix_mut};

/// Between an image (samples, groups · `image` channels, …) and features
/// (samples, groups · `features` channels, …); inputs are one of the two, weights, and perhaps a bias.
pub(super) struct Conv {
    pub window: Window,
    pub groups: usize,
    pub image: usize,
    pub features: usize,
    /// Whether it goes from features to image.
    pub transposed: bool,
}

impl Conv {
    fn taps(&self) -> usize {
        self.window.taps
    }

    /// Whether there is nothing to do.
    fn is_empty(&self) -> bool {
        self.image_size() == 0 || self.feature_size() == 0 || self.taps() == 0
    }

    /// Numbers of one group of an image, of one sample.
    fn image_size(&self) -> usize {
        self.image * self.window.inputs()
    }

    fn feature_size(&self) -> usize {
        self.features * self.window.outputs()
    }

    /// The weights (features, image · taps) of the `i`-th group, counted through all samples.
    fn weights<'a, A>(&self, weights: &'a [A], i: usize) -> &'a [A] {
        let each = self.features * self.image * self.taps();
        &weights[i % self.groups * each..][..each]
    }

    /// The product of the weights with the windows of the image, added to `features`.
    fn correlate<A: Scalar>(&self, image: &[A], weights: &[A], features: &mut [A]) {
        if self.is_empty() {
            return;
        }
        let (rows, outputs) = (self.image * self.taps(), self.window.outputs());
        // what is on the padding is never written and stays zero
        let mut columns = vec![
            A::zero();
            if self.window.is_pointwise() {
                0
            } else {
                rows * outputs
            }
        ];
        let images = image.chunks_exact(self.image_size());
        for (i, (image, features)) in images
            .zip(features.chunks_exact_mut(self.feature_size()))
            .enumerate()
        {
            let weights = self.weights(weights, i);
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
        if self.is_empty() {
            return;
        }
        let (rows, outputs) = (self.image * self.taps(), self.window.outputs());
        let mut columns = vec![A::zero(); rows * outputs];
        let images = image.chunks_exact_mut(self.image_size());
        for (i, (image, features)) in images
            .zip(features.chunks_exact(self.feature_size()))
            .enumerate()
        {
            let weights = self.weights(weights, i);
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
