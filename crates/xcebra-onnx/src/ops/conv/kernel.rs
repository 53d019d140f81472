//! Convolutions as products of matrices.

use xcebra_model::Scalar;

use crate::buffer;
use crate::builder::{Builder, Packing, Packs, Slot};
use crate::kernels::{Left, Matrix, Packed, Product, Right, Side, Start};
use crate::ops::window::Window;
use crate::ops::{Op, Pass};
use crate::tensor::Tensor;

/// Numbers of windows that are added up to an image at once: they should stay in the cache.
const SCATTERED: usize = 1 << 17;

/// Between an image (samples, groups · `image` channels, …) and features
/// (samples, groups · `features` channels, …); inputs are one of the two, weights, and perhaps a bias.
pub(super) struct Conv {
    pub window: Window,
    /// The window that goes from features to image, if that is a correlation too and a faster one.
    mirrored: Option<Window>,
    pub groups: usize,
    pub image: usize,
    pub features: usize,
    /// Whether it goes from features to image.
    transposed: bool,
    /// To features, to an image.
    packs: Packs,
}

impl Conv {
    pub fn new<A: Scalar>(
        b: &mut Builder<A>,
        weights: Slot,
        window: Window,
        groups: usize,
        [image, features]: [usize; 2],
        transposed: bool,
    ) -> Self {
        // windows of features are copied for every tap, which pays if many image channels read them, and if
        // they are not mostly padding
        let pays = 2 * image >= features && window.inputs() <= 2 * window.outputs();
        let mirrored = match pays || window.is_pointwise() {
            true => window.mirrored(),
            false => None,
        };
        let packing = Packing::Conv {
            groups,
            mirrored: mirrored.is_some(),
        };
        Self {
            window,
            mirrored,
            groups,
            image,
            features,
            transposed,
            packs: b.packs(weights, packing),
        }
    }

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

