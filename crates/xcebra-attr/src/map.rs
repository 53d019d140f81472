//! Attribution maps: what the methods find, aggregated over samples.

use ndarray::{Array1, Array2, Array3, ArrayView3, Axis, array};
use xcebra_numeric::ensure_finite;

use crate::aggregate::{InversionTotals, Totals};
use crate::error::{AttrError, Result};

/// How much each input matters to each output, over all samples.
///
/// Arrays are `inputs × outputs` (`inputs × latents` if [aligned](crate::methods::Aligned)), the inputs flattened in
/// row-major order (`channel · time + lag` for an input shape `[channels, time]`).
#[derive(Clone, Debug)]
pub struct AttributionMap {
    method: String,
    input_shape: Vec<usize>,
    samples: usize,
    values: Array2<f64>,
    signed: Array2<f64>,
    largest: Array2<f64>,
    inverses: Option<InverseSummary>,
    standard_errors: Option<Array2<f64>>,
    completeness: Option<Completeness>,
}

/// How far the attributions of samples are from summing to `f(x) − f(baseline)`, per output.
#[derive(Clone, Debug, PartialEq)]
pub struct Completeness {
    /// Means over samples of the absolute difference.
    pub mean_abs: Array1<f64>,
    /// The largest of any sample.
    pub max_abs: Array1<f64>,
}

impl AttributionMap {
    pub(crate) fn new(
        method: &str,
        input_shape: &[usize],
        (columns, outputs): (usize, usize),
        totals: Totals,
    ) -> Result<Self> {
        let inputs = input_shape.iter().product();
        let map = |values: Vec<f64>| {
            let by_output = Array2::from_shape_vec((columns, inputs), values);
            let by_output = by_output.expect("totals have one entry a column and input");
            by_output.t().as_standard_layout().into_owned()
        };
        let found = Self {
            method: method.to_owned(),
            input_shape: input_shape.to_vec(),
            samples: totals.samples,
            values: map(totals.mean_absolute()),
            signed: map(totals.mean()),
            inverses: totals
                .inversions
                .as_ref()
                .map(|inversions| InverseSummary::new(inversions, inputs.min(outputs))),
            standard_errors: totals.standard_errors().map(map),
            completeness: totals.residuals().map(|(mean, largest)| Completeness {
                mean_abs: mean.into(),
                max_abs: largest.into(),
            }),
            largest: map(totals.largest),
        };
        found.ensure_finite()?;
        Ok(found)
    }

    fn ensure_finite(&self) -> Result<()> {
        let named = |what: &str| format!("{what} by {}", self.method);
        ensure_finite(&named("the attribution map"), &self.values)?;
        ensure_finite(&named("the signed attribution map"), &self.signed)?;
        ensure_finite(&named("the map of largest attributions"), &self.largest)?;
        if let Some(errors) = &self.standard_errors {
            ensure_finite(&named("the standard errors of the attribution"), errors)?;
        }
        if let Some(Completeness { mean_abs, max_abs }) = &self.completeness {
            ensure_finite(&named("the mean residual of the attribution"), mean_abs)?;
            ensure_finite(&named("the largest residual of the attribution"), max_abs)?;
        }
        if let Some(condition) = self.inverses.as_ref().and_then(InverseSummary::condition) {
            let numbers = array![condition.min, condition.geometric_mean, condition.max];
            ensure_finite(
                &named("the condition numbers of the matrices inverted"),
                &numbers,
            )?;
        }
        Ok(())
    }

    /// Name of the method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Shape of one sample.
    pub fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    /// Number of columns: outputs of the model, or latents of an aligned map.
    pub fn outputs(&self) -> usize {
        self.values.ncols()
    }

    /// Number of samples aggregated over.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The map: means over the samples of absolute attributions, `inputs × outputs`.
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// Means over the samples of signed attributions, `inputs × outputs`.
    pub fn signed(&self) -> &Array2<f64> {
        &self.signed
    }

    /// Largest absolute attributions of any sample, `inputs × outputs`.
    pub fn max_abs(&self) -> &Array2<f64> {
        &self.largest
    }

    /// Ranks and conditions of the matrices inverted, if the method inverts any: Jacobians, for ING.
    pub fn inverses(&self) -> Option<&InverseSummary> {
        self.inverses.as_ref()
    }

    /// Standard errors of [`signed`](Self::signed) from the random draws of the method, given the
    /// samples and the background; `None` for methods that do not draw. Those of one sample are, in
    /// the root mean square, larger by the root of the number of samples.
    pub fn standard_errors(&self) -> Option<&Array2<f64>> {
        self.standard_errors.as_ref()
    }

    /// How complete attributions along paths are; `None` for other methods.
    pub fn completeness(&self) -> Option<&Completeness> {
        self.completeness.as_ref()
    }

