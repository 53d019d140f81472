//! Axes made longer or shorter by interpolation.

use xcebra_model::Scalar;

use super::Call;
use super::blend::weighted;
use super::elementwise::{Pair, binary};
use super::grid::cubic;
use super::select::{NOTHING, everything, select};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Kind;

/// How a position of a resized axis is found on the original.
struct Resizing<'a> {
    coordinates: &'a str,
    mode: &'a str,
    nearest: &'a str,
    cubic: f64,
    exclude_outside: bool,
    /// Whether shorter axes are means over all that they stand for.
    antialias: bool,
}

/// One axis: its length before and after, the ratio of the two as it is meant, and which part of it is taken.
#[derive(Clone, Copy)]
struct Along {
    from: usize,
    to: usize,
    scale: f64,
    part: [f64; 2],
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
        antialias: node.flag("antialias"),
    };
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
    let parts = given(1, "the part that is taken")?;
    let (scales, sizes) = (given(2, "the scales")?, given(3, "the sizes")?);
    let numbers = sizes.as_ref().or(scales.as_ref());
    let Some(numbers) = numbers.filter(|n| n.len() == axes.len()) else {
        return b.refuse(format!("no scale or size for each of {} axes", axes.len()));
    };
    let crops = resizing.coordinates == "tf_crop_and_resize";
    let parts = parts.filter(|_| crops);
    if crops && parts.as_ref().is_none_or(|p| p.len() != 2 * axes.len()) {
        return b.refuse(format!("no part is given for each of {} axes", axes.len()));
    }
    let outside = node.float("extrapolation_value").unwrap_or(0.0);
    let common = common_scale(call, sizes.is_some(), numbers, &axes, &shape);
    for (i, (&axis, &number)) in axes.iter().zip(numbers).enumerate() {
        let length = shape[axis] as f64;
        let (to, scale) = match (common, sizes.is_some()) {
            (Some(scale), _) => ((length * scale + 0.5).floor(), scale),
            (None, true) => (number, number / length),
            (None, false) => ((length * number).floor(), number),
        };
        let mut grown = b.shape(x).to_vec();
        grown[axis] = to as usize;
        if !(1.0..1e9).contains(&to) || length == 0.0 {
            return b.refuse(format!("axis {axis} of length {length} resized to {to}"));
        }
        b.check(&grown)?;
        let part = parts.as_ref().map(|p| [p[i], p[i + axes.len()]]);
        if grown == b.shape(x) && scale == 1.0 && part.is_none_or(|p| p == [0.0, 1.0]) {
            continue;
        }
        let along = Along {
            from: shape[axis],
            to: to as usize,
            scale,
            part: part.unwrap_or([0.0, 1.0]),
        };
        let Some(sums) = resizing.sums(along) else {
            return b.refuse(format!(
                "mode '{}', '{}', '{}' is not supported",
                resizing.mode, resizing.coordinates, resizing.nearest
            ));
        };
        x = match resizing.mode {
            "nearest" => {
                let mut picks = everything(b.shape(x));
                let entry = |sum: &Vec<(usize, f64)>| sum.first().map_or(NOTHING, |s| s.0);
                picks[axis] = sums.iter().map(entry).collect();
                select(b, x, &picks, outside)?
            }
            _ => {
                let missing = sums
                    .iter()
                    .map(|s| if s.is_empty() { outside } else { 0.0 });
                let missing: Vec<f64> = missing.collect();
                let y = weighted(b, x, axis, sums)?;
                filled_up(b, y, axis, missing)?
            }
        };
    }
    Ok(x)
}

/// The scale of all axes, if their ratio is to stay as it is.
fn common_scale(
    call: &Call<'_>,
    has_sizes: bool,
    sizes: &[f64],
    axes: &[usize],
    shape: &[usize],
) -> Option<f64> {
    let scales = axes
        .iter()
        .zip(sizes)
        .map(|(&axis, size)| size / shape[axis] as f64);
    match call.node.text("keep_aspect_ratio_policy") {
        Some("not_larger") if has_sizes => scales.reduce(f64::min),
        Some("not_smaller") if has_sizes => scales.reduce(f64::max),
        _ => None,
    }
}

/// Adds what stands for places outside.
fn filled_up<A: Scalar>(
    b: &mut Builder<A>,
    x: Slot,
    axis: usize,
    missing: Vec<f64>,
) -> Result<Slot> {
    if missing.iter().all(|&m| m == 0.0) {
        return Ok(x);
    }
    let mut shape = vec![1; b.rank(x)];
    shape[axis] = missing.len();
    let missing = b.constant(&shape, Kind::Real, missing)?;
    binary(b, Pair::Add, x, missing)
}

impl Resizing<'_> {
    /// What every entry of the result is made of, nothing for one outside; `None` if the mode is unknown.
    fn sums(&self, along: Along) -> Option<Vec<Vec<(usize, f64)>>> {
        let last = along.from as f64 - 1.0;
        (0..along.to)
            .map(|i| {
                let at = self.coordinate(i as f64, along)?;
                if self.coordinates == "tf_crop_and_resize" && !(0.0..=last).contains(&at) {
                    return Some(Vec::new());
                }
                match self.mode {
                    "nearest" => Some(vec![(self.nearest(at, along.from)?, 1.0)]),
                    "linear" => Some(self.blended(at, along, 1.0, |d| 1.0 - d)),
                    "cubic" => Some(self.blended(at, along, 2.0, |d| cubic(self.cubic, d).0)),
                    _ => None,
                }
            })
            .collect()
    }

    fn coordinate(&self, i: f64, along: Along) -> Option<f64> {
        let (from, to, scale) = (along.from as f64, along.to as f64, along.scale);
        let half = (i + 0.5) / scale - 0.5;
        let [start, end] = along.part;
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
            "tf_crop_and_resize" if to > 1.0 => {
                (from - 1.0) * (start + i * (end - start) / (to - 1.0))
            }
            "tf_crop_and_resize" => (from - 1.0) * (start + end) / 2.0,
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

    /// The entries nearer than `reach`, weighted by `weight` of their distance. Those outside are the outermost ones.
    fn blended(
        &self,
        at: f64,
        along: Along,
        reach: f64,
        weight: impl Fn(f64) -> f64,
    ) -> Vec<(usize, f64)> {
        let narrow = if self.antialias {
            along.scale.min(1.0)
        } else {
            1.0
        };
        let last = along.from as f64 - 1.0;
        // no further than one entry beyond the axis matters for a mean of the outermost one
        let (first, end) = (at - reach / narrow, at + reach / narrow);
        let mut sum = Vec::new();
        let mut place = first.ceil();
        while place <= end {
            let distance = (place - at).abs() * narrow;
            let inside = (0.0..=last).contains(&place);
            if distance < reach && (inside || !self.exclude_outside) {
                sum.push((place.clamp(0.0, last) as usize, weight(distance)));
            }
            place += 1.0;
        }
        let total: f64 = sum.iter().map(|(_, w)| w).sum();
        sum.iter_mut().for_each(|(_, w)| *w /= total);
        sum
    }
}
