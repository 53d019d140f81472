//! Log-odds of one class from logits.

use ndarray::{Array2, ArrayD, ArrayView1, ArrayView2, ArrayViewD, Axis};

use super::softmax::probabilities;
use crate::error::{ModelError, Result};
use crate::model::{Model, batch_len, cotangent_len};
use crate::scalar::Scalar;
use crate::shape::{pushed_forward, returned};

/// Log-odds of one class against the rest, of a model whose outputs are logits. Made by
/// [`log_odds`].
#[derive(Clone, Debug)]
pub struct LogOdds<M> {
    model: M,
    class: usize,
}

/// The log-odds `log p_c / (1 − p_c) = z_c − log Σ_{j≠c} exp z_j` of class `c` against all others,
/// of a `model` whose outputs `z` are logits (`p` is their softmax).
///
/// Unlike probabilities, log-odds do not saturate. A classifier with a single logit gives the
/// log-odds already: explain it as it is.
///
/// # Errors
/// [`ModelError::Parameter`] if `model` has fewer than two outputs or no output `class`.
pub fn log_odds<A: Scalar, M: Model<A>>(model: M, class: usize) -> Result<LogOdds<M>> {
    let outputs = model.output_dim();
    if outputs < 2 {
        return Err(ModelError::Parameter {
            name: "output_dim",
            found: outputs.to_string(),
            expected: "at least 2 logits (a single logit already is a log-odds)".to_owned(),
        });
    }
    if class >= outputs {
        return Err(ModelError::Parameter {
            name: "class",
            found: class.to_string(),
            expected: format!("less than {outputs}, the outputs of the model"),
        });
    }
    Ok(LogOdds { model, class })
}

impl<M> LogOdds<M> {
    fn logits<A: Scalar>(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>>
    where
        M: Model<A>,
    {
        let n = batch_len(self.model.input_shape(), x.shape())?;
        let logits = self.model.forward(x)?;
        returned("forward", logits.shape(), &[n, self.model.output_dim()])?;
        Ok(logits)
    }

    fn value<A: Scalar>(&self, logits: &Array2<A>) -> Array2<A> {
        Array2::from_shape_fn((logits.nrows(), 1), |(i, _)| {
            let row = logits.row(i);
            row[self.class] - self.log_sum_exp_of_rest(&row)
        })
    }

    fn log_sum_exp_of_rest<A: Scalar>(&self, logits: &ArrayView1<'_, A>) -> A {
        let rest = || {
            let others = logits.iter().enumerate();
            others.filter(|&(k, _)| k != self.class).map(|(_, &z)| z)
        };
        let largest = rest().fold(A::neg_infinity(), A::max);
        let sum: A = rest().map(|z| (z - largest).exp()).sum();
        largest + sum.ln()
    }

    /// One for the class, minus the softmax of the others, times the cotangent.
    fn pull_back<A: Scalar>(&self, logits: &Array2<A>, cotangent: &ArrayView2<'_, A>) -> Array2<A> {
        let mut gradient = logits.clone();
        for (mut row, &c) in gradient.outer_iter_mut().zip(cotangent.column(0)) {
            row[self.class] = A::neg_infinity();
            let rest = probabilities(&row.view());
            row.assign(&(rest * -c));
            row[self.class] = c;
        }
        gradient
    }
}

impl<A: Scalar, M: Model<A>> Model<A> for LogOdds<M> {
    fn input_shape(&self) -> &[usize] {
        self.model.input_shape()
    }

    fn output_dim(&self) -> usize {
        1
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        Ok(self.value(&self.logits(x)?))
    }

    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
        self.value_and_vjp(x, cotangent)
            .map(|(_, gradient)| gradient)
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>)> {
        cotangent_len(self.model.input_shape(), x.shape(), 1, cotangent.shape())?;
        let logits = self.logits(x.view())?;
        let gradient = self
            .model
            .vjp(x, self.pull_back(&logits, &cotangent).view())?;
        Ok((self.value(&logits), gradient))
    }

    fn jvp(&self, x: ArrayViewD<'_, A>, tangent: ArrayViewD<'_, A>) -> Result<Option<Array2<A>>> {
        let Some(inner) = pushed_forward(&self.model, x.view(), tangent)? else {
            return Ok(None);
        };
        let logits = self.logits(x)?;
        let ones = Array2::ones((logits.nrows(), 1));
        let gradient = self.pull_back(&logits, &ones.view());
        let along = (gradient * inner).sum_axis(Axis(1));
        Ok(Some(along.insert_axis(Axis(1))))
    }
}
