//! Fourier transforms along an axis, whole or of windows, with the adjoint as derivative.

use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use xcebra_model::Scalar;

use super::elementwise::{Pair, binary};
use super::layout::{inverse, join, permute, reshape_to};
use super::select::{NOTHING, Select, everything, select};
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::{Kind, Tensor};

/// Longest transform.
const LONGEST: usize = 1 << 24;

/// The discrete Fourier transform of rows of complex numbers: the last axis holds real and imaginary part,
/// the one before is transformed. Computed in `f64`, so that long transforms are exact in `f32` too.
struct Dft {
    forwards: Arc<dyn Fft<f64>>,
    backwards: Arc<dyn Fft<f64>>,
    length: usize,
    is_inverse: bool,
}

/// How a transform treats its axis.
#[derive(Clone, Copy)]
struct Transform {
    /// Length of the transform; the signal is cut off or filled with zeros to it.
    length: usize,
    onesided: bool,
    is_inverse: bool,
}

/// The axis is an attribute before opset 20, then an input.
pub(crate) fn dft<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let rank = b.rank(x);
    if rank < 2 {
        return b.refuse(format!("an input of shape {:?}", b.shape(x)));
    }
    let axis = match (call.optional(2), call.opset) {
        (Some(axis), _) => b.number(axis, "the axis")? as i64,
        (None, ..20) => call.node.int("axis").unwrap_or(1),
        (None, _) => -2,
    };
    let axis = b.axis(axis, rank)?;
    if axis == rank - 1 {
        return b.refuse("the last axis holds real and imaginary parts and cannot be transformed");
    }
    let (onesided, is_inverse) = (call.node.flag("onesided"), call.node.flag("inverse"));
    let found = b.shape(x)[axis];
    let default = match onesided && is_inverse {
        true => 2 * found.saturating_sub(1),
        false => found,
    };
    let transform = Transform {
        length: length(b, call, 1, default)?,
        onesided,
        is_inverse,
    };
    let order: Vec<usize> = (0..rank - 1)
        .filter(|&a| a != axis)
        .chain([axis, rank - 1])
        .collect();
    let x = permute(b, x, &order)?;
    let y = transformed(b, x, transform)?;
    permute(b, y, &inverse(&order))
}

/// The length that input `i` gives.
fn length<A: Scalar>(b: &Builder<A>, call: &Call<'_>, i: usize, default: usize) -> Result<usize> {
    let length = match call.optional(i) {
        Some(slot) => b.number(slot, "the length of the transform")?,
        None => default as f64,
    };
    if !(1.0..=LONGEST as f64).contains(&length) {
        return b.refuse(format!(
            "a transform of length {length}, expected 1 to {LONGEST}"
        ));
    }
    Ok(length as usize)
}

/// Transforms the axis before the last, which has one number (real) or two (complex).
fn transformed<A: Scalar>(b: &mut Builder<A>, x: Slot, transform: Transform) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    let rank = shape.len();
    let (found, parts) = (shape[rank - 2], shape[rank - 1]);
    if !(1..=2).contains(&parts) {
        return b.refuse(format!(
            "{parts} numbers along the last axis, expected one (real) or two (real and imaginary part)"
        ));
    }
    let Transform {
        length,
        onesided,
        is_inverse,
    } = transform;
    let half = length / 2 + 1;
    // one number filled to two is a real number with the imaginary part zero
    let mut picks = everything(&shape);
    let from_half = onesided && is_inverse;
    let available = if from_half { found.min(half) } else { found };
    let wanted = if from_half { half } else { length };
    picks[rank - 2] = (0..wanted)
        .map(|i| if i < available { i } else { NOTHING })
        .collect();
    picks[rank - 1] = if parts == 1 {
        vec![0, NOTHING]
    } else {
        vec![0, 1]
    };
    let mut x = select(b, x, &picks, 0.0)?;
    if from_half {
        x = mirrored(b, x, length)?;
    }
    let full = b.shape(x).to_vec();
    let mut planner = FftPlanner::new();
    let op = Dft {
        forwards: planner.plan_fft_forward(length),
        backwards: planner.plan_fft_inverse(length),
        length,
        is_inverse,
    };
    let y = b.emit(op, &[x], &full)?;
    let mut picks = everything(&full);
    if onesided && !is_inverse {
        picks[rank - 2].truncate(half);
    }
    if from_half {
        // the inverse of half a spectrum is a real signal
        picks[rank - 1].truncate(1);
    }
    select(b, y, &picks, 0.0)
}

