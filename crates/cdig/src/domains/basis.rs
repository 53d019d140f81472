//! Signals as mixtures of given basis vectors.

use nalgebra::DMatrix;
use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::coefficient_lanes::CoefficientLanes;
use super::time_axis::{self, TimeAxis};
use crate::axes::{Axes, AxisLabels, Role, Ticks};
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::{CdigError, Result};
use crate::numeric::ensure_finite;

/// A column, scaled to length 1, that is closer than this to the span of those before it depends on them.
const LEAST_DISTANCE: f64 = 1e-9;
/// How far a given orthonormal basis may be from one.
const ORTHONORMAL: f64 = 1e-8;

/// Vectors along one axis of the signal, or whole signals, as `x = m + B z`: an offset plus a
/// mixture of basis vectors. `z = B⁺ (x − m)` by least squares.
///
/// Along the axis of channels every moment is a mixture of fixed patterns of channels (principal
/// components, [`pca`](Basis::pca); independent ones, [`ica`](Basis::from_mixing)); along time
/// every channel is a mixture of fixed courses in time; whole signals are mixtures of whole signals
/// ([`components`](Basis::components)), a coefficient being the *amount* of a component. Real and affine.
/// With fewer basis vectors than entries it is only approximate
/// ([`is_exact`](Domain::is_exact) is false, unless the signals lie in the span): wrap it in
/// [`WithRemainder`](crate::domains::WithRemainder). All computations are in double precision, also for `f32` signals.
#[derive(Debug, Clone)]
pub struct Basis {
    name: &'static str,
    shape: Vec<usize>,
    /// Lanes along the axis, or one lane that is the whole signal.
    lanes: CoefficientLanes,
    whole: bool,
    offset: Vec<f64>,
    /// `B`, (length, components).
    synthesis: Array2<f64>,
    /// `B⁺`, (components, length).
    analysis: Array2<f64>,
    names: Vec<String>,
    variance: Vec<f64>,
    time: Option<OverTime>,
}

/// The axis of the signal that is time, where it is not the one along which the vectors run.
#[derive(Debug, Clone)]
struct OverTime {
    axis: usize,
    /// In Hz; times are counted in samples without it.
    rate: Option<f64>,
}

impl Basis {
    /// Mixtures of the columns of `mixing` (length of the axis, components) along `axis` of signals
    /// of `shape`: with independent components, `x_t = m + A s_t` for every moment `t`, the
    /// coefficients are the sources `s`.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if arrays do not fit, [`CdigError::NonFinite`] for NaN or infinite entries,
    /// [`CdigError::Parameter`] if there is no such axis, or if the columns depend on each other (a
    /// singular mixing matrix).
    pub fn from_mixing(
        shape: &[usize],
        axis: usize,
        offset: &[f64],
        mixing: ArrayView2<'_, f64>,
    ) -> Result<Self> {
        let axis = TimeAxis::new(shape)?.along(axis)?;
        Self::mixed("ica", axis, offset, mixing)
    }

    /// Mixtures of orthonormal rows, `components` (components, length of the axis), such as
    /// principal components computed elsewhere.
    ///
    /// # Errors
    /// As [`from_mixing`](Self::from_mixing), and [`CdigError::Parameter`] if the rows are not orthonormal.
    pub fn from_orthonormal(
        shape: &[usize],
        axis: usize,
        offset: &[f64],
        components: ArrayView2<'_, f64>,
    ) -> Result<Self> {
        let advice = "give finite components";
        ensure_finite("the components", advice, &components, f64::is_finite)?;
        let product = components.dot(&components.t());
        let off = (product - Array2::<f64>::eye(components.nrows()))
            .iter()
            .fold(0.0_f64, |max, x| max.max(x.abs()));
        if off > ORTHONORMAL {
            return Err(CdigError::parameter_with(
                "the deviation of the components from orthonormal rows",
                format!("{off:.1e}"),
                format!("at most {ORTHONORMAL:.0e}"),
                "use `Basis::from_mixing` for any other basis",
            ));
        }
        let axis = TimeAxis::new(shape)?.along(axis)?;
        let mut basis = Self::mixed("pca", axis, offset, components.t())?;
        basis.analysis = components.as_standard_layout().into_owned(); // the same, without rounding
        Ok(basis)
    }

