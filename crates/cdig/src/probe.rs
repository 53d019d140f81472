//! The model as the explainer sees it: chosen outputs, checked answers, counted evaluations.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, IxDyn};
use xcebra_model::{Model, Scalar};

use crate::attribution::Evaluations;
use crate::error::{CdigError, Result};

pub(crate) struct Probe<'a, A: Scalar> {
    model: &'a dyn Model<A>,
    /// Indices of the outputs asked for.
    pub(crate) outputs: Vec<usize>,
    all: bool,
    pub(crate) evaluations: Evaluations,
}

impl<'a, A: Scalar> Probe<'a, A> {
    /// `outputs` are checked; `None` is all of them.
    pub(crate) fn new(model: &'a dyn Model<A>, outputs: Option<&[usize]>) -> Result<Self> {
        let available = model.output_dim();
        let chosen: Vec<usize> = outputs.map_or_else(|| (0..available).collect(), <[_]>::to_vec);
        let repeated = (1..chosen.len()).find(|&i| chosen[..i].contains(&chosen[i]));
        let wrong = chosen.iter().any(|&k| k >= available) || repeated.is_some();
        if chosen.is_empty() || wrong {
            return Err(CdigError::parameter(
                "the list of outputs",
                format!("{chosen:?}"),
                format!(
                    "different indices below {available}, the model's number of outputs, at least one"
                ),
            ));
        }
        Ok(Self {
            model,
            outputs: chosen,
            all: outputs.is_none(),
            evaluations: Evaluations::default(),
        })
    }

    /// Values `(n, outputs)` of the chosen outputs.
    pub(crate) fn values(&mut self, x: ArrayViewD<'_, A>) -> Result<Array2<f64>> {
        let n = x.shape()[0];
        let values = self.model.forward(x)?;
        ensure_shape(
            "the model's values",
            values.shape(),
            &[n, self.model.output_dim()],
        )?;
        self.evaluations.values += n;
        Ok(values.select(Axis(1), &self.outputs).mapv(A::as_f64))
    }

    /// Gradients `(n, outputs, …input)` of the chosen outputs at path points `x`, finite and in
    /// standard layout. `positions` say where on the path the points lie.
    pub(crate) fn gradients(
        &mut self,
        x: &ArrayViewD<'_, A>,
        positions: impl Fn(usize) -> f64,
    ) -> Result<ArrayD<A>> {
        let n = x.shape()[0];
        let mut shape = vec![n, self.outputs.len()];
        shape.extend_from_slice(self.model.input_shape());
        let gradients = if self.all {
            let jacobian = self.model.jacobian(x.view())?;
            ensure_shape("the model's Jacobian", jacobian.shape(), &shape)?;
            jacobian
        } else {
            let mut gradients = ArrayD::zeros(IxDyn(&shape));
            for (row, &k) in self.outputs.iter().enumerate() {
                let cotangent = unit_cotangent(n, self.model.output_dim(), k);
                let gradient = self.model.vjp(x.view(), cotangent.view())?;
                ensure_shape("the model's vjp", gradient.shape(), x.shape())?;
                gradients.index_axis_mut(Axis(1), row).assign(&gradient);
            }
            gradients
        };
        self.evaluations.gradients += n * self.outputs.len();

        let gradients = if gradients.is_standard_layout() {
            gradients
        } else {
            gradients.as_standard_layout().into_owned()
        };
        if let Some(entry) = gradients.iter().position(|g| !g.is_finite()) {
            let row = entry / (x.len() / n);
            let (point, output) = (row / self.outputs.len(), row % self.outputs.len());
            return Err(CdigError::NonFinitePath {
                what: format!("the gradient of output {}", self.outputs[output]),
                position: positions(point),
            });
        }
        Ok(gradients)
    }
}

fn unit_cotangent<A: Scalar>(n: usize, outputs: usize, k: usize) -> Array2<A> {
    let row = Array2::from_shape_fn(
        (1, outputs),
        |(_, i)| {
            if i == k { A::one() } else { A::zero() }
        },
    );
    let rows: ArrayView2<'_, A> = row.broadcast((n, outputs)).expect("one row for all");
    rows.to_owned()
}

/// Checks what a model or a domain of the user's own returns.
pub(crate) fn ensure_shape(what: &str, found: &[usize], expected: &[usize]) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(CdigError::Shape {
        what: what.to_owned(),
        found: found.to_vec(),
        expected: format!("{expected:?}; correct its implementation"),
    })
}
