//! Class probabilities from logits.

use ndarray::{Array1, Array2, ArrayD, ArrayView1, ArrayView2, ArrayViewD, Axis, Zip};

use crate::error::{ModelError, Result};
use crate::model::{Model, batch_len, cotangent_len};
use crate::scalar::Scalar;
use crate::shape::{as_matrices, jacobian_shape, pushed_forward, returned};

/// Class probabilities of a model whose outputs are logits. Made by [`softmax`].
#[derive(Clone, Debug)]
pub struct Softmax<M> {
    model: M,
}

/// The class probabilities `p_k = exp z_k / Σ_j exp z_j` of a `model` whose outputs `z` are logits.
///
/// Probabilities saturate: where one class is certain, all gradients vanish.
/// [`log_odds`](crate::log_odds) does not.
///
/// # Errors
/// [`ModelError::Parameter`] if `model` has no outputs.
pub fn softmax<A: Scalar, M: Model<A>>(model: M) -> Result<Softmax<M>> {
    if model.output_dim() == 0 {
        return Err(ModelError::Parameter {
            name: "output_dim",
            found: "0".to_owned(),
            expected: "at least 1 logit".to_owned(),
        });
    }
    Ok(Softmax { model })
}

/// Softmax of one sample.
pub(super) fn probabilities<A: Scalar>(logits: &ArrayView1<'_, A>) -> Array1<A> {
    let largest = logits.fold(A::neg_infinity(), |largest, &z| largest.max(z));
    let weights = logits.mapv(|z| (z - largest).exp());
    let total = weights.sum();
    weights / total
}

impl<M> Softmax<M> {
    fn value<A: Scalar>(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>>
    where
        M: Model<A>,
    {
        let n = batch_len(self.model.input_shape(), x.shape())?;
        let mut value = self.model.forward(x)?;
        returned("forward", value.shape(), &[n, self.model.output_dim()])?;
        for mut row in value.outer_iter_mut() {
            let p = probabilities(&row.view());
            row.assign(&p);
        }
        Ok(value)
    }
}

/// `p_k (c_k − Σ_j p_j c_j)`, the pull-back of the softmax.
fn pull_back<A: Scalar>(p: &Array2<A>, cotangent: &ArrayView2<'_, A>) -> Array2<A> {
    let mut gradient = cotangent.to_owned();
    for (mut gradient, p) in gradient.outer_iter_mut().zip(p.outer_iter()) {
        let mean = gradient.dot(&p);
        Zip::from(&mut gradient)
            .and(p)
            .for_each(|c, &p| *c = p * (*c - mean));
    }
    gradient
}

impl<A: Scalar, M: Model<A>> Model<A> for Softmax<M> {
    fn input_shape(&self) -> &[usize] {
        self.model.input_shape()
    }

    fn output_dim(&self) -> usize {
        self.model.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        self.value(x)
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
        let outputs = self.model.output_dim();
        cotangent_len(
            self.model.input_shape(),
            x.shape(),
            outputs,
            cotangent.shape(),
        )?;
        let p = self.value(x.view())?;
        let gradient = self.model.vjp(x, pull_back(&p, &cotangent).view())?;
        Ok((p, gradient))
    }

    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>> {
        let (input_shape, outputs) = (self.model.input_shape(), self.model.output_dim());
        let p = self.value(x.view())?;
        let n = p.nrows();
        let mut jacobian = as_matrices(self.model.jacobian(x)?, n, outputs, input_shape)?;
        for (mut jacobian, p) in jacobian.outer_iter_mut().zip(p.outer_iter()) {
            let mean = p.dot(&jacobian);
            jacobian -= &mean;
            jacobian *= &p.insert_axis(Axis(1));
        }
        Ok(jacobian
            .into_shape_with_order(jacobian_shape(n, outputs, input_shape))
            .expect("the shape was checked"))
    }

    fn jvp(&self, x: ArrayViewD<'_, A>, tangent: ArrayViewD<'_, A>) -> Result<Option<Array2<A>>> {
        let Some(inner) = pushed_forward(&self.model, x.view(), tangent)? else {
            return Ok(None);
        };
        // the softmax's own Jacobian is symmetric
        Ok(Some(pull_back(&self.value(x)?, &inner.view())))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn large_logits_do_not_overflow() {
        let p = probabilities(&array![1e4, 1e4, -1e4].view());
        assert_eq!(p, array![0.5, 0.5, 0.0]);
    }
}