    pub(super) fn mixed(
        name: &'static str,
        axis: TimeAxis,
        offset: &[f64],
        mixing: ArrayView2<'_, f64>,
    ) -> Result<Self> {
        let (length, count) = mixing.dim();
        if length != axis.len() || count == 0 || count > length {
            return Err(CdigError::Shape {
                what: "the basis".into(),
                found: vec![length, count],
                expected: format!(
                    "({n}, 1 to {n}), a column for each component",
                    n = axis.len()
                ),
                advice: None,
            });
        }
        if offset.len() != length {
            return Err(CdigError::Shape {
                what: "the offset".into(),
                found: vec![offset.len()],
                expected: format!("({length}), one entry for each along the axis"),
                advice: None,
            });
        }
        let advice = "give finite values";
        ensure_finite("the basis", advice, &mixing, f64::is_finite)?;
        let values = ndarray::ArrayView1::from(offset);
        ensure_finite("the offset", advice, &values, f64::is_finite)?;
        Ok(Self {
            name,
            shape: axis.shape.clone(),
            lanes: CoefficientLanes::new(axis, &[count]),
            whole: false,
            offset: offset.to_vec(),
            analysis: pseudo_inverse(mixing)?,
            // rows one after the other in memory, which a transposed view is not
            synthesis: mixing.as_standard_layout().into_owned(),
            names: (0..count).map(|i| i.to_string()).collect(),
            variance: Vec::new(),
            time: None,
        })
    }

    /// Says that components are mixtures of channels whose sources run over time: `axis` of the signal is time,
    /// sampled at `sampling_rate` in Hz, or counted in samples. The axes of the coefficients then tell times, and
    /// what each component is made of.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis, if it is the one along which the vectors run, or if the
    /// rate is not positive.
    pub fn over_time(mut self, axis: usize, sampling_rate: Option<f64>) -> Result<Self> {
        if axis >= self.shape.len() || self.whole || axis == self.axis() {
            return Err(CdigError::parameter(
                "the time axis",
                axis,
                format!(
                    "an axis of the signal shape {:?} along which the components do not run",
                    self.shape
                ),
            ));
        }
        let rate = sampling_rate.map(time_axis::sampling_rate).transpose()?;
        self.time = Some(OverTime { axis, rate });
        Ok(self)
    }

    /// Takes whole signals of `shape`, flattened, as the vectors.
    pub(super) fn of_whole_signals(mut self, shape: &[usize]) -> Self {
        self.shape = shape.to_vec();
        self.whole = true;
        self
    }

    pub(super) fn with_variance(mut self, variance: Vec<f64>) -> Self {
        self.variance = variance;
        self
    }

    /// Names of the components, by default their numbers.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there are not as many as components.
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() != self.names.len() {
            return Err(CdigError::parameter(
                "the number of component names",
                names.len(),
                format!("{}, one for each component", self.names.len()),
            ));
        }
        self.names = names;
        Ok(self)
    }

    /// `B`, (length, components).
    pub fn mixing(&self) -> ArrayView2<'_, f64> {
        self.synthesis.view()
    }

    /// `B⁺`, (components, length).
    pub fn unmixing(&self) -> ArrayView2<'_, f64> {
        self.analysis.view()
    }

    /// The offset `m`.
    pub fn offset(&self) -> &[f64] {
        &self.offset
    }

    /// Variance of the data along each component, if it was fitted to data; otherwise empty.
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }

    pub(super) fn component_names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn axis(&self) -> usize {
        self.lanes.time.axis
    }

    /// The batch as the lanes see it: one lane if the vectors are whole signals.
    fn flat<'a, T: Clone>(
        &self,
        batch: &'a ArrayViewD<'_, T>,
    ) -> ndarray::CowArray<'a, T, ndarray::IxDyn> {
        let mut shape = batch.shape().to_vec();
        if self.whole {
            shape = vec![shape[0], self.offset.len()];
        }
        batch.to_shape(shape).expect("as many entries")
    }
}

