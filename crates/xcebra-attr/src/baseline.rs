//! What an absent input is replaced by.

use std::borrow::Cow;

use ndarray::{Array2, Array3, ArrayD, ArrayView2, Axis, CowArray, Ix2};
use rand::Rng;
use xcebra_model::Scalar;

use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::evaluate;
use crate::overview::Needs;

/// What an absent input is replaced by, or where a path to the sample begins.
///
/// With several baselines, attributions are averaged over them.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Baseline<A> {
    /// Zeros. In a time series zero is often a value like any other: prefer the mean unless inputs
    /// are centred.
    #[default]
    Zero,
    /// The mean sample: the mean of each input over all samples. In text: `mean`.
    MeanSample,
    /// One sample, of the model's input shape.
    Given(ArrayD<A>),
    /// Several samples, `(m, …input_shape)`.
    Several(ArrayD<A>),
    /// This many samples, drawn at random for each sample from a background of
    /// [`Options::background`](crate::Options::background) samples. Inputs replaced
    /// together come from the same sample.
    Shuffle(usize),
}

impl<A: Scalar> Baseline<A> {
    /// What must be known of all samples.
    pub(crate) fn needs(&self) -> Needs {
        Needs {
            moments: matches!(self, Self::MeanSample),
            background: matches!(self, Self::Shuffle(_)),
        }
    }

    /// Number of baselines a sample.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Zero | Self::MeanSample | Self::Given(_) => 1,
            Self::Several(rows) => rows.shape().first().copied().unwrap_or(0),
            Self::Shuffle(draws) => *draws,
        }
    }

    /// For methods that draw `draws` times and want one baseline each time: a shuffled baseline
    /// is drawn anew.
    pub(crate) fn for_draws(&self, draws: usize) -> Cow<'_, Self> {
        match self {
            Self::Shuffle(_) => Cow::Owned(Self::Shuffle(draws)),
            _ => Cow::Borrowed(self),
        }
    }

    /// Which of the baselines such a method takes for the `draw`-th draw.
    pub(crate) fn choose(&self, draw: usize, rng: &mut impl Rng) -> usize {
        match self {
            Self::Shuffle(_) => draw,
            _ => rng.gen_range(0..self.count()),
        }
    }

    /// The baselines of each sample of `batch`, drawn as `method` draws.
    pub(crate) fn of<'b>(&'b self, batch: &Batch<'b, A>, method: &str) -> Result<Baselines<'b, A>> {
        let inputs = batch.inputs();
        let shape = batch.model().input_shape();
        let pool: CowArray<'b, A, Ix2> = match self {
            Self::Zero => Array2::zeros((1, inputs)).into(),
            Self::MeanSample => {
                let mean = batch.overview().mean()?;
                mean.to_owned().insert_axis(Axis(0)).into()
            }
            Self::Given(one) => {
                require("the baseline", one, shape, shape)?;
                let row = one.to_shape((1, inputs)).expect("the shape was checked");
                row.into_owned().into()
            }
            Self::Several(rows) => {
                let expected = [&[rows.shape().first().copied().unwrap_or(0)], shape].concat();
                require("the batch of baselines", rows, &expected, shape)?;
                let rows = rows.to_shape((expected[0], inputs));
                rows.expect("the shape was checked").into_owned().into()
            }
            Self::Shuffle(_) => batch.overview().background()?.into(),
        };
        let count = self.count();
        if count == 0 || pool.nrows() == 0 {
            return Err(AttrError::parameter(
                "the baseline",
                "empty",
                "at least one sample",
            ));
        }
        let picks = match self {
            Self::Shuffle(_) => (0..batch.len())
                .flat_map(|sample| {
                    let mut rng = batch.rng(&format!("{method} baseline"), sample);
                    let draw = || rng.gen_range(0..pool.nrows());
                    std::iter::repeat_with(draw).take(count).collect::<Vec<_>>()
                })
                .collect(),
            _ => (0..batch.len()).flat_map(|_| 0..count).collect(),
        };
        Ok(Baselines { pool, picks, count })
    }
}

/// Fails unless `array` is finite and of the shape `expected`.
pub(crate) fn require<A: Scalar>(
    what: &'static str,
    array: &ArrayD<A>,
    expected: &[usize],
    input_shape: &[usize],
) -> Result<()> {
    if array.shape() != expected {
        return Err(AttrError::Shape {
            what,
            found: array.shape().to_vec(),
            expected: format!("samples of {input_shape:?}, the input shape of the model"),
        });
    }
    match array.iter().find(|v| !v.is_finite()) {
        Some(v) => Err(AttrError::parameter(what, v.to_string(), "finite values")),
        None => Ok(()),
    }
}

/// Baselines of each sample of a batch.
pub(crate) struct Baselines<'b, A> {
    pool: CowArray<'b, A, Ix2>,
    picks: Vec<usize>,
    count: usize,
}

impl<A: Scalar> Baselines<'_, A> {
    /// How many there are a sample.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The `which`-th baseline of a sample, flattened.
    pub(crate) fn row(&self, sample: usize, which: usize) -> &[A] {
        let (start, inputs) = (self.picks[sample * self.count + which], self.pool.ncols());
        let all = self.pool.as_slice().expect("pools are contiguous");
        &all[start * inputs..(start + 1) * inputs]
    }
}

/// `sample − baseline`, in `f64`.
pub(crate) fn difference<A: Scalar>(
    rows: &ArrayView2<'_, A>,
    sample: usize,
    baseline: &[A],
) -> Vec<f64> {
    let pairs = rows.row(sample).into_iter().zip(baseline);
    pairs.map(|(x, b)| x.as_f64() - b.as_f64()).collect()
}

/// What attributions along paths from `baselines`, each of the given share, lack to
/// `f(x) − Σ share f(baseline)`, `(n, outputs)`.
pub(crate) fn residuals<A: Scalar>(
    batch: &Batch<'_, A>,
    baselines: &Baselines<'_, A>,
    share: impl Fn(usize, usize) -> f64,
    found: &Array3<f64>,
) -> Result<Array2<f64>> {
    let mut residuals = -found.sum_axis(Axis(2));
    // point 0 is the sample itself
    evaluate::values(
        batch,
        1 + baselines.count(),
        |sample, point, x| {
            if point > 0 {
                x.copy_from_slice(baselines.row(sample, point - 1));
            }
        },
        |sample, point, y| {
            let weight = match point.checked_sub(1) {
                None => 1.0,
                Some(which) => -share(sample, which),
            };
            let entries = residuals.row_mut(sample).into_iter().zip(y);
            entries.for_each(|(entry, y): (&mut f64, _)| *entry += weight * y);
        },
    )?;
    Ok(residuals)
}
