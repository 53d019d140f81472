//! One model after another.

use ndarray::{
    Array2, Array3, ArrayD, ArrayView2, ArrayViewD, Axis, IxDyn, linalg::general_mat_mul,
};

use crate::error::{ModelError, Result};
use crate::model::{Model, batch_len, cotangent_len};
use crate::scalar::Scalar;
use crate::shape::{as_matrices, jacobian_shape, pushed_forward, returned};

/// A model applied to the outputs of another. Made by [`then`].
#[derive(Clone, Debug)]
pub struct Then<M, N> {
    first: M,
    second: N,
}

/// The composition `second(first(x))`.
///
/// # Errors
/// [`ModelError::Parameter`] unless the input shape of `second` is `[first.output_dim()]`.
pub fn then<A: Scalar, M: Model<A>, N: Model<A>>(first: M, second: N) -> Result<Then<M, N>> {
    if second.input_shape() != [first.output_dim()] {
        return Err(ModelError::Parameter {
            name: "the input shape of the second model",
            found: format!("{:?}", second.input_shape()),
            expected: format!("[{}], the outputs of the first", first.output_dim()),
        });
    }
    Ok(Then { first, second })
}

impl<M, N> Then<M, N> {
    fn hidden<A: Scalar>(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>>
    where
        M: Model<A>,
    {
        let n = batch_len(self.first.input_shape(), x.shape())?;
        let hidden = self.first.forward(x)?;
        returned("forward", hidden.shape(), &[n, self.first.output_dim()])?;
        Ok(hidden.into_dyn())
    }

    fn pull_back<A: Scalar>(&self, x: ArrayViewD<'_, A>, gradient: ArrayD<A>) -> Result<ArrayD<A>>
    where
        M: Model<A>,
    {
        let expected = [x.shape()[0], self.first.output_dim()];
        returned("vjp", gradient.shape(), &expected)?;
        let gradient = gradient
            .into_dimensionality()
            .expect("the shape was checked");
        self.first.vjp(x, gradient.view())
    }
}

impl<A: Scalar, M: Model<A>, N: Model<A>> Model<A> for Then<M, N> {
    fn input_shape(&self) -> &[usize] {
        self.first.input_shape()
    }

    fn output_dim(&self) -> usize {
        self.second.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        self.second.forward(self.hidden(x)?.view())
    }

    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
        let outputs = self.second.output_dim();
        cotangent_len(
            self.first.input_shape(),
            x.shape(),
            outputs,
            cotangent.shape(),
        )?;
        let hidden = self.hidden(x.view())?;
        let gradient = self.second.vjp(hidden.view(), cotangent)?;
        self.pull_back(x, gradient)
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>)> {
        let outputs = self.second.output_dim();
        cotangent_len(
            self.first.input_shape(),
            x.shape(),
            outputs,
            cotangent.shape(),
        )?;
        let hidden = self.hidden(x.view())?;
        let (value, gradient) = self.second.value_and_vjp(hidden.view(), cotangent)?;
        Ok((value, self.pull_back(x, gradient)?))
    }

    /// Multiplies the two Jacobians, or pulls the rows of the second back through the first,
    /// whichever asks the first model for fewer pull-backs.
    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>> {
        let input_shape = self.first.input_shape();
        let (middle, outputs) = (self.first.output_dim(), self.second.output_dim());
        let hidden = self.hidden(x.view())?;
        let n = hidden.shape()[0];
        let outer = as_matrices(
            self.second.jacobian(hidden.view())?,
            n,
            outputs,
            self.second.input_shape(),
        )?;
        let shape = jacobian_shape(n, outputs, input_shape);
        if outputs < middle {
            let mut jacobian = ArrayD::zeros(IxDyn(&shape));
            for k in 0..outputs {
                let row = self.first.vjp(x.view(), outer.index_axis(Axis(1), k))?;
                returned("vjp", row.shape(), x.shape())?;
                jacobian.index_axis_mut(Axis(1), k).assign(&row);
            }
            return Ok(jacobian);
        }
        let inner = as_matrices(self.first.jacobian(x)?, n, middle, input_shape)?;
        let mut product = Array3::zeros((n, outputs, input_shape.iter().product()));
        for i in 0..n {
            let (outer, inner) = (outer.index_axis(Axis(0), i), inner.index_axis(Axis(0), i));
            let mut product = product.index_axis_mut(Axis(0), i);
            general_mat_mul(A::one(), &outer, &inner, A::zero(), &mut product);
        }
        Ok(product
            .into_shape_with_order(shape)
            .expect("the shape was checked"))
    }

    fn jvp(&self, x: ArrayViewD<'_, A>, tangent: ArrayViewD<'_, A>) -> Result<Option<Array2<A>>> {
        let Some(inner) = pushed_forward(&self.first, x.view(), tangent)? else {
            return Ok(None);
        };
        let hidden = self.hidden(x)?;
        pushed_forward(&self.second, hidden.view(), inner.view().into_dyn())
    }
}
