//! Blocks of dilated causal convolutions and their pools.
//!
//! With dilation 2, even and odd times are two series of their own. A buffer holds, for each signal,
//! the even and then the odd series, each `(time/2, channels)` behind (on the way back: before) four
//! rows of zeros. The taps of one output then fall on five successive rows. One matrix product gives what every
//! row contributes to each tap, and five rows of that, a tap of each, add up to an output: a row is
//! read once for the product, not once a tap. Sums that reach from one series into the next are
//! computed and not used.

use ndarray::{Array2, ArrayView2};
use xcebra_model::Scalar;

use super::{BLOCKS, LENGTH, Named, TAPS};

/// Rows of zeros of every series.
const REACH: usize = TAPS - 1;

struct Convolution<A> {
    /// `(inputs, taps · outputs)`.
    forward: Array2<A>,
    /// `(outputs, taps · inputs)`, taps reversed.
    backward: Array2<A>,
    bias: Vec<A>,
}

/// All blocks.
pub struct Blocks<A> {
    blocks: Vec<(Vec<Convolution<A>>, usize)>,
}

/// Series of a chunk: `(signals · 2 · (half + 4), channels)`, flat.
struct Series<A> {
    values: Vec<A>,
    count: usize,
    half: usize,
    channels: usize,
}

/// Activations of every convolution, block by block.
pub struct Saved<A>(Vec<Vec<Series<A>>>);

impl<A: Scalar> Series<A> {
    fn zeros(count: usize, half: usize, channels: usize) -> Self {
        let values = vec![A::zero(); count * (half + REACH) * channels];
        Self {
            values,
            count,
            half,
            channels,
        }
    }

    /// One series without its zeros, which are the first rows or the last.
    fn rows(&self, series: usize, first: usize) -> &[A] {
        let from = (series * (self.half + REACH) + first) * self.channels;
        &self.values[from..][..self.half * self.channels]
    }

    fn rows_mut(&mut self, series: usize, first: usize) -> &mut [A] {
        let from = (series * (self.half + REACH) + first) * self.channels;
        &mut self.values[from..][..self.half * self.channels]
    }

    /// Five rows from each on, each times the columns of its tap, added up: `(rows − 4, outputs)`.
    fn correlate(&self, matrix: &Array2<A>) -> Array2<A> {
        let rows = self.count * (self.half + REACH);
        let values = ArrayView2::from_shape((rows, self.channels), &self.values);
        let by_tap = values.expect("rows of the buffer").dot(matrix);
        let by_tap = by_tap.as_slice().expect("standard layout");
        let outputs = matrix.ncols() / TAPS;
        let mut sums = Vec::with_capacity((rows - REACH) * outputs);
        for row in 0..rows - REACH {
            let tap = |j: usize| &by_tap[((row + j) * TAPS + j) * outputs..][..outputs];
            let (a, b, c, d, e) = (tap(0), tap(1), tap(2), tap(3), tap(4));
            sums.extend((0..outputs).map(|o| a[o] + b[o] + c[o] + d[o] + e[o]));
        }
        Array2::from_shape_vec((rows - REACH, outputs), sums).expect("a sum a row and output")
    }
}

/// One series of a product of [`Series::correlate`].
fn series_of<A>(product: &Array2<A>, series: usize, half: usize) -> &[A] {
    let columns = product.ncols();
    let all = product.as_slice().expect("standard layout");
    &all[series * (half + REACH) * columns..][..half * columns]
}

impl<A: Scalar> Blocks<A> {
    pub fn new(named: &Named<'_>) -> Self {
        let mut inputs = 1;
        let block = |(b, (_, pool)): (usize, (usize, usize))| {
            let convolutions = (0..3).map(|c| {
                let (weight, bias) = named.dense::<A>(&format!("conv.{b}.{c}"));
                let (outputs, from) = (bias.len(), inputs);
                inputs = outputs;
                let tap = |o: usize, i: usize, j: usize| weight[[o, i * TAPS + j]];
                Convolution {
                    forward: Array2::from_shape_fn((from, TAPS * outputs), |(i, column)| {
                        tap(column % outputs, i, column / outputs)
                    }),
                    backward: Array2::from_shape_fn((outputs, TAPS * from), |(o, column)| {
                        tap(o, column % from, TAPS - 1 - column / from)
                    }),
                    bias: bias.to_vec(),
                }
            });
            (convolutions.collect(), pool)
        };
        let blocks = BLOCKS.into_iter().enumerate().map(block).collect();
        Self { blocks }
    }

