//! Where a sliding window touches its input: kernels, strides, dilations, padding, of any rank.

use xcebra_model::Scalar;

use super::Call;
use crate::builder::Builder;
use crate::error::Result;

/// Largest kernel, stride, dilation or padding along an axis.
const MOST: i64 = 1 << 16;

/// A window over the spatial axes of one channel.
pub(crate) struct Window {
    pub input: Vec<usize>,
    pub output: Vec<usize>,
    /// Number of positions in the kernel.
    pub taps: usize,
    pub runs: Vec<Run>,
    axes: Vec<Axis>,
}

/// Consecutive outputs that one tap of the kernel connects with inputs, as offsets in a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub tap: usize,
    pub output: usize,
    pub input: usize,
    pub length: usize,
    /// Distance of inputs that belong to consecutive outputs.
    pub stride: usize,
}

/// The settings of one axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    pub before: usize,
    pub after: usize,
}

impl Axis {
    /// Inputs from the first to the last tap.
    pub fn extent(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }

    /// Number of outputs; `None` if the window does not fit. With `ceil`, a last window may reach
    /// over the end, but must begin before it.
    fn outputs(&self, input: usize, ceil: bool) -> Option<usize> {
        let room = (input + self.before + self.after).checked_sub(self.extent())?;
        let steps = match ceil {
            true => room.div_ceil(self.stride),
            false => room / self.stride,
        };
        let over = ceil && steps > 0 && steps * self.stride >= input + self.before;
        Some(steps + 1 - usize::from(over))
    }

    /// The outputs whose input under a tap is inside.
    fn inside(&self, tap: usize, input: usize, outputs: usize) -> std::ops::Range<usize> {
        let reach = tap * self.dilation;
        let first = self.before.saturating_sub(reach).div_ceil(self.stride);
        let end = (input + self.before)
            .saturating_sub(reach)
            .div_ceil(self.stride);
        first..end.min(outputs)
    }

    /// The input under a tap, which may be outside.
    fn place(&self, output: usize, tap: usize) -> i64 {
        (output * self.stride + tap * self.dilation) as i64 - self.before as i64
    }
}

/// Kernel, stride, dilation and padding of every spatial axis, without `auto_pad`.
pub(crate) fn settings<A: Scalar>(
    b: &Builder<A>,
    call: &Call<'_>,
    kernel: &[usize],
) -> Result<Vec<Axis>> {
    let rank = kernel.len();
    let list = |name: &str, length: usize, least: i64, default: i64| {
        let values = match call.node.ints(name) {
            Some(values) if !values.is_empty() => values.to_vec(),
            _ => vec![default; length],
        };
        if values.len() != length || values.iter().any(|v| !(least..=MOST).contains(v)) {
            return b.refuse(format!(
                "{name} {values:?}, expected {length} numbers from {least} to {MOST}"
            ));
        }
        Ok(values.into_iter().map(|v| v as usize).collect::<Vec<_>>())
    };
    let strides = list("strides", rank, 1, 1)?;
    let dilations = list("dilations", rank, 1, 1)?;
    let pads = list("pads", 2 * rank, 0, 0)?;
    if rank == 0 || kernel.iter().any(|&k| k == 0 || k > MOST as usize) {
        return b.refuse(format!("a window of shape {kernel:?}"));
    }
    let axis = |i: usize| Axis {
        kernel: kernel[i],
        stride: strides[i],
        dilation: dilations[i],
        before: pads[i],
        after: pads[i + rank],
    };
    Ok((0..rank).map(axis).collect())
}

/// Divides `total` padding between both ends.
pub(crate) fn divide(axis: &mut Axis, total: usize, more_before: bool) {
    let less = total / 2;
    (axis.before, axis.after) = match more_before {
        true => (total - less, less),
        false => (less, total - less),
    };
}

