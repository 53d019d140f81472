//! A model as a function of how much of each group of coefficients is there.

use ndarray::{Array2, ArrayD, ArrayView, ArrayView2, ArrayViewD, Axis, Dimension, IxDyn};
use num_complex::Complex;
use xcebra_model::{Model, ModelError, Scalar, batch_len, cotangent_len};

use crate::axes::Group;
use crate::domain::Domain;
use crate::ends::Ends;
use crate::error::{CdigError, Result};
use crate::numeric::inner;

/// The model `g(u) = f(T⁻¹(z' + Σ_G u_G (z − z')_G))` of one signal in one domain: input `G` switches a
/// group of coefficients from the baseline's (0) to the signal's (1), or part of the way.
///
/// Groups partition the coefficients; `g(0) = f(x')` and `g(1) = f(x)`. It is a [`Model`] with one input
/// a group, so that everything that takes a model takes it:
///
/// * integrated gradients of it from 0 to 1 are those of the groups, and for a model without gradients
///   [`Gradient::FiniteDifferences`](crate::Gradient) costs two values a *group* and path point instead
///   of two a sample, because differences are taken along the domain's own directions;
/// * its values at the corners of the cube are coalitions: [`interactions`](crate::interactions::interactions);
/// * Shapley values, occlusion and the like of other crates work on it.
///
/// ```
/// use cdig::interactions::Switched;
/// use cdig::{Explainer, Gradient, RealFourier, Time};
/// use ndarray::{Array1, Array2, Axis};
/// use xcebra_model::{FnModel, Model};
///
/// // energy, of which only values are known
/// let black_box = FnModel::black_box([32], 1, |x| {
///     let energy: Array1<f64> = x.outer_iter().map(|x| x.iter().map(|x| x * x).sum()).collect();
///     Ok(energy.insert_axis(Axis(1)))
/// });
/// let signal = Array1::from_shape_fn(32, |t| (t as f64 * 1.3).sin());
/// let bands = RealFourier::new(&[32], 32.0)?.bands([("slow", 0.0..4.0), ("fast", 4.0..17.0)])?;
/// let switched = Switched::by_axis(&black_box, &bands, signal.view(), 0)?;
/// let found = Explainer::new(&switched)
///     .gradient(Gradient::FiniteDifferences { step: 1e-3 })
///     .explain(&Time::new(&[2])?, switched.on().view())?;
/// assert!(found.residual[0].abs() < 1e-9);
/// # Ok::<(), cdig::CdigError>(())
/// ```
pub struct Switched<'a, A: Scalar> {
    model: &'a dyn Model<A>,
    domain: &'a dyn Domain<A>,
    start: ArrayD<Complex<A>>,
    change: ArrayD<Complex<A>>,
    /// Group of every coefficient, flat.
    group_of: Vec<usize>,
    names: Vec<String>,
    shape: [usize; 1],
}

impl<'a, A: Scalar> Switched<'a, A> {
    /// Groups of flat (row-major) indices of the coefficients, against the zero signal; what no group
    /// holds becomes one more, `other`.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there are no groups, an index is out of range or taken; otherwise as
    /// [`Explainer::explain`](crate::Explainer::explain).
    pub fn new<D: Dimension>(
        model: &'a dyn Model<A>,
        domain: &'a dyn Domain<A>,
        signal: ArrayView<'_, A, D>,
        groups: &[Group],
    ) -> Result<Self> {
        let baseline = ArrayD::zeros(IxDyn(signal.shape()));
        Self::between(model, domain, baseline.view(), signal, groups)
    }

    /// The groups of one axis of the coefficients, against the zero signal.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if the axis has no groups.
    pub fn by_axis<D: Dimension>(
        model: &'a dyn Model<A>,
        domain: &'a dyn Domain<A>,
        signal: ArrayView<'_, A, D>,
        axis: usize,
    ) -> Result<Self> {
        Self::new(model, domain, signal, &groups_of_axis(domain, axis)?)
    }

