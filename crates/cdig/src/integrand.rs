//! What is integrated: the model's gradient at points of a path.

use ndarray::{Array1, Array2, ArrayD, ArrayRef, ArrayViewD, Axis, IxDyn};
use num_complex::Complex;
use xcebra_model::Scalar;

use crate::domain::Domain;
use crate::error::{CdigError, Result};
use crate::numeric::{inner, is_finite, length};
use crate::path::BoundPath;
use crate::probe::{Probe, ensure_shape};
use crate::quadrature::Place;

/// The two things a path integral is taken of.
pub(crate) enum Integrand<'a, A: Scalar> {
    /// The gradient in signal space on the straight path from a baseline by a change of the signal:
    /// its mean is all that any domain with an affine inverse needs.
    Gradient {
        baseline: &'a ArrayD<A>,
        change: ArrayD<A>,
    },
    /// `Re(conj(∂/∂a + i ∂/∂b) F · γ')`, coefficient by coefficient, along any path in any domain.
    Attribution {
        domain: &'a dyn Domain<A>,
        path: BoundPath<'a, A>,
    },
}

/// The integrand at some points.
pub(crate) struct Sampled {
    /// `F` at each point `(n, rows)`, if asked for.
    pub(crate) values: Option<Array2<f64>>,
    /// The integrand `(n, rows, …entry_shape)`, flat.
    pub(crate) terms: Vec<f64>,
    /// How large the terms are of which `F` and `dF/dt` are sums, `(n, rows)`, flat: lengths of gradient
    /// and signal, and of gradient and change, multiplied. Rounding is relative to that: `F` itself may
    /// be the small difference of large terms.
    pub(crate) sizes: Vec<f64>,
}

impl<A: Scalar> Integrand<'_, A> {
    /// Number of smooth pieces of the path.
    pub(crate) fn pieces(&self) -> usize {
        match self {
            Self::Gradient { .. } => 1,
            Self::Attribution { path, .. } => path.pieces(),
        }
    }

    /// Shape of the integrand of one output at one point.
    pub(crate) fn entry_shape(&self) -> &[usize] {
        match self {
            Self::Gradient { change, .. } => change.shape(),
            Self::Attribution { domain, .. } => domain.coefficient_shape(),
        }
    }

    /// Number of entries of the integrand of one output at one point.
    pub(crate) fn entries(&self) -> usize {
        self.entry_shape().iter().product()
    }

    /// Position of a point on the whole path, from 0 to 1.
    pub(crate) fn position(&self, (piece, at): Place) -> f64 {
        (piece as f64 + at) / self.pieces() as f64
    }

    /// What each entry of one output's integrand adds to `dF/dt`.
    pub(crate) fn shares<'t>(&'t self, terms: &'t [f64]) -> impl Iterator<Item = f64> + 't {
        let change = match self {
            Self::Gradient { change, .. } => Some(change.as_slice().expect("standard layout")),
            Self::Attribution { .. } => None,
        };
        terms.iter().enumerate().map(move |(i, term)| match change {
            Some(change) => term * change[i].as_f64(),
            None => *term,
        })
    }

    /// The integrand at some points of the path, with or without the model's values there.
    pub(crate) fn at(
        &self,
        probe: &mut Probe<'_, A>,
        places: &[Place],
        with_values: bool,
    ) -> Result<Sampled> {
        let position = |i: usize| self.position(places[i]);
        match self {
            Self::Gradient { baseline, change } => {
                let mut points = ArrayD::zeros(batch_shape(places.len(), baseline.shape()));
                for (mut point, &(_, at)) in points.outer_iter_mut().zip(places) {
                    point.assign(baseline);
                    point.scaled_add(A::of(at), change);
                }
                let (values, gradients) = probe.evaluate(&points.view(), position, with_values)?;
                let gradients = gradients.as_slice().expect("standard layout");
                let terms: Vec<f64> = gradients.iter().map(|g| g.as_f64()).collect();
                let step = length(wide(change));
                let entries = change.len();
                let rows = probe.rows();
                let mut sizes = Vec::with_capacity(places.len() * rows);
                for (point, gradients) in points.outer_iter().zip(terms.chunks(rows * entries)) {
                    let reach = length(wide(&point)) + step;
                    let rows = gradients.chunks(entries);
                    sizes.extend(rows.map(|row| size(length(row.iter().copied()), reach)));
                }
                Ok(Sampled {
                    values,
                    terms,
                    sizes,
                })
            }
            Self::Attribution { domain, path } => {
                along(probe, *domain, path, places, position, with_values)
            }
        }
    }
}

