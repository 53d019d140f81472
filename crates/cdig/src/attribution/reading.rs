//! Reading an attribution: its strongest coefficients, sums along an axis, and a short table.

use std::fmt;

use ndarray::{Array2, Axis, Dimension};
use xcebra_model::Scalar;

use crate::attribution::Attribution;
use crate::axes::rounded;
use crate::error::{CdigError, Result};

/// Coefficients of each output in the printed table.
const PRINTED: usize = 5;

/// A coefficient with its attribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    /// Its place among the coefficients.
    pub index: Vec<usize>,
    /// What it is, for example `channel 0, frequency 2.5 Hz`.
    pub words: String,
    /// Its attribution, in the unit of the output.
    pub attribution: f64,
}

impl<A: Scalar> Attribution<A> {
    /// The `count` coefficients of most absolute attribution to the explained output `row`, counted along the first
    /// axis of `attribution`; of equal ones the first. Fewer if there are not as many coefficients.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such row.
    pub fn top(&self, row: usize, count: usize) -> Result<Vec<Top>> {
        let rows = self.attribution.len_of(Axis(0));
        if row >= rows {
            return Err(CdigError::parameter(
                "the row of the attribution",
                row,
                format!("one of the {rows} explained outputs, counted from 0"),
            ));
        }
        let attribution = self.attribution.index_axis(Axis(0), row);
        let mut all: Vec<(Vec<usize>, f64)> = attribution
            .indexed_iter()
            .map(|(index, a)| (index.slice().to_vec(), *a))
            .collect();
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        all.truncate(count);
        let top = all.into_iter().map(|(index, attribution)| Top {
            words: self.axes.describe(&index).unwrap_or_default(),
            index,
            attribution,
        });
        Ok(top.collect())
    }

    /// Attribution `(outputs, length of the axis)` along one axis of the coefficients (counted without the axis of
    /// outputs), added up over all others: of each frequency over all channels, say.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis.
    pub fn by_axis(&self, axis: usize) -> Result<Array2<f64>> {
        if axis >= self.axes.len() {
            return Err(CdigError::parameter(
                "the axis to add up along",
                axis,
                format!(
                    "one of the {} axes of the coefficients, counted from 0",
                    self.axes.len()
                ),
            ));
        }
        let length = self.axes[axis].len();
        let mut sums = Array2::zeros((self.attribution.len_of(Axis(0)), length));
        for (mut sums, output) in sums.outer_iter_mut().zip(self.attribution.outer_iter()) {
            for (sum, entries) in sums.iter_mut().zip(output.axis_iter(Axis(axis))) {
                *sum = entries.sum();
            }
        }
        Ok(sums)
    }
}

/// The values of every explained output, and the coefficients that carry most of its change.
impl<A: Scalar> fmt::Display for Attribution<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |value: f64| rounded(value, value.abs());
        let coefficients = self.attribution.len() / self.value.len().max(1);
        write!(f, "{}: {coefficients} coefficients", self.domain)?;
        for row in 0..self.value.len() {
            let output = match &self.weights {
                None => format!("output {}", self.outputs[row]),
                Some(weights) => {
                    let terms = self.outputs.iter().zip(weights);
                    let terms: Vec<String> = terms.map(|(k, w)| format!("{w} × {k}")).collect();
                    format!("sum of outputs {}", terms.join(", "))
                }
            };
            write!(
                f,
                "\n{output} is {}, at the baseline {}; residual {:.1e}",
                short(self.value[row]),
                short(self.baseline_value[row]),
                self.residual[row]
            )?;
            for top in self.top(row, PRINTED).unwrap_or_default() {
                write!(f, "\n  {:>12}  {}", short(top.attribution), top.words)?;
            }
        }
        Ok(())
    }
}
