//! A model as a function of coefficients instead of samples.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, IxDyn};
use num_complex::Complex;
use xcebra_model::{Model, ModelError, Scalar, batch_len, cotangent_len};
use xcebra_numeric::ensure_finite;

use crate::axes::Axes;
use crate::domain::{self, Domain};
use crate::error::{CdigError, Result};
use crate::interactions::switched::failed;

/// `F = f ∘ T⁻¹` as a [`Model`] of real inputs, so that any method that explains models explains one in
/// any domain: the inverted neuron gradient of `F` says which frequency band of which channel is
/// driven by which latent.
///
/// Inputs have the shape of the coefficients in a real domain and `(…coefficients, 2)`, real and
/// imaginary part, in a complex one. [`pool_parts`](InDomain::pool_parts) makes one number of the two,
/// [`pool_groups`](InDomain::pool_groups) one of each band.
///
/// ```
/// use cdig::{InDomain, RealFourier};
/// use ndarray::{Array1, Axis, array};
/// use xcebra_model::{FnModel, Model};
///
/// let mean = FnModel::<f64>::new(
///     [8],
///     1,
///     |x| Ok(x.mean_axis(Axis(1)).unwrap().insert_axis(Axis(1)).into_dimensionality().unwrap()),
///     |x, cotangent| Ok((cotangent.to_owned() / 8.0).broadcast(x.raw_dim()).unwrap().to_owned()),
/// );
/// let spectrum = RealFourier::new(&[8], 8.0)?;
/// let model = InDomain::new(&mean, &spectrum)?;
/// let inputs = model.encode(Array1::from_elem(8, 3.0).insert_axis(Axis(0)).view().into_dyn())?;
/// let jacobian = model.jacobian(inputs.view())?; // (1, 1, 5, 2)
/// let sizes = model.pool_parts(jacobian.view())?;
/// assert!((sizes[[0, 0, 0]] - 1.0 / 8.0).abs() < 1e-12); // all of it at 0 Hz
/// assert!(sizes[[0, 0, 3]].abs() < 1e-12);
/// # Ok::<(), cdig::CdigError>(())
/// ```
pub struct InDomain<'a, A: Scalar> {
    model: &'a dyn Model<A>,
    domain: &'a dyn Domain<A>,
    shape: Vec<usize>,
}

impl<'a, A: Scalar> InDomain<'a, A> {
    /// The model on the coefficients of the domain.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if the domain is one of other signals than the model's, or its labels do
    /// not fit.
    pub fn new(model: &'a dyn Model<A>, domain: &'a dyn Domain<A>) -> Result<Self> {
        if domain.signal_shape() != model.input_shape() {
            return Err(CdigError::Shape {
                what: format!("a signal of the domain '{}'", domain.name()),
                found: domain.signal_shape().to_vec(),
                expected: format!("{:?}, the model's input shape", model.input_shape()),
                advice: None,
            });
        }
        domain.axes().check(domain.coefficient_shape())?;
        let mut shape = domain.coefficient_shape().to_vec();
        if !domain.is_real() {
            shape.push(2);
        }
        Ok(Self {
            model,
            domain,
            shape,
        })
    }

    /// What the axes of the coefficients mean.
    pub fn axes(&self) -> Axes {
        self.domain.axes()
    }