impl Window {
    /// The window of a convolution or pooling over `input`.
    pub fn new<A: Scalar>(
        b: &Builder<A>,
        call: &Call<'_>,
        input: &[usize],
        kernel: &[usize],
    ) -> Result<Self> {
        let mut axes = settings(b, call, kernel)?;
        if axes.len() != input.len() {
            return b.refuse(format!(
                "a window of {} axes over {} axes",
                axes.len(),
                input.len()
            ));
        }
        let auto = call.node.text("auto_pad").unwrap_or("NOTSET");
        for (axis, &length) in axes.iter_mut().zip(input) {
            match auto {
                "NOTSET" | "" => {}
                "VALID" => (axis.before, axis.after) = (0, 0),
                "SAME_UPPER" | "SAME_LOWER" => {
                    let reach = length.div_ceil(axis.stride).saturating_sub(1) * axis.stride;
                    let total = (reach + axis.extent()).saturating_sub(length);
                    divide(axis, total, auto == "SAME_LOWER");
                }
                other => return b.refuse(format!("auto_pad '{other}' is not supported")),
            }
        }
        let ceil = call.node.flag("ceil_mode");
        let outputs = axes
            .iter()
            .zip(input)
            .map(|(axis, &n)| axis.outputs(n, ceil));
        let Some(output) = outputs.collect::<Option<Vec<usize>>>() else {
            return b.refuse_with(
                format!("the window {kernel:?} is larger than its input {input:?}"),
                "pass longer samples",
            );
        };
        Self::over(b, axes, input.to_vec(), output)
    }

    /// A window with given lengths on both sides.
    pub fn over<A: Scalar>(
        b: &Builder<A>,
        axes: Vec<Axis>,
        input: Vec<usize>,
        output: Vec<usize>,
    ) -> Result<Self> {
        let mut shape: Vec<usize> = axes.iter().map(|a| a.kernel).collect();
        shape.extend(&output[..output.len() - 1]);
        b.check(&shape)?;
        b.check(&output)?;
        let mut window = Self {
            taps: axes.iter().map(|a| a.kernel).product(),
            runs: Vec::new(),
            input,
            output,
            axes,
        };
        window.runs = window.find_runs();
        Ok(window)
    }

    pub fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    pub fn outputs(&self) -> usize {
        self.output.iter().product()
    }

    /// Whether every output sees exactly the input at its place.
    pub fn is_pointwise(&self) -> bool {
        self.taps == 1
            && self
                .axes
                .iter()
                .all(|a| a.stride == 1 && a.before == 0 && a.after == 0)
    }

    /// Whether some output sees nothing of the input.
    pub fn has_idle_output(&self) -> bool {
        self.counts(false).contains(&0)
    }

    /// How many taps of each output are on the input, or on it and its padding.
    pub fn counts(&self, with_padding: bool) -> Vec<usize> {
        let mut counts = vec![1];
        for (axis, (&length, &outputs)) in self.axes.iter().zip(self.input.iter().zip(&self.output))
        {
            let (low, high) = match with_padding {
                true => (-(axis.before as i64), (length + axis.after) as i64),
                false => (0, length as i64),
            };
            let count = |o: usize| {
                (0..axis.kernel)
                    .filter(|&t| (low..high).contains(&axis.place(o, t)))
                    .count()
            };
            let along: Vec<usize> = (0..outputs).map(count).collect();
            counts = counts
                .iter()
                .flat_map(|c| along.iter().map(move |a| c * a))
                .collect();
        }
        counts
    }

    fn find_runs(&self) -> Vec<Run> {
        let last = self.axes.len() - 1;
        let axis = self.axes[last];
        let (width, outputs) = (self.input[last], self.output[last]);
        let mut runs = Vec::new();
        for tap in 0..self.taps {
            let outer_tap = tap / axis.kernel;
            let inside = axis.inside(tap % axis.kernel, width, outputs);
            if inside.is_empty() {
                continue;
            }
            for outer in 0..self.output[..last].iter().product() {
                let Some(row) = self.input_row(outer, outer_tap) else {
                    continue;
                };
                runs.push(Run {
                    tap,
                    output: outer * outputs + inside.start,
                    input: row * width + axis.place(inside.start, tap % axis.kernel) as usize,
                    length: inside.len(),
                    stride: axis.stride,
                });
            }
        }
        runs
    }

    /// The row of the input under a tap, both counted over all axes but the last.
    fn input_row(&self, mut output: usize, mut tap: usize) -> Option<usize> {
        let (mut row, mut rows) = (0, 1);
        for i in (0..self.axes.len() - 1).rev() {
            let axis = self.axes[i];
            let place = axis.place(output % self.output[i], tap % axis.kernel);
            let place = usize::try_from(place).ok().filter(|&p| p < self.input[i])?;
            row += place * rows;
            rows *= self.input[i];
            output /= self.output[i];
            tap /= axis.kernel;
        }
        Some(row)
    }
}
