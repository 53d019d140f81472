//! Images read at places that the network may compute.

use xcebra_model::Scalar;

use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::strides;
use crate::tensor::Tensor;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Nearest,
    Linear,
    Cubic,
}

#[derive(Clone, Copy, PartialEq)]
enum Padding {
    Zeros,
    Border,
    Reflection,
}

/// Images (samples, channels, …) at places (samples, …, axes), the last axis of the image first, from −1 to 1.
struct GridSample {
    mode: Mode,
    padding: Padding,
    /// Whether ±1 are the centres of the outermost pixels instead of their edges.
    corners: bool,
    samples: usize,
    channels: usize,
    image: Vec<usize>,
    /// Places of a sample.
    places: usize,
    shape: Vec<usize>,
}

/// A pixel along an axis, its weight, and the derivative of the weight by the place.
type Tap = (Option<usize>, f64, f64);

pub(crate) fn sample<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, grid) = (call.required(b, 0)?, call.required(b, 1)?);
    let (from, at) = (b.shape(x).to_vec(), b.shape(grid).to_vec());
    let fits = from.len() > 2
        && at.len() == from.len()
        && at[0] == from[0]
        && at[at.len() - 1] == from.len() - 2
        && !from.contains(&0);
    if !fits {
        return b.refuse(format!(
            "places of shape {at:?} in images of shape {from:?}"
        ));
    }
    let mode = match call.node.text("mode").unwrap_or("linear") {
        "nearest" => Mode::Nearest,
        "linear" | "bilinear" => Mode::Linear,
        "cubic" | "bicubic" => Mode::Cubic,
        other => return b.refuse(format!("the mode '{other}' is not supported")),
    };
    let padding = match call.node.text("padding_mode").unwrap_or("zeros") {
        "zeros" => Padding::Zeros,
        "border" => Padding::Border,
        "reflection" => Padding::Reflection,
        other => return b.refuse(format!("the padding '{other}' is not supported")),
    };
    read(b, x, grid, (mode, padding, call.node.flag("align_corners")))
}

/// Images (samples, channels, …) read between their pixels at places (samples, …, axes) that count as
/// [`sample`] does, from the outer edges of the outermost pixels; zero outside.
pub(crate) fn interpolated<A: Scalar>(b: &mut Builder<A>, x: Slot, grid: Slot) -> Result<Slot> {
    read(b, x, grid, (Mode::Linear, Padding::Zeros, false))
}

/// One step that reads images at places.
fn read<A: Scalar>(
    b: &mut Builder<A>,
    x: Slot,
    grid: Slot,
    (mode, padding, corners): (Mode, Padding, bool),
) -> Result<Slot> {
    let (from, at) = (b.shape(x).to_vec(), b.shape(grid).to_vec());
    let shape = [&from[..2], &at[1..at.len() - 1]].concat();
    let op = GridSample {
        mode,
        padding,
        corners,
        samples: from[0],
        channels: from[1],
        image: from[2..].to_vec(),
        places: at[1..at.len() - 1].iter().product(),
        shape: shape.clone(),
    };
    b.emit(op, &[x, grid], &shape)
}

/// Reflects `at` between two ends until it is between them; returns the sign of the derivative too.
fn reflected(at: f64, low: f64, high: f64) -> (f64, f64) {
    let span = high - low;
    if span <= 0.0 {
        return (low, 0.0);
    }
    let along = (at - low).rem_euclid(2.0 * span);
    match along <= span {
        true => (low + along, 1.0),
        false => (low + 2.0 * span - along, -1.0),
    }
}

impl GridSample {
    /// The pixels along an axis of `length` that a place touches.
    fn taps(&self, place: f64, length: usize) -> Vec<Tap> {
        let n = length as f64;
        let (low, high) = match self.corners {
            true => (0.0, n - 1.0),
            false => (-0.5, n - 0.5),
        };
        let (mut at, mut slope) = match self.corners {
            true => ((place + 1.0) / 2.0 * (n - 1.0), (n - 1.0) / 2.0),
            false => (((place + 1.0) * n - 1.0) / 2.0, n / 2.0),
        };
        if self.mode == Mode::Nearest {
            at = at.round_ties_even();
        }
        if at < low || at > high {
            match self.padding {
                Padding::Zeros => {}
                // as in PyTorch, the pixels around the place are moved inside, but not the place
                Padding::Border if self.mode == Mode::Cubic => {}
                Padding::Border => {
                    at = at.clamp(0.0, n - 1.0);
                    slope = 0.0;
                }
                Padding::Reflection => {
                    let (inside, sign) = reflected(at, low, high);
                    at = inside;
                    slope *= sign;
                }
            }
        }
        let floor = at.floor();
        let f = at - floor;
        let weights: Vec<(f64, f64, f64)> = match self.mode {
            Mode::Nearest => vec![(at.trunc(), 1.0, 0.0)],
            Mode::Linear => vec![(floor, 1.0 - f, -1.0), (floor + 1.0, f, 1.0)],
            Mode::Cubic => (-1..3).map(|k| keys(f64::from(k), f, floor)).collect(),
        };
        let tap = |(pixel, weight, by_place): (f64, f64, f64)| {
            (
                self.pixel(pixel, length, low, high),
                weight,
                by_place * slope,
            )
        };
        weights.into_iter().map(tap).collect()
    }

