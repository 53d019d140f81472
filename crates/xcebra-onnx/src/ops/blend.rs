//! Results that are weighted sums along an axis: resizing, running sums.

use xcebra_model::Scalar;

use super::select::{everything, select};
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::around;
use crate::tensor::Tensor;

/// Every entry of the result along `axis` is a weighted sum of entries of the input.
struct Blend {
    axis: usize,
    /// Entries and weights; as many as the result has entries.
    sums: Vec<Vec<(usize, f64)>>,
}

/// Sums of all entries up to each, along `axis`.
struct CumulativeSum {
    axis: usize,
    /// Without the entry itself.
    exclusive: bool,
    /// From the end.
    reverse: bool,
}

/// How a position of a resized axis is found on the original.
struct Resizing<'a> {
    coordinates: &'a str,
    mode: &'a str,
    nearest: &'a str,
    cubic: f64,
    exclude_outside: bool,
}

pub(crate) fn resize<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let mut x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let node = call.node;
    let resizing = Resizing {
        coordinates: node
            .text("coordinate_transformation_mode")
            .unwrap_or("half_pixel"),
        mode: node.text("mode").unwrap_or("nearest"),
        nearest: node.text("nearest_mode").unwrap_or("round_prefer_floor"),
        cubic: node.float("cubic_coeff_a").unwrap_or(-0.75),
        exclude_outside: node.flag("exclude_outside"),
    };
    let stretched = matches!(
        node.text("keep_aspect_ratio_policy"),
        None | Some("stretch")
    );
    if node.flag("antialias") || !stretched || resizing.coordinates == "tf_crop_and_resize" {
        return b.refuse_with(
            "antialias, cropping and aspect ratios are not supported",
            "export the model without them",
        );
    }
    let axes = match node.ints("axes") {
        Some(axes) => axes
            .iter()
            .map(|&a| b.axis(a, shape.len()))
            .collect::<Result<_>>()?,
        None => (0..shape.len()).collect::<Vec<_>>(),
    };
    let given = |i: usize, what: &str| match call.optional(i) {
        Some(slot) if b.shape(slot) != [0] => b.numbers(slot, what).map(Some),
        _ => Ok(None),
    };
    let (scales, sizes) = (given(2, "the scales")?, given(3, "the sizes")?);
    let numbers = sizes.as_ref().or(scales.as_ref());
    let Some(numbers) = numbers.filter(|n| n.len() == axes.len()) else {
        return b.refuse(format!("no scale or size for each of {} axes", axes.len()));
    };
    for (&axis, &number) in axes.iter().zip(numbers) {
        let length = shape[axis];
        let (to, scale) = match sizes.is_some() {
            true => (number, number / length as f64),
            false => ((length as f64 * number).floor(), number),
        };
        let mut grown = b.shape(x).to_vec();
        grown[axis] = to as usize;
        if !(1.0..1e9).contains(&to) || length == 0 {
            return b.refuse(format!("axis {axis} of length {length} resized to {to}"));
        }
        b.check(&grown)?;
        if grown == b.shape(x) && scale == 1.0 {
            continue;
        }
        x = match resizing.sums(length, to as usize, scale) {
            None => {
                return b.refuse(format!(
                    "mode '{}', '{}', '{}' is not supported",
                    resizing.mode, resizing.coordinates, resizing.nearest
                ));
            }
            Some(sums) if resizing.mode == "nearest" => {
                let mut picks = everything(b.shape(x));
                picks[axis] = sums.into_iter().map(|sum| sum[0].0).collect();
                select(b, x, &picks, 0.0)?
            }
            Some(sums) => b.emit(Blend { axis, sums }, &[x], &grown)?,
        };
    }
    Ok(x)
}