/// A spectrum from its half: the rest are complex conjugates.
fn mirrored<A: Scalar>(b: &mut Builder<A>, x: Slot, length: usize) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    let rank = shape.len();
    let mut picks = everything(&shape);
    picks[rank - 2] = (1..length.div_ceil(2)).rev().collect();
    if picks[rank - 2].is_empty() {
        return Ok(x);
    }
    let rest = select(b, x, &picks, 0.0)?;
    let signs = b.constant(&[2], Kind::Real, vec![1.0, -1.0])?;
    let rest = binary(b, Pair::Mul, rest, signs)?;
    join(b, &[x, rest], rank - 2)
}

/// Transforms of windows that begin every `frame_step` numbers: (samples, time, parts) to
/// (samples, windows, frequencies, 2).
pub(crate) fn stft<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (mut x, step) = (call.required(b, 0)?, call.required(b, 1)?);
    if b.rank(x) == 2 {
        let shape = [b.shape(x), &[1]].concat();
        x = reshape_to(b, x, &shape)?;
    }
    let step = b.number(step, "the step of the windows")?;
    let &[samples, time, parts] = b.shape(x) else {
        return b.refuse(format!(
            "a signal of shape {:?}, expected 3 axes",
            b.shape(x)
        ));
    };
    let window = call.optional(2);
    let default = match window.map(|w| b.shape(w)) {
        Some(&[length]) => length,
        None => time,
        Some(_) => return b.refuse("the weights of the window have several axes"),
    };
    let length = length(b, call, 3, default)?;
    if !(1.0..1e9).contains(&step) || window.is_some_and(|w| b.shape(w) != [length]) {
        return b.refuse(format!(
            "windows of length {length} every {step} numbers do not fit the weights of the window"
        ));
    }
    let Some(room) = time.checked_sub(length) else {
        return b.refuse(format!(
            "windows of length {length} in a signal of length {time}"
        ));
    };
    let windows = room / step as usize + 1;
    let to = [samples, windows, length, parts];
    b.check(&to)?;
    let start = |i: usize| (i / windows * time + i % windows * step as usize) * parts;
    let map = (0..samples * windows)
        .flat_map(|i| start(i)..start(i) + length * parts)
        .collect();
    let op = Select::places(&[samples, time, parts], &to, map);
    let mut framed = b.emit(op, &[x], &to)?;
    if let Some(window) = window {
        let window = reshape_to(b, window, &[length, 1])?;
        framed = binary(b, Pair::Mul, framed, window)?;
    }
    let transform = Transform {
        length,
        onesided: call.node.int("onesided").unwrap_or(1) != 0,
        is_inverse: false,
    };
    transformed(b, framed, transform)
}

impl Dft {
    fn run<A: Scalar>(&self, x: &Tensor<A>, fft: &dyn Fft<f64>) -> Tensor<A> {
        let scale = if self.is_inverse {
            (self.length as f64).recip()
        } else {
            1.0
        };
        let mut row = vec![Complex::default(); self.length];
        let mut scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        let mut data = Vec::with_capacity(x.data().len());
        for numbers in x.data().chunks_exact(2 * self.length) {
            let (pairs, _) = numbers.as_chunks();
            for (to, &[re, im]) in row.iter_mut().zip(pairs) {
                *to = Complex::new(re.as_f64(), im.as_f64());
            }
            fft.process_with_scratch(&mut row, &mut scratch);
            let numbers = row.iter().flat_map(|v| [v.re, v.im]);
            data.extend(numbers.map(|v| A::of(v * scale)));
        }
        Tensor::new(x.shape(), data)
    }
}

impl<A: Scalar> Op<A> for Dft {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let fft = match self.is_inverse {
            true => &self.backwards,
            false => &self.forwards,
        };
        vec![self.run(inputs[0], fft.as_ref())]
    }

    /// The adjoint turns the other way; it keeps the scale.
    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let fft = match self.is_inverse {
            true => &self.forwards,
            false => &self.backwards,
        };
        vec![Some(self.run(pass.gradient(), fft.as_ref()))]
    }
}