    /// The pixel that stands for one outside, if any does. A place that is not a number has none.
    fn pixel(&self, pixel: f64, length: usize, low: f64, high: f64) -> Option<usize> {
        let last = length as f64 - 1.0;
        let pixel = match self.padding {
            _ if (0.0..=last).contains(&pixel) => pixel,
            Padding::Zeros => return None,
            Padding::Border => pixel.clamp(0.0, last),
            Padding::Reflection => reflected(pixel, low, high).0.trunc().clamp(0.0, last),
        };
        (!pixel.is_nan()).then_some(pixel as usize)
    }

    /// Calls `f` for every sample, place and combination of pixels that exist: the pixel in the image, and its tap along
    /// each axis of the image.
    fn each(&self, grid: &[f64], mut f: impl FnMut(usize, usize, usize, &[Tap])) {
        let rank = self.image.len();
        let stride = strides(&self.image);
        let mut chosen = Vec::with_capacity(rank);
        for (i, place) in grid.chunks_exact(rank).enumerate() {
            let along = |a: usize| self.taps(place[rank - 1 - a], self.image[a]);
            let taps: Vec<Vec<Tap>> = (0..rank).map(along).collect();
            let each = taps[0].len();
            for k in 0..each.pow(rank as u32) {
                let mut rest = k;
                chosen.clear();
                for taps in &taps {
                    chosen.push(taps[rest % each]);
                    rest /= each;
                }
                let offset = |(a, tap): (usize, &Tap)| Some(tap.0? * stride[a]);
                if let Some(pixel) = chosen.iter().enumerate().map(offset).sum() {
                    f(i / self.places, i % self.places, pixel, &chosen);
                }
            }
        }
    }
}

fn weight(chosen: &[Tap]) -> f64 {
    chosen.iter().map(|tap| tap.1).product()
}

/// The derivative of the weight by the place along an axis of the image.
fn slope(chosen: &[Tap], axis: usize) -> f64 {
    let part = |(a, tap): (usize, &Tap)| if a == axis { tap.2 } else { tap.1 };
    chosen.iter().enumerate().map(part).product()
}

/// Keys' cubic convolution: pixel `k` from the one before a place, its weight and the derivative of that.
fn keys(k: f64, f: f64, floor: f64) -> (f64, f64, f64) {
    let (weight, slope) = cubic(-0.75, (f - k).abs());
    (floor + k, weight, slope * (f - k).signum())
}

/// Keys' cubic convolution with the parameter `a`: the weight at a distance below 2, and its derivative.
pub(super) fn cubic(a: f64, d: f64) -> (f64, f64) {
    match d <= 1.0 {
        true => (
            ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0,
            (3.0 * (a + 2.0) * d - 2.0 * (a + 3.0)) * d,
        ),
        false => (
            ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a,
            (3.0 * a * d - 10.0 * a) * d + 8.0 * a,
        ),
    }
}

fn as_f64<A: Scalar>(x: &Tensor<A>) -> Vec<f64> {
    x.data().iter().map(|v| v.as_f64()).collect()
}

impl<A: Scalar> Op<A> for GridSample {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let x = inputs[0].data();
        let size: usize = self.image.iter().product();
        let mut data = vec![A::zero(); self.shape.iter().product()];
        self.each(&as_f64(inputs[1]), |sample, place, pixel, chosen| {
            let weight = A::of(weight(chosen));
            for c in (sample * self.channels..).take(self.channels) {
                data[c * self.places + place] += x[c * size + pixel] * weight;
            }
        });
        vec![Tensor::new(&self.shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (x, g) = (pass.inputs[0].data(), pass.gradient().data());
        let size: usize = self.image.iter().product();
        let rank = self.image.len();
        let mut image = vec![A::zero(); x.len()];
        let mut grid = vec![A::zero(); self.samples * self.places * rank];
        self.each(&as_f64(pass.inputs[1]), |sample, place, pixel, chosen| {
            let weight = A::of(weight(chosen));
            let mut sum = A::zero();
            for c in (sample * self.channels..).take(self.channels) {
                let g = g[c * self.places + place];
                image[c * size + pixel] += g * weight;
                sum += g * x[c * size + pixel];
            }
            // the last axis of the image comes first
            let to = &mut grid[(sample * self.places + place) * rank..][..rank];
            for (to, axis) in to.iter_mut().zip((0..rank).rev()) {
                *to += sum * A::of(slope(chosen, axis));
            }
        });
        vec![
            Some(Tensor::new(pass.inputs[0].shape(), image)),
            Some(Tensor::new(pass.inputs[1].shape(), grid)),
        ]
    }
}