    /// [`values`](Self::values) by lag, `channels × time × outputs`, for inputs
    /// `[channels, time]`.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if the input shape is not of that form.
    pub fn per_lag(&self) -> Result<ArrayView3<'_, f64>> {
        self.by_lag(&self.values)
    }

    /// [`signed`](Self::signed) by lag, `channels × time × outputs`, for inputs
    /// `[channels, time]`.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if the input shape is not of that form.
    pub fn signed_per_lag(&self) -> Result<ArrayView3<'_, f64>> {
        self.by_lag(&self.signed)
    }

    /// Means over samples and lags of absolute attributions, `channels × outputs`, for inputs
    /// `[channels, time]`.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if the input shape is not of that form.
    pub fn over_lags(&self) -> Result<Array2<f64>> {
        self.averaged(&self.values)
    }

    /// Means over samples and lags of signed attributions, `channels × outputs`, for inputs
    /// `[channels, time]`. Lags of opposite sign cancel.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if the input shape is not of that form.
    pub fn signed_over_lags(&self) -> Result<Array2<f64>> {
        self.averaged(&self.signed)
    }

    /// Largest absolute attributions of any sample and lag, `channels × outputs`, for inputs
    /// `[channels, time]`.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if the input shape is not of that form.
    pub fn max_over_lags(&self) -> Result<Array2<f64>> {
        let by_lag = self.by_lag(&self.largest)?;
        Ok(by_lag.fold_axis(Axis(1), 0.0, |a: &f64, &b| a.max(b)))
    }

    fn averaged(&self, map: &Array2<f64>) -> Result<Array2<f64>> {
        let channels = self.by_lag(map)?.len_of(Axis(0));
        let one = mean_over_lags(map.view().insert_axis(Axis(0)), channels)?;
        Ok(one.index_axis_move(Axis(0), 0))
    }

    fn by_lag<'a>(&self, map: &'a Array2<f64>) -> Result<ArrayView3<'a, f64>> {
        let &[channels, time] = &self.input_shape[..] else {
            return Err(AttrError::Shape {
                what: "one sample of the map",
                found: self.input_shape.clone(),
                expected: "[channels, time], to tell lags apart".to_owned(),
            });
        };
        let shape = (channels, time, self.outputs());
        let map = map.view().into_shape_with_order(shape);
        Ok(map.expect("the map has one row an input"))
    }
}

/// Means over lags of values `n × inputs × outputs` whose inputs are laid out as `[channels, time]`:
/// `n × channels × outputs`.
///
/// # Errors
/// [`AttrError::Shape`] unless there are as many inputs for each channel, at least one.
pub fn mean_over_lags(values: ArrayView3<'_, f64>, channels: usize) -> Result<Array3<f64>> {
    let (n, inputs, outputs) = values.dim();
    if channels == 0 || inputs == 0 || !inputs.is_multiple_of(channels) {
        return Err(AttrError::Shape {
            what: "an attribution",
            found: vec![n, inputs, outputs],
            expected: format!("as many inputs for each of {channels} channels"),
        });
    }
    let lags = inputs / channels;
    let by_lag = values.to_shape((n, channels, lags, outputs));
    let by_lag = by_lag.expect("one input a channel and lag");
    let means = by_lag.sum_axis(Axis(2)) / lags as f64;
    ensure_finite("the mean over lags", &means)?;
    Ok(means)
}

/// Ranks and condition numbers of the matrices, one a sample, inverted for a map: of the Jacobians,
/// for the inverted neuron gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct InverseSummary {
    rank_counts: Vec<usize>,
    condition: Option<Condition>,
}

/// Condition numbers over samples: ratios of the largest singular value to the smallest one above
/// the tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// The smallest.
    pub min: f64,
    /// The geometric mean.
    pub geometric_mean: f64,
    /// The largest.
    pub max: f64,
}

impl InverseSummary {
    fn new(totals: &InversionTotals, full_rank: usize) -> Self {
        let mut rank_counts = totals.ranks.clone();
        rank_counts.resize(full_rank + 1, 0);
        Self {
            rank_counts,
            condition: (totals.inverted() > 0).then(|| Condition {
                min: totals.smallest,
                geometric_mean: totals.mean_logarithm().exp(),
                max: totals.largest,
            }),
        }
    }

    /// Number of samples whose Jacobian has rank 0, 1, …, `min(inputs, outputs)`.
    pub fn rank_counts(&self) -> &[usize] {
        &self.rank_counts
    }

    /// The lowest rank of any sample.
    pub fn min_rank(&self) -> usize {
        let lowest = self.rank_counts.iter().position(|&count| count > 0);
        lowest.unwrap_or(0)
    }

    /// The mean rank.
    pub fn mean_rank(&self) -> f64 {
        let ranks = self.rank_counts.iter().enumerate();
        let sum: usize = ranks.map(|(rank, count)| rank * count).sum();
        sum as f64 / self.rank_counts.iter().sum::<usize>() as f64
    }

    /// Whether every Jacobian has full rank.
    pub fn is_full_rank(&self) -> bool {
        self.min_rank() + 1 == self.rank_counts.len()
    }

    /// Condition numbers of the Jacobians of rank 1 and above; `None` if there are none.
    pub fn condition(&self) -> Option<Condition> {
        self.condition
    }
}
