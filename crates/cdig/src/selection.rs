//! Which outputs are explained: all, some, or a weighted sum.

use ndarray::Array2;
use xcebra_model::Scalar;

use crate::error::{CdigError, Result};

/// Outputs as asked for.
#[derive(Debug, Clone, Default)]
pub(crate) enum Selection {
    #[default]
    All,
    Some(Vec<usize>),
    Sum(Vec<(usize, f64)>),
}

/// Outputs of a given model: `(output, weight)` for each explained row.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Vec<(usize, f64)>>,
    /// Whether the rows are the outputs of the model as they are.
    pub(crate) all: bool,
}

impl Selection {
    /// Rows for a model with `available` outputs.
    pub(crate) fn rows(&self, available: usize) -> Result<Rows> {
        let (named, rows): (Vec<usize>, Vec<Vec<(usize, f64)>>) = match self {
            Self::All => (0..available).map(|k| (k, vec![(k, 1.0)])).unzip(),
            Self::Some(outputs) => outputs.iter().map(|&k| (k, vec![(k, 1.0)])).unzip(),
            Self::Sum(weights) => (
                weights.iter().map(|(k, _)| *k).collect(),
                vec![weights.clone()],
            ),
        };
        let repeated = (1..named.len()).any(|i| named[..i].contains(&named[i]));
        if named.is_empty() || repeated || named.iter().any(|&k| k >= available) {
            return Err(CdigError::parameter(
                "the list of outputs",
                format!("{named:?}"),
                format!(
                    "different indices below {available}, the model's number of outputs, at least one"
                ),
            ));
        }
        if let Some((_, weight)) = rows.iter().flatten().find(|(_, w)| !w.is_finite()) {
            return Err(CdigError::parameter(
                "the weight of an output",
                weight,
                "a finite number",
            ));
        }
        Ok(Rows {
            rows,
            all: matches!(self, Self::All),
        })
    }
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Indices of the outputs that take part.
    pub(crate) fn outputs(&self) -> Vec<usize> {
        self.rows.iter().flatten().map(|(k, _)| *k).collect()
    }

    /// Weights of the outputs if they are summed.
    pub(crate) fn weights(&self) -> Option<Vec<f64>> {
        let plain = self.rows.iter().all(|row| matches!(row[..], [(_, 1.0)]));
        (!plain).then(|| self.rows.iter().flatten().map(|(_, w)| *w).collect())
    }

    /// Values `(n, rows)` from the model's `(n, outputs)`.
    pub(crate) fn values<A: Scalar>(&self, values: &Array2<A>) -> Array2<f64> {
        Array2::from_shape_fn((values.nrows(), self.len()), |(i, row)| {
            let terms = self.rows[row].iter();
            terms.map(|&(k, w)| w * values[[i, k]].as_f64()).sum()
        })
    }

    /// The cotangent `(n, outputs)` that pulls back one row.
    pub(crate) fn cotangent<A: Scalar>(&self, row: usize, n: usize, outputs: usize) -> Array2<A> {
        let mut cotangent = Array2::zeros((n, outputs));
        for &(k, weight) in &self.rows[row] {
            cotangent.column_mut(k).fill(A::of(weight));
        }
        cotangent
    }

    /// What to call a row in an error.
    pub(crate) fn name(&self, row: usize) -> String {
        match self.rows[row][..] {
            [(k, 1.0)] => format!("output {k}"),
            _ => "the sum of outputs".to_owned(),
        }
    }
}
