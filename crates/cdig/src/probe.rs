//! The model as the explainer sees it: chosen outputs, checked answers, counted evaluations.

use ndarray::{Array2, ArrayD, ArrayViewD, Axis, IxDyn};
use xcebra_model::{Model, Scalar};

use crate::attribution::Evaluations;
use crate::error::{CdigError, Result};
use crate::gradient::Gradient;
use crate::selection::{Rows, Selection};

pub(crate) struct Probe<'a, A: Scalar> {
    model: &'a dyn Model<A>,
    /// The outputs asked for.
    pub(crate) selection: Rows,
    gradient: Gradient,
    /// Samples in one call of a model without gradients.
    batch: usize,
    pub(crate) evaluations: Evaluations,
}

impl<'a, A: Scalar> Probe<'a, A> {
    pub(crate) fn new(
        model: &'a dyn Model<A>,
        selection: &Selection,
        gradient: Gradient,
        batch: usize,
    ) -> Result<Self> {
        Ok(Self {
            model,
            selection: selection.rows(model.output_dim())?,
            gradient,
            batch,
            evaluations: Evaluations::default(),
        })
    }

    /// Number of explained functions.
    pub(crate) fn rows(&self) -> usize {
        self.selection.len()
    }

    /// Values `(n, rows)` of the chosen outputs.
    pub(crate) fn values(&mut self, x: ArrayViewD<'_, A>) -> Result<Array2<f64>> {
        let n = x.shape()[0];
        let values = self.model.forward(x)?;
        self.count_values(&values, n)
    }

    /// Values `(n, rows)` if asked for, and gradients `(n, rows, …input)` in standard layout, of the
    /// chosen outputs at path points `x`; all finite. `positions` say where on the path they lie.
    pub(crate) fn evaluate(
        &mut self,
        x: &ArrayViewD<'_, A>,
        positions: impl Fn(usize) -> f64,
        with_values: bool,
    ) -> Result<(Option<Array2<f64>>, ArrayD<A>)> {
        let n = x.shape()[0];
        let (values, gradients) = match self.gradient {
            Gradient::Model => self.by_the_model(x, with_values)?,
            _ => {
                let values = if with_values {
                    Some(self.values(x.view())?)
                } else {
                    None
                };
                let (model, batch) = (self.model, self.batch);
                let estimate = self.gradient.estimate(model, &self.selection, x, batch)?;
                self.evaluations.values += estimate.values;
                (values, estimate.gradients)
            }
        };
        let not_finite = |what: &str, entry: usize, entries: usize| {
            let row = entry / entries;
            let (point, row) = (row / self.rows(), row % self.rows());
            CdigError::NonFinitePath {
                what: format!("the {what} of {}", self.selection.name(row)),
                position: positions(point),
            }
        };
        if let Some(values) = &values
            && let Some(entry) = values.iter().position(|v| !v.is_finite())
        {
            return Err(not_finite("value", entry, 1));
        }
        let gradients = if gradients.is_standard_layout() {
            gradients
        } else {
            gradients.as_standard_layout().into_owned()
        };
        // a slice, because an iterator over axes of any number asks at every entry whether one ends
        let entries = gradients.as_slice().expect("standard layout");
        if let Some(entry) = entries.iter().position(|g| !g.is_finite()) {
            return Err(not_finite("gradient", entry, x.len() / n));
        }
        Ok((values, gradients))
    }

    fn by_the_model(
        &mut self,
        x: &ArrayViewD<'_, A>,
        with_values: bool,
    ) -> Result<(Option<Array2<f64>>, ArrayD<A>)> {
        let (n, outputs) = (x.shape()[0], self.model.output_dim());
        let mut shape = vec![n, self.rows()];
        shape.extend_from_slice(self.model.input_shape());
        self.evaluations.gradients += n * self.rows();
        if self.selection.all && outputs > 1 {
            let jacobian = self.model.jacobian(x.view())?;
            ensure_shape("the model's Jacobian", jacobian.shape(), &shape)?;
            let values = if with_values {
                Some(self.values(x.view())?)
            } else {
                None
            };
            return Ok((values, jacobian));
        }
        let mut values = None;
        let mut gradients = ArrayD::zeros(IxDyn(&shape));
        for row in 0..self.rows() {
            let cotangent = self.selection.cotangent(row, n, outputs);
            let gradient = if with_values && row == 0 {
                let (found, gradient) = self.model.value_and_vjp(x.view(), cotangent.view())?;
                values = Some(self.count_values(&found, n)?);
                gradient
            } else {
                self.model.vjp(x.view(), cotangent.view())?
            };
            ensure_shape("the model's vjp", gradient.shape(), x.shape())?;
            gradients.index_axis_mut(Axis(1), row).assign(&gradient);
        }
        Ok((values, gradients))
    }

    fn count_values(&mut self, values: &Array2<A>, n: usize) -> Result<Array2<f64>> {
        let expected = [n, self.model.output_dim()];
        ensure_shape("the model's values", values.shape(), &expected)?;
        self.evaluations.values += n;
        Ok(self.selection.values(values))
    }
}

/// Checks what a model or a domain of the user's own returns.
pub(crate) fn ensure_shape(what: &str, found: &[usize], expected: &[usize]) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(CdigError::Shape {
        what: what.to_owned(),
        found: found.to_vec(),
        expected: format!("{expected:?}"),
        advice: Some("correct its implementation"),
    })
}