    /// The weights (features, image · taps) of every group.
    fn weights<'a, A>(&self, weights: &'a [A]) -> impl Iterator<Item = &'a [A]> {
        weights.chunks_exact(self.features * self.image * self.taps())
    }

    /// The product of the weights with the windows of the image; `features` begin with the bias or zero.
    fn correlate<A: Scalar>(
        &self,
        image: &[A],
        weights: &[A],
        bias: Option<&[A]>,
        features: &mut [A],
    ) {
        let depth = self.image * self.taps();
        let product = Product::new(self.features, depth, self.window.outputs());
        let packed = self.packs[0].get(|all| {
            for weights in self.weights(weights) {
                let matrix = Matrix::rows(weights, depth);
                all.push(Packed::new(Side::Left, self.features, depth, matrix));
            }
        });
        let images = image.chunks_exact(self.image_size());
        let features = features.chunks_exact_mut(self.feature_size());
        for (i, (image, features)) in images.zip(features).enumerate() {
            let group = i % self.groups;
            let start = match bias {
                Some(bias) => Start::Rows(&bias[group * self.features..][..self.features]),
                None => Start::Zero,
            };
            windows(
                &self.window,
                image,
                &product,
                &packed[group],
                start,
                features,
            );
        }
    }

    /// The transpose of [`correlate`](Self::correlate); `image` begins with the bias or zero.
    fn scatter<A: Scalar>(
        &self,
        features: &[A],
        weights: &[A],
        bias: Option<&[A]>,
        image: &mut [A],
    ) {
        if let Some(mirrored) = &self.mirrored {
            return self.correlate_back(mirrored, features, weights, bias, image);
        }
        let (rows, outputs) = (self.image * self.taps(), self.window.outputs());
        let packed = self.packs[1].get(|all| {
            for weights in self.weights(weights) {
                let matrix = Matrix::rows(weights, rows).t();
                all.push(Packed::new(Side::Left, rows, self.features, matrix));
            }
        });
        let inputs = self.window.inputs();
        for (channel, image) in image.chunks_exact_mut(inputs).enumerate() {
            let channels = self.groups * self.image;
            image.fill(bias.map_or(A::zero(), |bias| bias[channel % channels]));
        }
        let most = (SCATTERED / rows).max(1);
        let most = most.next_multiple_of(48).min(outputs);
        let mut columns = buffer::of_any_value(rows * most);
        let images = image.chunks_exact_mut(self.image_size());
        let features = features.chunks_exact(self.feature_size());
        for (i, (image, features)) in images.zip(features).enumerate() {
            for first in (0..outputs).step_by(most) {
                let count = most.min(outputs - first);
                let columns = &mut columns[..rows * count];
                let right = Matrix {
                    data: &features[first..],
                    row: outputs,
                    column: 1,
                };
                Product::new(rows, self.features, count).run(
                    Left::Packed(&packed[i % self.groups]),
                    Right::Matrix(right),
                    Start::Zero,
                    columns,
                );
                let image = image.chunks_exact_mut(inputs);
                for (image, columns) in image.zip(columns.chunks_exact(self.taps() * count)) {
                    self.window.add(columns, first..first + count, image);
                }
            }
        }
        buffer::give(columns);
    }

    /// [`scatter`](Self::scatter) as a correlation with the mirrored weights.
    fn correlate_back<A: Scalar>(
        &self,
        mirrored: &Window,
        features: &[A],
        weights: &[A],
        bias: Option<&[A]>,
        image: &mut [A],
    ) {
        let (taps, depth) = (self.taps(), self.features * self.taps());
        let packed = self.packs[1].get(|all| {
            for weights in self.weights(weights) {
                let mut turned = Vec::with_capacity(weights.len());
                for channel in 0..self.image {
                    for feature in weights.chunks_exact(self.image * taps) {
                        turned.extend(feature[channel * taps..][..taps].iter().rev());
                    }
                }
                let matrix = Matrix::rows(&turned, depth);
                all.push(Packed::new(Side::Left, self.image, depth, matrix));
            }
        });
        let product = Product::new(self.image, depth, self.window.inputs());
        let images = image.chunks_exact_mut(self.image_size());
        let features = features.chunks_exact(self.feature_size());
        for (i, (image, features)) in images.zip(features).enumerate() {
            let group = i % self.groups;
            let start = match bias {
                Some(bias) => Start::Rows(&bias[group * self.image..][..self.image]),
                None => Start::Zero,
            };
            windows(mirrored, features, &product, &packed[group], start, image);
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

/// Weights times the windows of some channels, which are packed on the way.
fn windows<A: Scalar>(
    window: &Window,
    channels: &[A],
    product: &Product,
    weights: &Packed<A>,
    start: Start<'_, A>,
    result: &mut [A],
) {
    let left = Left::Packed(weights);
    if window.is_pointwise() {
        let right = Right::Matrix(Matrix::rows(channels, product.columns));
        return product.run(left, right, start, result);
    }
    let (taps, inputs) = (window.taps, window.inputs());
    product.run(
        left,
        Right::Made(&|inner, columns, to, width| {
            for (row, to) in inner.zip(to.chunks_exact_mut(width)) {
                let channel = &channels[row / taps * inputs..][..inputs];
                window.copy(channel, row % taps, columns.clone(), to);
            }
        }),
        start,
        result,
    );
}

impl<A: Scalar> Op<A> for Conv {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let shape = self.other_side(inputs[0].shape(), self.transposed);
        let count: usize = shape.iter().product();
        let (x, weights) = (inputs[0].data(), inputs[1].data());
        let bias = inputs.get(2).map(|bias| bias.data());
        if self.is_empty() {
            let length = shape[2..].iter().product::<usize>().max(1);
            let value = |i: usize| bias.map_or(A::zero(), |bias| bias[i / length % shape[1]]);
            return vec![Tensor::new(&shape, (0..count).map(value).collect())];
        }
        let mut data = buffer::of_any_value(count);
        match self.transposed {
            false => self.correlate(x, weights, bias, &mut data),
            true => self.scatter(x, weights, bias, &mut data),
        }
        vec![Tensor::new(&shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (g, x, weights) = (pass.gradient().data(), pass.inputs[0], pass.inputs[1]);
        if self.is_empty() {
            return vec![Some(Tensor::zeros(x.shape()))];
        }
        let mut data = buffer::of_any_value(x.len());
        match self.transposed {
            false => self.scatter(g, weights.data(), None, &mut data),
            true => self.correlate(g, weights.data(), None, &mut data),
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