impl Resizing<'_> {
    /// What every entry of the result is made of; `None` if the mode is unknown.
    fn sums(&self, from: usize, to: usize, scale: f64) -> Option<Vec<Vec<(usize, f64)>>> {
        (0..to)
            .map(|i| {
                let at = self.coordinate(i as f64, from as f64, to as f64, scale)?;
                match self.mode {
                    "nearest" => Some(vec![(self.nearest(at, from)?, 1.0)]),
                    "linear" => {
                        let at = at.clamp(0.0, from as f64 - 1.0);
                        let low = at.floor();
                        let high = (low as usize + 1).min(from - 1);
                        Some(vec![(low as usize, 1.0 - (at - low)), (high, at - low)])
                    }
                    "cubic" => Some(self.cubic(at, from)),
                    _ => None,
                }
            })
            .collect()
    }

    fn coordinate(&self, i: f64, from: f64, to: f64, scale: f64) -> Option<f64> {
        let half = (i + 0.5) / scale - 0.5;
        Some(match self.coordinates {
            "half_pixel" => half,
            "pytorch_half_pixel" if to > 1.0 => half,
            "pytorch_half_pixel" => 0.0,
            "asymmetric" => i / scale,
            "align_corners" if to > 1.0 => i * (from - 1.0) / (to - 1.0),
            "align_corners" => 0.0,
            "half_pixel_symmetric" => {
                let adjusted = to / (scale * from);
                from / 2.0 * (1.0 - adjusted) + half
            }
            _ => return None,
        })
    }

    fn nearest(&self, at: f64, from: usize) -> Option<usize> {
        let entry = match self.nearest {
            "floor" => at.floor(),
            "ceil" => at.ceil(),
            "round_prefer_floor" => (at - 0.5).ceil(),
            "round_prefer_ceil" => (at + 0.5).floor(),
            _ => return None,
        };
        Some(entry.clamp(0.0, from as f64 - 1.0) as usize)
    }

    /// Keys' cubic convolution over four neighbours.
    fn cubic(&self, at: f64, from: usize) -> Vec<(usize, f64)> {
        let (a, low) = (self.cubic, at.floor());
        let weight = |distance: f64| match distance.abs() {
            d if d <= 1.0 => ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0,
            d => ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a,
        };
        let last = from as f64 - 1.0;
        let inside = |place: f64| (0.0..=last).contains(&place);
        let mut sum: Vec<(usize, f64)> = (-1..3)
            .map(|k| low + f64::from(k))
            .map(|place| {
                let weight = if self.exclude_outside && !inside(place) {
                    0.0
                } else {
                    weight(at - place)
                };
                (place.clamp(0.0, last) as usize, weight)
            })
            .collect();
        let total: f64 = sum.iter().map(|(_, w)| w).sum();
        sum.iter_mut().for_each(|(_, w)| *w /= total);
        sum
    }
}

/// Weighted sums of entries along an axis, one for each entry of the result.
pub(crate) fn weighted<A: Scalar>(
    b: &mut Builder<A>,
    x: Slot,
    axis: usize,
    sums: Vec<Vec<(usize, f64)>>,
) -> Result<Slot> {
    let mut shape = b.shape(x).to_vec();
    shape[axis] = sums.len();
    b.emit(Blend { axis, sums }, &[x], &shape)
}

pub(crate) fn cumulative_sum<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, axis) = (call.required(b, 0)?, call.required(b, 1)?);
    let axis = b.number(axis, "the axis")? as i64;
    let op = CumulativeSum {
        axis: b.axis(axis, b.rank(x))?,
        exclusive: call.node.flag("exclusive"),
        reverse: call.node.flag("reverse"),
    };
    let shape = b.shape(x).to_vec();
    b.emit_as(b.kind(x), op, &[x], &shape)
}

impl<A: Scalar> Op<A> for Blend {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let mut shape = inputs[0].shape().to_vec();
        let (outer, length, inner) = around(&shape, self.axis);
        shape[self.axis] = self.sums.len();
        let mut data = vec![A::zero(); outer * self.sums.len() * inner];
        for i in 0..outer {
            for (j, sum) in self.sums.iter().enumerate() {
                let to = &mut data[(i * self.sums.len() + j) * inner..][..inner];
                for &(k, weight) in sum {
                    let from = &inputs[0].data()[(i * length + k) * inner..][..inner];
                    let weight = A::of(weight);
                    to.iter_mut().zip(from).for_each(|(t, &f)| *t += weight * f);
                }
            }
        }
        vec![Tensor::new(&shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let shape = pass.inputs[0].shape();
        let (outer, length, inner) = around(shape, self.axis);
        let mut data = vec![A::zero(); outer * length * inner];
        for i in 0..outer {
            for (j, sum) in self.sums.iter().enumerate() {
                let from = &pass.gradient().data()[(i * self.sums.len() + j) * inner..][..inner];
                for &(k, weight) in sum {
                    let to = &mut data[(i * length + k) * inner..][..inner];
                    let weight = A::of(weight);
                    to.iter_mut().zip(from).for_each(|(t, &f)| *t += weight * f);
                }
            }
        }
        vec![Some(Tensor::new(shape, data))]
    }
}

impl CumulativeSum {
    fn run<A: Scalar>(&self, x: &Tensor<A>, reverse: bool) -> Tensor<A> {
        let (outer, length, inner) = around(x.shape(), self.axis);
        let mut data = vec![A::zero(); x.data().len()];
        for i in 0..outer * inner {
            let place = |j: usize| (i / inner * length + j) * inner + i % inner;
            let mut sum = A::zero();
            for j in 0..length {
                let at = place(if reverse { length - 1 - j } else { j });
                let before = sum;
                sum += x.data()[at];
                data[at] = if self.exclusive { before } else { sum };
            }
        }
        Tensor::new(x.shape(), data)
    }
}

impl<A: Scalar> Op<A> for CumulativeSum {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        vec![self.run(inputs[0], self.reverse)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![Some(self.run(pass.gradient(), !self.reverse))]
    }
}
