//! Bootstrap over blocks of time.

use std::cell::RefCell;

use ndarray::{Array2, Array3, Axis};
use xcebra_numeric::{Bootstrap, ensure_finite};

use crate::error::{AttrError, Result};
use crate::options::Piece;

/// Fewer resamples leave too few beyond the ends of an interval.
const LEAST_RESAMPLES: usize = 100;

/// Intervals of the entries of a map, `inputs × outputs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    /// Lower ends.
    pub low: Array2<f64>,
    /// Upper ends.
    pub high: Array2<f64>,
}

/// Means of absolute attributions over successive blocks of samples, for intervals of a map.
///
/// Give [`add`](Self::add) as sink to an attribution. Memory is that of one map a block, however many
/// samples there are.
///
/// Blocks are drawn with replacement (non-overlapping block bootstrap, Carlstein 1986), and intervals
/// are percentiles of the drawn means. That assumes a stationary recording whose memory is short
/// against a block, and many blocks: with `k` of them intervals are too narrow by a share of about
/// `1/k`. They say how the map of *this* model varies over time, and nothing about other trainings.
///
/// ```
/// # use ndarray::Array2;
/// # use xcebra_model::FnModel;
/// use xcebra_attr::{Methods, Options, attribute};
/// use xcebra_attr::significance::{Blocks, Bootstrap};
///
/// # let model = FnModel::<f64>::per_sample([2], 1,
/// #     |x| Ok(ndarray::array![x[0] * x[1]]),
/// #     |x, c| Ok((ndarray::array![x[1], x[0]] * c[0]).into_dyn()));
/// # let x = Array2::from_shape_fn((400, 2), |(i, j)| ((7 * i + j) as f64).sin());
/// let methods: Methods<f64> = "neuron-gradient".parse()?;
/// let blocks = Blocks::new(x.nrows(), 40)?;
/// let maps = attribute(&model, &x, &methods, &Options::new().sink(&|piece| blocks.add(piece)))?;
/// let intervals = blocks.intervals("neuron-gradient", &Bootstrap::new())?;
/// assert!(intervals.low[[0, 0]] < maps[0].values()[[0, 0]]);
/// assert!(intervals.high[[0, 0]] > maps[0].values()[[0, 0]]);
/// # Ok::<(), xcebra_attr::AttrError>(())
/// ```
#[derive(Debug)]
pub struct Blocks {
    samples: usize,
    /// The first sample of each block.
    starts: Vec<usize>,
    /// Sums `(blocks, inputs, outputs)` of each method.
    sums: RefCell<Vec<(String, Array3<f64>)>>,
}

impl Blocks {
    /// So many blocks, as equal as can be, of `samples` samples.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] unless there are two blocks at least, and no more than samples.
    pub fn new(samples: usize, blocks: usize) -> Result<Self> {
        Self::of_stretches(&[samples], blocks)
    }

    /// About so many blocks of the samples of several stretches of time, such as the segments of a
    /// recording with gaps: each stretch has its share of them, at least one, and none reaches into another.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_stretches(lengths: &[usize], blocks: usize) -> Result<Self> {
        let samples: usize = lengths.iter().sum();
        if blocks < 2 || blocks > samples {
            let expected = format!("between 2 and {samples}, the number of samples");
            return Err(AttrError::parameter(
                "the number of blocks",
                blocks.to_string(),
                expected,
            ));
        }
        let (mut starts, mut first) = (Vec::new(), 0);
        for &length in lengths.iter().filter(|length| **length > 0) {
            let share = length as f64 / samples as f64;
            let of = ((share * blocks as f64).round() as usize).clamp(1, length);
            starts.extend((0..of).map(|block| first + (block * length).div_ceil(of)));
            first += length;
        }
        Ok(Self {
            samples,
            starts,
            sums: RefCell::default(),
        })
    }

    /// Adds the attributions of successive samples.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if there are more samples than were announced, or of another shape.
    pub fn add(&self, piece: &Piece<'_>) -> Result<()> {
        let (n, inputs, outputs) = piece.values.dim();
        let mut all = self.sums.borrow_mut();
        let at = all.iter().position(|(name, _)| name == piece.method);
        let at = at.unwrap_or_else(|| {
            let zeros = Array3::zeros((self.starts.len(), inputs, outputs));
            all.push((piece.method.to_owned(), zeros));
            all.len() - 1
        });
        let sums = &mut all[at].1;
        if piece.first_sample + n > self.samples
            || sums.dim() != (self.starts.len(), inputs, outputs)
        {
            return Err(AttrError::Shape {
                what: "a piece of attributions",
                found: piece.values.shape().to_vec(),
                expected: format!("attributions of one of {} samples, all alike", self.samples),
            });
        }
        for (i, values) in piece.values.outer_iter().enumerate() {
            let block = self.block(piece.first_sample + i);
            let mut sum = sums.index_axis_mut(Axis(0), block);
            sum.zip_mut_with(&values, |sum, v| *sum += v.abs());
        }
        Ok(())
    }

    fn block(&self, sample: usize) -> usize {
        self.starts.partition_point(|&start| start <= sample) - 1
    }

    /// Bootstrap intervals of the map of a method.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] if there are no attributions by that method, with fewer than 100 resamples, or
    /// unless the level is between 0 and 1.
    pub fn intervals(&self, method: &str, bootstrap: &Bootstrap) -> Result<Intervals> {
        bootstrap.check()?;
        if bootstrap.count() < LEAST_RESAMPLES {
            let found = bootstrap.count().to_string();
            let expected = "at least 100";
            return Err(AttrError::parameter(
                "the number of resamples",
                found,
                expected,
            ));
        }
        let all = self.sums.borrow();
        let Some((_, sums)) = all.iter().find(|(name, _)| name == method) else {
            let found = format!("\"{method}\", which gave no attributions");
            let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
            let expected = format!("one of: {}", names.join(", "));
            return Err(AttrError::parameter("the method", found, expected));
        };
        let (k, inputs, outputs) = sums.dim();
        let mut lengths = vec![0.0; k];
        (0..self.samples).for_each(|sample| lengths[self.block(sample)] += 1.0);
        let weights = bootstrap.block_weights(&lengths)?;
        let [mut low, mut high] = [(); 2].map(|()| Array2::zeros((inputs, outputs)));
        // one input at a time: memory of resamples × outputs
        for (input, sums) in sums.axis_iter(Axis(1)).enumerate() {
            for (output, drawn) in weights.dot(&sums).axis_iter(Axis(1)).enumerate() {
                let at = [input, output];
                [low[at], high[at]] = bootstrap.ends(&mut drawn.to_vec());
            }
        }
        ensure_finite("the lower ends of the intervals", &low)?;
        ensure_finite("the upper ends of the intervals", &high)?;
        Ok(Intervals { low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::Blocks;

    #[test]
    fn blocks_are_as_equal_as_can_be_and_none_crosses_a_gap() {
        for (samples, blocks) in [(7, 3), (100, 40), (40, 40), (1000, 7)] {
            let whole = Blocks::new(samples, blocks).unwrap();
            for sample in 0..samples {
                assert_eq!(whole.block(sample), sample * blocks / samples);
            }
        }
        let cut = Blocks::of_stretches(&[100, 3, 0, 57], 16).unwrap();
        assert_eq!(cut.starts.len(), 10 + 1 + 6);
        assert!(cut.block(99) < cut.block(100) && cut.block(102) < cut.block(103));
        assert_eq!(cut.block(100), cut.block(102));
        assert!(Blocks::of_stretches(&[5, 5], 11).is_err());
    }
}
