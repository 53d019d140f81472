//! Where a sliding window touches its input: kernels, strides, dilations, padding, of any rank.

use std::ops::Range;

use xcebra_model::Scalar;

use super::Call;
use crate::builder::Builder;
use crate::error::Result;

/// Largest kernel, stride, dilation or padding along an axis.
const MOST: i64 = 1 << 16;

/// Most runs of a window that is made in addition to that of the file.
const MOST_RUNS: usize = 1 << 20;

/// A window over the spatial axes of one channel.
pub(crate) struct Window {
    pub input: Vec<usize>,
    pub output: Vec<usize>,
    /// Number of positions in the kernel.
    pub taps: usize,
    /// In the order of the taps, and for each tap in the order of the outputs.
    pub runs: Vec<Run>,
    /// Where the runs of each tap begin, and where the last end.
    starts: Vec<usize>,
    axes: Vec<Axis>,
}

/// Consecutive outputs that one tap of the kernel connects with inputs, as offsets in a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
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
    pub fn outputs(&self, input: usize, ceil: bool) -> Option<usize> {
        let room = (input + self.before + self.after).checked_sub(self.extent())?;
        let steps = match ceil {
            true => room.div_ceil(self.stride),
            false => room / self.stride,
        };
        let over = ceil && steps > 0 && steps * self.stride >= input + self.before;
        Some(steps + 1 - usize::from(over))
    }

    /// The outputs whose input under a tap is inside.
    fn inside(&self, tap: usize, input: usize, outputs: usize) -> Range<usize> {
        let reach = tap * self.dilation;
        let first = self.before.saturating_sub(reach).div_ceil(self.stride);
        let end = (input + self.before)
            .saturating_sub(reach)
            .div_ceil(self.stride);
        first..end.min(outputs)
    }

    /// The input under a tap, which may be outside.
    pub fn place(&self, output: usize, tap: usize) -> i64 {
        (output * self.stride + tap * self.dilation) as i64 - self.before as i64
    }
}

/// Copies a few registers, for which a call of the system's function takes longer than the copy.
#[inline(always)]
fn copy_short<A: Scalar>(from: &[A], to: &mut [A]) {
    let ((from, rest), (to, left)) = (from.as_chunks::<8>(), to.as_chunks_mut::<8>());
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    left.copy_from_slice(rest);
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
            starts: Vec::new(),
            input,
            output,
            axes,
        };
        window.find_runs();
        Ok(window)
    }

    pub fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// Rows of outputs along the last axis.
    fn rows(&self) -> usize {
        self.output[..self.output.len() - 1].iter().product()
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

    /// The window that goes back from outputs to inputs when its taps are taken in reverse; `None` if
    /// that takes more than one window.
    pub fn mirrored(&self) -> Option<Self> {
        let rows: usize = self.input[..self.input.len() - 1].iter().product();
        if rows.saturating_mul(self.taps) > MOST_RUNS {
            return None;
        }
        let mirror = |axis: &Axis| {
            let (before, after) = (axis.extent() - 1)
                .checked_sub(axis.before)
                .zip((axis.extent() - 1).checked_sub(axis.after))?;
            (axis.stride == 1).then_some(Axis {
                before,
                after,
                ..*axis
            })
        };
        let mut window = Self {
            taps: self.taps,
            runs: Vec::new(),
            starts: Vec::new(),
            input: self.output.clone(),
            output: self.input.clone(),
            axes: self.axes.iter().map(mirror).collect::<Option<_>>()?,
        };
        window.find_runs();
        Some(window)
    }

    /// The inputs of one channel under a tap, for some outputs; zero where it is on the padding.
    pub fn copy<A: Scalar>(&self, channel: &[A], tap: usize, outputs: Range<usize>, to: &mut [A]) {
        let mut done = 0;
        for (run, part) in self.overlaps(tap, outputs.clone()) {
            let at = part.start - outputs.start;
            to[done..at].fill(A::zero());
            done = part.end - outputs.start;
            let from = run.input + (part.start - run.output) * run.stride;
            match run.stride {
                1 => copy_short(&channel[from..from + part.len()], &mut to[at..done]),
                stride => {
                    let from = channel[from..].iter().step_by(stride);
                    to[at..done].iter_mut().zip(from).for_each(|(t, &f)| *t = f);
                }
            }
        }
        to[done..].fill(A::zero());
    }

    /// Adds numbers (taps, outputs) up to one channel of the input.
    pub fn add<A: Scalar>(&self, numbers: &[A], outputs: Range<usize>, channel: &mut [A]) {
        for (tap, numbers) in numbers.chunks_exact(outputs.len()).enumerate() {
            for (run, part) in self.overlaps(tap, outputs.clone()) {
                let from = &numbers[part.start - outputs.start..part.end - outputs.start];
                let to = run.input + (part.start - run.output) * run.stride;
                match run.stride {
                    1 => {
                        let to = channel[to..to + part.len()].iter_mut();
                        to.zip(from).for_each(|(t, &f)| *t += f);
                    }
                    stride => {
                        let to = channel[to..].iter_mut().step_by(stride);
                        to.zip(from).for_each(|(t, &f)| *t += f);
                    }
                }
            }
        }
    }

    /// The runs of a tap that have some of the outputs, with those that they have.
    fn overlaps(
        &self,
        tap: usize,
        outputs: Range<usize>,
    ) -> impl Iterator<Item = (&Run, Range<usize>)> {
        let runs = &self.runs[self.starts[tap]..self.starts[tap + 1]];
        let ended = |run: &Run| run.output + run.length <= outputs.start;
        // most often there is one run, or one in each row of the outputs
        let mut first = match runs.len() {
            0 | 1 => 0,
            count if count == self.rows() => outputs.start / self.output[self.output.len() - 1],
            _ => runs.partition_point(ended),
        };
        if runs.get(first).is_some_and(ended) {
            first += 1;
        }
        let Range { start, end } = outputs;
        let inside = move |run: &&Run| run.output < end;
        runs[first..].iter().take_while(inside).map(move |run| {
            (
                run,
                run.output.max(start)..(run.output + run.length).min(end),
            )
        })
    }

    fn find_runs(&mut self) {
        let last = self.axes.len() - 1;
        let axis = self.axes[last];
        let (width, outputs) = (self.input[last], self.output[last]);
        let mut runs = Vec::new();
        for tap in 0..self.taps {
            self.starts.push(runs.len());
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
                    output: outer * outputs + inside.start,
                    input: row * width + axis.place(inside.start, tap % axis.kernel) as usize,
                    length: inside.len(),
                    stride: axis.stride,
                });
            }
        }
        self.starts.push(runs.len());
        self.runs = runs;
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