/// `B⁺` by a QR factorisation of the columns scaled to length 1.
fn pseudo_inverse(basis: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let (length, count) = basis.dim();
    let norms: Vec<f64> = basis
        .columns()
        .into_iter()
        .map(|column| column.dot(&column).sqrt())
        .collect();
    let dependent = |i: usize| {
        CdigError::parameter_with(
            "the basis",
            format!("singular: vector {i} depends on those before it"),
            "linearly independent vectors",
            "leave that vector out",
        )
    };
    if let Some(i) = norms.iter().position(|&norm| norm == 0.0) {
        return Err(dependent(i));
    }
    let qr = DMatrix::from_fn(length, count, |i, j| basis[[i, j]] / norms[j]).qr();
    let (q, r) = (qr.q(), qr.r());
    if let Some(i) = (0..count).find(|&i| r[(i, i)].abs() < LEAST_DISTANCE) {
        return Err(dependent(i));
    }
    let inverse = r
        .solve_upper_triangular(&q.transpose())
        .ok_or_else(|| dependent(count - 1))?;
    Ok(Array2::from_shape_fn((count, length), |(i, j)| {
        inverse[(i, j)] / norms[i]
    }))
}

fn product(matrix: &Array2<f64>, x: &[f64], y: &mut [f64]) {
    for (y, row) in y.iter_mut().zip(matrix.rows()) {
        *y = row.iter().zip(x).map(|(a, x)| a * x).sum();
    }
}

impl<A: Scalar> Domain<A> for Basis {
    fn name(&self) -> &str {
        self.name
    }

    fn signal_shape(&self) -> &[usize] {
        &self.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.lanes.shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", &self.shape, signals.shape())?;
        let work = || vec![0.0; self.offset.len()];
        self.lanes
            .forward(self.flat(&signals).view(), work, |x, z, centred| {
                for ((c, x), m) in centred.iter_mut().zip(x).zip(&self.offset) {
                    *c = x - m;
                }
                product(&self.analysis, centred, z);
            })
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let signals = self.lanes.inverse(
            coefficients,
            || (),
            |z: &[f64], x, ()| {
                product(&self.synthesis, z, x);
                x.iter_mut().zip(&self.offset).for_each(|(x, m)| *x += m);
            },
        )?;
        let mut shape = vec![signals.shape()[0]];
        shape.extend_from_slice(&self.shape);
        Ok(signals
            .into_shape_with_order(shape)
            .expect("as many entries in standard layout"))
    }

    /// `Bᵀ cotangent`.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let (point, own) = (coefficients.shape(), self.lanes.shape());
        vjp_len(own, point, &self.shape, cotangent.shape())?;
        let cotangent = self.flat(&cotangent);
        self.lanes.adjoint(
            coefficients,
            cotangent.view(),
            || (),
            |g, z: &mut [f64], ()| {
                z.fill(0.0);
                for (g, row) in g.iter().zip(self.synthesis.rows()) {
                    z.iter_mut().zip(row).for_each(|(z, b)| *z += g * b);
                }
            },
        )
    }

    fn is_real(&self) -> bool {
        true
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn is_exact(&self) -> bool {
        self.names.len() == self.offset.len()
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        if self.whole {
            Vec::new()
        } else {
            self.lanes.kept()
        }
    }

    fn axes(&self) -> Axes {
        let components = Ticks::Components {
            names: self.names.clone(),
            // beside time there are channels, of which these are mixtures
            mixing: self.time.as_ref().map(|_| self.synthesis.clone()),
        };
        let components = AxisLabels::new(Role::Component, "", components).grouped_by_name();
        let mut axes = self.lanes.time.axes(vec![components]).into_vec();
        if let Some(time) = &self.time {
            let samples = (0..axes[time.axis].len()).map(|t| t as f64);
            axes[time.axis] = AxisLabels::times(samples, time.rate);
        }
        Axes::new(axes)
    }
}
