//! Amounts of given components, whole signals or courses in time.

use ndarray::{Array2, ArrayD, ArrayView, ArrayViewD, Axis, Dimension};
use xcebra_model::Scalar;

use super::basis::Basis;
use super::time_axis::TimeAxis;
use crate::domain::Domain;
use crate::error::{CdigError, Result};

impl Basis {
    /// Mixtures of whole signals `components` `(k, …signal_shape)`, `x = Σ_i z_i b_i`: the
    /// coefficients are the amounts `z`, `k` numbers. For a decomposition of the signal to be explained,
    /// such as trend + season + remainder, all amounts are 1, those of the zero baseline 0, and the
    /// attribution says what each component does as a whole.
    ///
    /// Signals outside the span, another baseline for example, are not represented; see
    /// [`WithRemainder`](crate::domains::WithRemainder).
    ///
    /// # Errors
    /// [`CdigError::Shape`] if there are no components or more than samples, [`CdigError::NonFinite`] for
    /// gaps, [`CdigError::Parameter`] if one is 0 throughout or depends on those before it.
    pub fn components<A: Scalar, D: Dimension>(components: ArrayView<'_, A, D>) -> Result<Self> {
        let components: ArrayViewD<'_, A> = components.into_dyn();
        let shape = components.shape().get(1..).unwrap_or_default().to_vec();
        TimeAxis::new(&shape)?;
        let (count, length) = (components.shape()[0], shape.iter().product());
        let values: Vec<f64> = components.iter().map(|x| x.as_f64()).collect();
        let rows = Array2::from_shape_vec((count, length), values).expect("one row a component");
        let flat = TimeAxis::new(&[length])?;
        let basis = Self::mixed("components", flat, &vec![0.0; length], rows.t())?;
        Ok(basis.of_whole_signals(&shape))
    }

    /// This basis with its parts exchanged, for one signal: the courses in time of the signal's
    /// coefficients are the basis, and the mixing matrix, `(channels, components)`, is the
    /// coefficients: how much of which component is in which channel. A last component `offset` is
    /// added if the basis has an offset.
    ///
    /// For signals `[channels, time]` or `[time, channels]` and a basis along channels, such as
    /// independent components; this is the form of Kechris et al. (2025).
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `signal` is not such a signal, [`CdigError::Parameter`] if courses
    /// depend on each other (fewer moments than components), [`CdigError::NonFinite`] for gaps.
    pub fn amounts_in<A: Scalar, D: Dimension>(&self, signal: ArrayView<'_, A, D>) -> Result<Self> {
        let signal: ArrayViewD<'_, A> = signal.into_dyn();
        let shape = signal.shape().to_vec();
        if shape.len() != 2 {
            return Err(CdigError::Shape {
                what: "the signal".into(),
                found: shape,
                expected: "two axes, channels and time".into(),
                advice: None,
            });
        }
        let advice = "fill or cut the gaps first";
        crate::numeric::ensure_finite("the signal", advice, &signal, A::is_finite)?;
        let sources: ArrayD<_> = self.forward(signal.insert_axis(Axis(0)))?;
        let sources = sources.index_axis_move(Axis(0), 0).mapv(|z| z.re.as_f64());
        let time = 1 - self.axis();
        let mut courses: Vec<f64> = Vec::new();
        for source in sources.axis_iter(Axis(self.axis())) {
            courses.extend(source.iter());
        }
        let mut names = self.component_names().to_vec();
        if self.offset().iter().any(|&m| m != 0.0) {
            courses.extend(std::iter::repeat_n(1.0, shape[time]));
            names.push("offset".into());
        }
        let rows =
            Array2::from_shape_vec((names.len(), shape[time]), courses).expect("one row a course");
        let axis = TimeAxis::new(&shape)?.along(time)?;
        Self::mixed("amounts", axis, &vec![0.0; shape[time]], rows.t())?.names(names)
    }
}
