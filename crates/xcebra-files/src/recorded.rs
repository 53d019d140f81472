//! The numbers of a recorder, which become physical values when they are needed.

use std::ops::Range;

use ndarray::{Array2, ArrayD};
use xcebra_model::Scalar;

use crate::values::Values;

/// Values that are computed together: what fits into the first cache.
const BLOCK: usize = 4096;

/// Numbers (time, channels) in the type in which a recorder stored them, and the maps that make physical
/// values of them, in double precision and in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    numbers: Box<Values>,
    scales: Vec<Scale>,
}

/// A map of each channel, one number a channel in each list.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// `offset + gain · v`.
    Linear {
        /// Values of the number 0.
        offset: Vec<f64>,
        /// Values of one step.
        gain: Vec<f64>,
    },
    /// `v / divisor`.
    Divided {
        /// What is divided by.
        divisor: Vec<f64>,
    },
}

impl Scale {
    /// `gain · v`.
    pub(crate) fn times(gain: Vec<f64>) -> Self {
        Self::Linear {
            // with 0.0, a sum would turn −0 into 0
            offset: vec![-0.0; gain.len()],
            gain,
        }
    }

    /// Whether it changes nothing.
    pub(crate) fn is_identity(&self) -> bool {
        let ones = |list: &[f64]| list.iter().all(|&v| v == 1.0);
        match self {
            Self::Linear { offset, gain } => offset.iter().all(|&v| v == 0.0) && ones(gain),
            Self::Divided { divisor } => ones(divisor),
        }
    }

    /// The value of a channel.
    pub(crate) fn of(&self, channel: usize, value: f64) -> f64 {
        match self {
            Self::Linear { offset, gain } => offset[channel] + gain[channel] * value,
            Self::Divided { divisor } => value / divisor[channel],
        }
    }

    /// Maps whole rows in place.
    fn apply(&self, rows: &mut [f64]) {
        match self {
            Self::Linear { offset, gain } => {
                for row in rows.chunks_exact_mut(gain.len()) {
                    for ((v, offset), gain) in row.iter_mut().zip(offset).zip(gain) {
                        *v = offset + gain * *v;
                    }
                }
            }
            Self::Divided { divisor } => {
                for row in rows.chunks_exact_mut(divisor.len()) {
                    row.iter_mut()
                        .zip(divisor)
                        .for_each(|(v, divisor)| *v /= divisor);
                }
            }
        }
    }
}

impl Recorded {
    /// Numbers (time, channels) by rows, not themselves of this kind.
    pub(crate) fn new(numbers: Values, scales: Vec<Scale>) -> Self {
        Self {
            numbers: Box::new(numbers),
            scales,
        }
    }

    /// The numbers as they were stored, (time, channels).
    pub fn numbers(&self) -> &Values {
        &self.numbers
    }

    /// The numbers as they were stored, and the maps.
    pub fn into_parts(self) -> (Values, Vec<Scale>) {
        (*self.numbers, self.scales)
    }

    /// Adds a map, after those that there are.
    pub(crate) fn scale(&mut self, scale: Scale) {
        self.scales.push(scale);
    }

    /// Physical values, rounded where `A` is narrower.
    pub(crate) fn to_float<A: Scalar>(&self) -> ArrayD<A> {
        let [time, channels] = self.dim();
        let (mut values, mut block) = (Vec::with_capacity(time * channels), Vec::new());
        for rows in blocks(time, channels) {
            self.widen(rows, &mut block);
            values.extend(block.iter().map(|&v| A::of(v)));
        }
        let values = Array2::from_shape_vec((time, channels), values);
        values.expect("one value a number").into_dyn()
    }

    pub(crate) fn at(&self, row: usize, channel: usize) -> f64 {
        let stored = self.numbers.at(row, channel);
        let scales = self.scales.iter();
        scales.fold(stored, |value, scale| scale.of(channel, value))
    }

    pub(crate) fn widen(&self, rows: Range<usize>, out: &mut Vec<f64>) {
        out.clear();
        self.append(rows, out);
    }

    /// As [`widen`](Self::widen), behind what `out` holds.
    pub(crate) fn append(&self, rows: Range<usize>, out: &mut Vec<f64>) {
        let before = out.len();
        self.numbers.append(rows, out);
        let rows = &mut out[before..];
        self.scales.iter().for_each(|scale| scale.apply(rows));
    }

    pub(crate) fn not_finite(&self) -> usize {
        let [time, channels] = self.dim();
        let (mut count, mut block) = (0, Vec::new());
        for rows in blocks(time, channels) {
            self.widen(rows, &mut block);
            count += block.iter().filter(|v| !v.is_finite()).count();
        }
        count
    }

    fn dim(&self) -> [usize; 2] {
        match *self.numbers.shape() {
            [time, channels] => [time, channels],
            _ => unreachable!("recorders have rows and channels"),
        }
    }
}

/// The rows of a matrix in ranges of a block each.
pub(crate) fn blocks(rows: usize, columns: usize) -> impl Iterator<Item = Range<usize>> {
    let each = (BLOCK / columns.max(1)).max(1);
    (0..rows)
        .step_by(each)
        .map(move |first| first..rows.min(first + each))
}