    /// As [`new`](Self::new), against a baseline of the signal's shape.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn between<D: Dimension, E: Dimension>(
        model: &'a dyn Model<A>,
        domain: &'a dyn Domain<A>,
        baseline: ArrayView<'_, A, E>,
        signal: ArrayView<'_, A, D>,
        groups: &[Group],
    ) -> Result<Self> {
        let shape = model.input_shape();
        ensure_input_shape(
            shape,
            &[
                ("the signal", signal.shape()),
                ("the baseline", baseline.shape()),
                ("a signal of the domain", domain.signal_shape()),
            ],
        )?;
        let (baseline, signal) = (baseline.into_dyn().to_owned(), signal.into_dyn().to_owned());
        let Ends { start, end } =
            Ends::new(domain, &baseline, &signal, A::epsilon().as_f64().sqrt())?;
        let (group_of, names) = assign(groups, start.len())?;
        Ok(Self {
            model,
            domain,
            change: end - &start,
            start,
            shape: [names.len()],
            group_of,
            names,
        })
    }

    /// Names of the groups, in the order of the inputs.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The input at which every group is the signal's.
    pub fn on(&self) -> ArrayD<A> {
        ArrayD::ones(IxDyn(&self.shape))
    }

    fn coefficients(&self, x: &ArrayViewD<'_, A>) -> ArrayD<Complex<A>> {
        let mut shape = vec![x.shape()[0]];
        shape.extend_from_slice(self.start.shape());
        let mut points = ArrayD::from_elem(IxDyn(&shape), Complex::new(A::zero(), A::zero()));
        for (mut point, switches) in points.outer_iter_mut().zip(x.outer_iter()) {
            let ends = self.start.iter().zip(&self.change);
            for ((point, (start, change)), &group) in point.iter_mut().zip(ends).zip(&self.group_of)
            {
                *point = start + change * switches[group];
            }
        }
        points
    }
}

impl<A: Scalar> Model<A> for Switched<'_, A> {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        self.model.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        batch_len(&self.shape, x.shape())?;
        let points = self.coefficients(&x);
        let signals = self.domain.inverse(points.view()).map_err(failed)?;
        self.model.forward(signals.view())
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
        let pulled = self
            .domain
            .inverse_vjp(points.view(), pulled.view())
            .map_err(failed)?;
        let mut gradient = Array2::<f64>::zeros((x.shape()[0], self.names.len()));
        for (mut gradient, pulled) in gradient.outer_iter_mut().zip(pulled.axis_iter(Axis(0))) {
            let pairs = pulled.iter().zip(&self.change);
            for ((g, dz), &group) in pairs.zip(&self.group_of) {
                gradient[group] += inner(*g, *dz);
            }
        }
        Ok(gradient.mapv(A::of).into_dyn())
    }
}

/// An error of a domain inside a model.
pub(crate) fn failed(error: CdigError) -> ModelError {
    match error {
        CdigError::Model(error) => error,
        error => ModelError::evaluation(error),
    }
}

/// The groups along one axis of a domain's coefficients, as groups of flat indices.
///
/// # Errors
/// [`CdigError::Parameter`] if there is no such axis or it has no groups.
pub fn groups_of_axis<A: Scalar>(domain: &dyn Domain<A>, axis: usize) -> Result<Vec<Group>> {
    let labels = domain.axes();
    let groups = labels.groups_along(axis)?;
    let shape = domain.coefficient_shape();
    let stride: usize = shape[axis + 1..].iter().product();
    let len: usize = shape.iter().product();
    Ok(groups
        .iter()
        .map(|group| Group {
            name: group.name.clone(),
            members: (0..len)
                .filter(|flat| group.members.contains(&(flat / stride % shape[axis])))
                .collect(),
        })
        .collect())
}

/// Whether all have the shape of the model's input.
pub(crate) fn ensure_input_shape(shape: &[usize], all: &[(&str, &[usize])]) -> Result<()> {
    match all.iter().find(|(_, found)| *found != shape) {
        None => Ok(()),
        Some((what, found)) => Err(CdigError::Shape {
            what: (*what).into(),
            found: found.to_vec(),
            expected: format!("{shape:?}, the model's input shape"),
            advice: None,
        }),
    }
}

/// Group of every coefficient, with `other` for those in none.
pub(crate) fn assign(groups: &[Group], len: usize) -> Result<(Vec<usize>, Vec<String>)> {
    if groups.is_empty() {
        return Err(CdigError::parameter(
            "the list of groups",
            "empty",
            "at least one group of coefficients",
        ));
    }
    let mut group_of = vec![usize::MAX; len];
    let mut names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    for (g, group) in groups.iter().enumerate() {
        for &member in &group.members {
            match group_of.get_mut(member) {
                Some(slot) if *slot == usize::MAX => *slot = g,
                _ => {
                    return Err(CdigError::parameter(
                        "a group's member",
                        format!("{member} in group '{}'", group.name),
                        format!("a flat index below {len} that no group holds yet"),
                    ));
                }
            }
        }
    }
    if group_of.contains(&usize::MAX) {
        let other = groups.len();
        names.push("other".into());
        group_of
            .iter_mut()
            .for_each(|slot| *slot = (*slot).min(other));
    }
    Ok((group_of, names))
}