fn along<A: Scalar>(
    probe: &mut Probe<'_, A>,
    domain: &dyn Domain<A>,
    path: &BoundPath<'_, A>,
    places: &[Place],
    position: impl Fn(usize) -> f64 + Copy,
    with_values: bool,
) -> Result<Sampled> {
    let shape = domain.coefficient_shape();
    let zero = Complex::new(A::zero(), A::zero());
    let mut points = ArrayD::from_elem(batch_shape(places.len(), shape), zero);
    let mut derivatives = points.clone();
    for (i, &(piece, at)) in places.iter().enumerate() {
        let at = path.at(piece, at)?;
        points.index_axis_mut(Axis(0), i).assign(&at.point);
        derivatives
            .index_axis_mut(Axis(0), i)
            .assign(&at.derivative);
    }
    let signals = inverse(domain, points.view(), position)?;
    let (values, gradients) = probe.evaluate(&signals.view(), position, with_values)?;

    let what = "the domain's inverse_vjp";
    let (rows, entries) = (gradients.shape()[1], shape.iter().product::<usize>());
    let derivatives = derivatives.as_slice().expect("standard layout");
    let mut terms = vec![0.0; places.len() * rows * entries];
    let mut sizes = vec![0.0; places.len() * rows];
    for row in 0..rows {
        let cotangent = gradients.index_axis(Axis(1), row);
        let pulled = domain.inverse_vjp(points.view(), cotangent)?;
        ensure_shape(what, pulled.shape(), points.shape())?;
        ensure_finite_rows(what, &pulled, |z| is_finite(*z), position)?;
        let pulled = pulled.as_standard_layout();
        let pulled = pulled.as_slice().expect("standard layout");
        for i in 0..places.len() {
            let to = &mut terms[(i * rows + row) * entries..][..entries];
            let from = i * entries..(i + 1) * entries;
            let (pulled, derivatives) = (&pulled[from.clone()], &derivatives[from]);
            let gradient = length(wide(
                &gradients.index_axis(Axis(0), i).index_axis(Axis(0), row),
            ));
            let of_value = size(gradient, length(wide(&signals.index_axis(Axis(0), i))));
            let of_slope = size(length(parts(pulled)), length(parts(derivatives)));
            sizes[i * rows + row] = (of_value + of_slope).min(f64::MAX);
            let pairs = pulled.iter().zip(derivatives);
            for (to, (g, dz)) in to.iter_mut().zip(pairs) {
                *to = inner(*g, *dz);
            }
        }
    }
    Ok(Sampled {
        values,
        terms,
        sizes,
    })
}

/// The product of two lengths; both are finite.
fn size(first: f64, second: f64) -> f64 {
    (first * second).min(f64::MAX)
}

fn wide<A: Scalar>(array: &ArrayRef<A, IxDyn>) -> impl Iterator<Item = f64> + Clone {
    array.iter().map(|x| x.as_f64())
}

/// Real and imaginary parts.
fn parts<A: Scalar>(coefficients: &[Complex<A>]) -> impl Iterator<Item = f64> + Clone {
    let all = coefficients.iter();
    all.flat_map(|z| [z.re.as_f64(), z.im.as_f64()])
}

/// Signals of coefficients on a path, checked.
pub(crate) fn inverse<A: Scalar>(
    domain: &dyn Domain<A>,
    points: ArrayViewD<'_, Complex<A>>,
    position: impl Fn(usize) -> f64,
) -> Result<ArrayD<A>> {
    let what = "the domain's inverse";
    let expected = batch_shape(points.shape()[0], domain.signal_shape());
    let signals = domain.inverse(points)?;
    ensure_shape(what, signals.shape(), &expected)?;
    ensure_finite_rows(what, &signals, |x| x.is_finite(), position)?;
    Ok(signals)
}

/// Attribution `(rows, …coefficients)` from a path-mean gradient `(rows, …signal)`:
/// `Re(conj(Aᵀg) dz)` with `Aᵀ` the adjoint of the affine inverse; and the size of the terms of each
/// row's sum.
pub(crate) fn attribute_affine<A: Scalar>(
    domain: &dyn Domain<A>,
    gradient: &ArrayD<f64>,
    start: &ArrayD<Complex<A>>,
    end: &ArrayD<Complex<A>>,
) -> Result<(ArrayD<f64>, Array1<f64>)> {
    let shape = batch_shape(gradient.shape()[0], start.shape());
    let gradient = gradient.mapv(A::of);
    let points = start.broadcast(IxDyn(&shape)).expect("one row for all");
    let pulled = domain.inverse_vjp(points, gradient.view())?;
    ensure_shape("the domain's inverse_vjp", pulled.shape(), &shape)?;
    let pulled = pulled.as_standard_layout();
    let change = (end - start).as_standard_layout().into_owned();
    let change = change.as_slice().expect("standard layout");
    let rows = pulled
        .as_slice()
        .expect("standard layout")
        .chunks(change.len());
    let reach = length(parts(change));
    let sizes = rows.clone().map(|row| size(length(parts(row)), reach));
    let sizes = sizes.collect();
    let terms = rows.flat_map(|row| row.iter().zip(change).map(|(g, dz)| inner(*g, *dz)));
    let attribution = ArrayD::from_shape_vec(shape, terms.collect());
    Ok((attribution.expect("one entry a coefficient"), sizes))
}

fn ensure_finite_rows<T>(
    what: &str,
    rows: &ArrayD<T>,
    is_finite: impl Fn(&T) -> bool,
    position: impl Fn(usize) -> f64,
) -> Result<()> {
    let wrong = rows
        .outer_iter()
        .position(|row| !row.iter().all(&is_finite));
    match wrong {
        None => Ok(()),
        Some(i) => Err(CdigError::NonFinitePath {
            what: what.to_owned(),
            position: position(i),
        }),
    }
}

pub(crate) fn batch_shape(n: usize, item: &[usize]) -> Vec<usize> {
    let mut shape = vec![n];
    shape.extend_from_slice(item);
    shape
}