    /// Tokens `(signals · steps, channels)` of signals `(n, time)`.
    pub fn forward(&self, signals: ArrayView2<'_, A>) -> (Array2<A>, Saved<A>) {
        let n = signals.nrows();
        let mut input = Series::zeros(2 * n, LENGTH / 2, 1);
        for (i, signal) in signals.outer_iter().enumerate() {
            for phase in 0..2 {
                let to = input.rows_mut(2 * i + phase, REACH);
                for (to, x) in to.iter_mut().zip(signal.iter().skip(phase).step_by(2)) {
                    *to = *x;
                }
            }
        }
        let mut saved = Vec::new();
        for (convolutions, pool) in &self.blocks {
            let mut outputs: Vec<Series<A>> = Vec::with_capacity(convolutions.len());
            for convolution in convolutions {
                let from = outputs.last().unwrap_or(&input);
                outputs.push(convolution.forward(from));
            }
            let last = outputs.last().expect("a block has convolutions");
            input = pooled(last, *pool);
            saved.push(outputs);
        }
        let (steps, channels) = (2 * input.half, input.channels);
        let mut tokens = Array2::zeros((n * steps, channels));
        for series in 0..input.count {
            let rows = input.rows(series, REACH).chunks(channels).enumerate();
            for (u, row) in rows {
                let token = series / 2 * steps + 2 * u + series % 2;
                let to = tokens.row_mut(token).into_slice().expect("standard layout");
                to.copy_from_slice(row);
            }
        }
        (tokens, Saved(saved))
    }

    /// Gradients `(n · time)`, flat, from those of the tokens.
    pub fn backward(&self, saved: &Saved<A>, tokens: &Array2<A>) -> Vec<A> {
        let count = saved.0[0][0].count;
        let half = tokens.nrows() / count;
        let mut back = Series::zeros(count, half, tokens.ncols());
        for series in 0..count {
            let channels = back.channels;
            let to = back.rows_mut(series, 0).chunks_mut(channels).enumerate();
            for (u, row) in to {
                let token = tokens.row(series / 2 * 2 * half + 2 * u + series % 2);
                row.copy_from_slice(token.as_slice().expect("standard layout"));
            }
        }
        for ((convolutions, pool), outputs) in self.blocks.iter().zip(&saved.0).rev() {
            let last = outputs.last().expect("a block has convolutions");
            back = spread(&back, *pool, last.half);
            for (convolution, output) in convolutions.iter().zip(outputs).rev() {
                back = convolution.backward(&mut back, output);
            }
        }
        let mut gradients = vec![A::zero(); count / 2 * LENGTH];
        for (i, gradient) in gradients.chunks_mut(LENGTH).enumerate() {
            for phase in 0..2 {
                let to = gradient.iter_mut().skip(phase).step_by(2);
                to.zip(back.rows(2 * i + phase, 0))
                    .for_each(|(to, g)| *to = *g);
            }
        }
        gradients
    }
}

impl<A: Scalar> Convolution<A> {
    fn forward(&self, input: &Series<A>) -> Series<A> {
        let product = input.correlate(&self.forward);
        let channels = self.bias.len();
        let mut output = Series::zeros(input.count, input.half, channels);
        for series in 0..input.count {
            let from = series_of(&product, series, input.half).chunks(channels);
            let to = output.rows_mut(series, REACH).chunks_mut(channels);
            for (to, from) in to.zip(from) {
                for ((to, x), b) in to.iter_mut().zip(from).zip(&self.bias) {
                    *to = rectified(*x + *b);
                }
            }
        }
        output
    }

    /// Gradient of the input from that of the output (which is set to 0 where the output is), zeros last.
    fn backward(&self, back: &mut Series<A>, output: &Series<A>) -> Series<A> {
        for series in 0..back.count {
            let on = output.rows(series, REACH);
            for (g, y) in back.rows_mut(series, 0).iter_mut().zip(on) {
                *g = if *y > A::zero() { *g } else { A::zero() };
            }
        }
        let product = back.correlate(&self.backward);
        let mut input = Series::zeros(back.count, back.half, self.backward.ncols() / TAPS);
        for series in 0..back.count {
            let from = series_of(&product, series, back.half);
            input.rows_mut(series, 0).copy_from_slice(from);
        }
        input
    }
}

fn rectified<A: Scalar>(x: A) -> A {
    if x > A::zero() { x } else { A::zero() }
}

/// Means of `pool` successive times, zeros first.
fn pooled<A: Scalar>(series: &Series<A>, pool: usize) -> Series<A> {
    let channels = series.channels;
    let mut means = Series::zeros(series.count, series.half / pool, channels);
    let share = A::one() / A::of(pool as f64);
    for (from, to, u, v) in pairs(series.count, series.half, pool) {
        let from = &series.rows(from, REACH)[u * channels..][..channels];
        let to = &mut means.rows_mut(to, REACH)[v * channels..][..channels];
        to.iter_mut()
            .zip(from)
            .for_each(|(to, x)| *to += share * *x);
    }
    means
}

/// The gradient of [`pooled`], zeros last.
fn spread<A: Scalar>(means: &Series<A>, pool: usize, half: usize) -> Series<A> {
    let channels = means.channels;
    let mut series = Series::zeros(means.count, half, channels);
    let share = A::one() / A::of(pool as f64);
    for (to, from, u, v) in pairs(means.count, half, pool) {
        let from = &means.rows(from, 0)[v * channels..][..channels];
        let to = &mut series.rows_mut(to, 0)[u * channels..][..channels];
        to.iter_mut().zip(from).for_each(|(to, g)| *to = share * *g);
    }
    series
}

/// Series and row of every time, and those of the mean it goes into: `(from, to, row from, row to)`.
fn pairs(
    count: usize,
    half: usize,
    pool: usize,
) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..count).flat_map(move |series| {
        (0..half).map(move |u| {
            let mean = (2 * u + series % 2) / pool;
            (series, series / 2 * 2 + mean % 2, u, mean / 2)
        })
    })
}