    /// Inputs `(n, …input_shape)` of signals `(n, …signal_shape)`.
    ///
    /// # Errors
    /// Whatever the domain reports.
    pub fn encode(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<A>> {
        domain::batch_len("the signals", self.domain.signal_shape(), signals.shape())?;
        let parts = self.to_parts(&self.domain.forward(signals)?);
        ensure_finite("the coefficients", &parts)?;
        Ok(parts)
    }

    /// One number a coefficient, from an array `(…, …input_shape)` that ends with this model's inputs (a
    /// Jacobian, an attribution map): in a complex domain `√(re² + im²)`, the size of the change
    /// whatever the phase; in a real one the absolute value.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if the array does not end so.
    pub fn pool_parts(&self, map: ArrayViewD<'_, A>) -> Result<ArrayD<A>> {
        self.ensure_tail("the map to pool", map.shape(), &self.shape)?;
        let pooled = match self.domain.is_real() {
            true => map.mapv(|v| v.max(-v)),
            false => {
                let last = Axis(map.ndim() - 1);
                map.map_axis(last, |parts| parts[0].hypot(parts[1]))
            }
        };
        ensure_finite("the pooled map", &pooled)?;
        Ok(pooled)
    }

    /// Root of the sum of squares over the groups (bands, levels) of one axis of the coefficients, of a
    /// map `(…, …coefficient_shape)` as [`pool_parts`](Self::pool_parts) gives it; with their names.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis or it has no groups; [`CdigError::Shape`] if
    /// the map does not end with the shape of the coefficients.
    pub fn pool_groups(
        &self,
        map: ArrayViewD<'_, A>,
        axis: usize,
    ) -> Result<(Vec<String>, ArrayD<A>)> {
        let shape = self.domain.coefficient_shape();
        self.ensure_tail("the map to pool", map.shape(), shape)?;
        let labels = self.domain.axes();
        let groups = labels.groups_along(axis)?;
        let axis = Axis(map.ndim() - shape.len() + axis);
        let mut pooled_shape = map.shape().to_vec();
        pooled_shape[axis.index()] = groups.len();
        let mut pooled = ArrayD::zeros(IxDyn(&pooled_shape));
        for (group, mut to) in groups.iter().zip(pooled.axis_iter_mut(axis)) {
            for &member in &group.members {
                let squares = map.index_axis(axis, member).mapv(|v| v * v);
                to += &squares;
            }
        }
        pooled.mapv_inplace(A::sqrt);
        ensure_finite("the pooled map", &pooled)?;
        let names = groups.iter().map(|group| group.name.clone()).collect();
        Ok((names, pooled))
    }

    fn ensure_tail(&self, what: &str, found: &[usize], tail: &[usize]) -> Result<()> {
        if found.ends_with(tail) {
            return Ok(());
        }
        Err(CdigError::Shape {
            what: what.into(),
            found: found.to_vec(),
            expected: format!("a shape that ends with {tail:?}"),
            advice: None,
        })
    }

    fn to_parts(&self, coefficients: &ArrayD<Complex<A>>) -> ArrayD<A> {
        if self.domain.is_real() {
            return coefficients.mapv(|z| z.re);
        }
        let mut shape = coefficients.shape().to_vec();
        shape.push(2);
        let parts = coefficients.iter().flat_map(|z| [z.re, z.im]).collect();
        ArrayD::from_shape_vec(IxDyn(&shape), parts).expect("two parts a coefficient")
    }

    fn coefficients(&self, x: &ArrayViewD<'_, A>) -> ArrayD<Complex<A>> {
        if self.domain.is_real() {
            return x.mapv(|re| Complex::new(re, A::zero()));
        }
        let last = Axis(x.ndim() - 1);
        x.map_axis(last, |parts| Complex::new(parts[0], parts[1]))
    }
}

impl<A: Scalar> Model<A> for InDomain<'_, A> {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        self.model.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        batch_len(&self.shape, x.shape())?;
        let signals = self.domain.inverse(self.coefficients(&x).view());
        self.model.forward(signals.map_err(failed)?.view())
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        cotangent_len(&self.shape, x.shape(), self.output_dim(), cotangent.shape())?;
        let points = self.coefficients(&x);
        let signals = self.domain.inverse(points.view()).map_err(failed)?;
        let pulled = self.model.vjp(signals.view(), cotangent)?;
        let pulled = self.domain.inverse_vjp(points.view(), pulled.view());
        Ok(self.to_parts(&pulled.map_err(failed)?))
    }

    /// All outputs through one inverse transform and the model's own Jacobian.
    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>, ModelError> {
        let n = batch_len(&self.shape, x.shape())?;
        let outputs = self.output_dim();
        let points = self.coefficients(&x);
        let signals = self.domain.inverse(points.view()).map_err(failed)?;
        let inner = self.model.jacobian(signals.view())?;
        let mut shape = vec![n, outputs];
        shape.extend_from_slice(&self.shape);
        let mut jacobian = ArrayD::zeros(IxDyn(&shape));
        for k in 0..outputs {
            let cotangent = inner.index_axis(Axis(1), k);
            let pulled = self.domain.inverse_vjp(points.view(), cotangent);
            let row = self.to_parts(&pulled.map_err(failed)?);
            jacobian.index_axis_mut(Axis(1), k).assign(&row);
        }
        Ok(jacobian)
    }
}
