//! Signals of several parts, such as the inputs of a model, each in its own domain.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, Axis, Slice, concatenate};
use num_complex::Complex;
use xcebra_model::Scalar;

use crate::axes::{Axes, AxisLabels, Group, Role, Ticks};
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::{CdigError, Result};

/// Several signals laid out flat, one after the other, each in a domain of its own.
///
/// It fits a model of several inputs that takes them so: the attributions of all coefficients of all parts add up to
/// the change of the output. Coefficients are on one axis, those of the first part first; its groups are the parts.
/// [`part`](Self::part) gives the coefficients of one part their shape again.
///
/// Real, affine and exact if all parts are.
///
/// ```
/// use cdig::domains::Joined;
/// use cdig::{Domain, RealFourier, Time};
/// use ndarray::ArrayD;
///
/// // a signal in its spectrum, and three covariates as they are
/// let domain = Joined::<f64>::new([
///     ("signal", Box::new(RealFourier::new(&[2, 8], 8.0)?) as Box<dyn Domain<f64>>),
///     ("covariates", Box::new(Time::new(&[3])?) as Box<dyn Domain<f64>>),
/// ])?;
/// assert_eq!((domain.signal_shape(), domain.coefficient_shape()), (&[19][..], &[13][..]));
/// let coefficients = ArrayD::<f64>::zeros(vec![13]);
/// assert_eq!(domain.part(coefficients.view(), 0)?.shape(), [2, 5]);
/// # Ok::<(), cdig::CdigError>(())
/// ```
#[derive(Clone)]
pub struct Joined<A: Scalar> {
    parts: Vec<Part<A>>,
    name: String,
    signal_shape: [usize; 1],
    coefficient_shape: [usize; 1],
}

#[derive(Clone)]
struct Part<A: Scalar> {
    name: String,
    domain: Arc<dyn Domain<A>>,
    /// Its numbers among those of the signal.
    signal: Range<usize>,
    /// Its coefficients among all.
    coefficients: Range<usize>,
}

impl<A: Scalar> Joined<A> {
    /// The parts in their order, each with its name.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there are none, or two have one name.
    pub fn new<N: Into<String>, D: Into<Arc<dyn Domain<A>>>>(
        parts: impl IntoIterator<Item = (N, D)>,
    ) -> Result<Self> {
        let count = |shape: &[usize]| shape.iter().product::<usize>();
        let (mut signals, mut coefficients) = (0, 0);
        let part = |(name, domain): (N, D)| {
            let domain = domain.into();
            let first = (signals, coefficients);
            signals += count(domain.signal_shape());
            coefficients += count(domain.coefficient_shape());
            Part {
                name: name.into(),
                domain,
                signal: first.0..signals,
                coefficients: first.1..coefficients,
            }
        };
        let parts: Vec<Part<A>> = parts.into_iter().map(part).collect();
        if parts.is_empty() {
            return Err(CdigError::parameter(
                "the list of parts",
                "empty",
                "at least one part",
            ));
        }
        for (i, part) in parts.iter().enumerate() {
            if parts[..i].iter().any(|other| other.name == part.name) {
                return Err(CdigError::parameter(
                    "the name of a part",
                    format!("'{}' twice", part.name),
                    "another name for each part",
                ));
            }
        }
        let names = parts
            .iter()
            .map(|p| format!("{}={}", p.name, p.domain.name()));
        Ok(Self {
            name: names.collect::<Vec<_>>().join(" "),
            parts,
            signal_shape: [signals],
            coefficient_shape: [coefficients],
        })
    }

    /// The coefficients of one part of an array that ends with those of all, in their shape.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if the last axis does not hold the coefficients of all parts, [`CdigError::Parameter`] if
    /// there is no such part.
    pub fn part<T: Clone>(&self, array: ArrayViewD<'_, T>, part: usize) -> Result<ArrayD<T>> {
        let Some(part) = self.parts.get(part) else {
            return Err(CdigError::parameter(
                "the part",
                part,
                format!("a number below {}", self.parts.len()),
            ));
        };
        if array.shape().last() != Some(&self.coefficient_shape[0]) {
            return Err(CdigError::Shape {
                what: "the coefficients of all parts".into(),
                found: array.shape().to_vec(),
                expected: format!("a shape that ends with {:?}", self.coefficient_shape),
                advice: None,
            });
        }
        let last = Axis(array.ndim() - 1);
        let own = array.slice_axis(last, Slice::from(part.coefficients.clone()));
        let leading = &array.shape()[..last.index()];
        Ok(shaped(&own, leading, part.domain.coefficient_shape()))
    }

    /// What `f` gives for each part, `n` rows each, flat and one after the other; `range` is where it belongs.
    fn each<T: Clone>(
        &self,
        n: usize,
        range: fn(&Part<A>) -> &Range<usize>,
        f: impl Fn(&Part<A>) -> Result<ArrayD<T>>,
    ) -> Result<ArrayD<T>> {
        let all = self.parts.iter().map(|part| {
            let found = f(part)?;
            Ok(shaped(&found.view(), &[n], &[range(part).len()]))
        });
        let all: Vec<ArrayD<T>> = all.collect::<Result<_>>()?;
        let views: Vec<_> = all.iter().map(|part| part.view()).collect();
        Ok(concatenate(Axis(1), &views).expect("as many rows"))
    }
}

/// The entries in the order of C, with other axes behind the leading ones.
fn shaped<T: Clone>(array: &ArrayViewD<'_, T>, leading: &[usize], shape: &[usize]) -> ArrayD<T> {
    let array = array.as_standard_layout().into_owned();
    let shape = [leading, shape].concat();
    array.into_shape_with_order(shape).expect("as many entries")
}

/// The entries of a range along axis 1, in a shape.
fn cut<T: Clone>(array: &ArrayViewD<'_, T>, range: &Range<usize>, shape: &[usize]) -> ArrayD<T> {
    let own = array.slice_axis(Axis(1), Slice::from(range.clone()));
    shaped(&own, &[array.shape()[0]], shape)
}

impl<A: Scalar> Domain<A> for Joined<A> {
    fn name(&self) -> &str {
        &self.name
    }

    fn signal_shape(&self) -> &[usize] {
        &self.signal_shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.coefficient_shape
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        let n = batch_len("the signals", &self.signal_shape, signals.shape())?;
        self.each(
            n,
            |part| &part.coefficients,
            |part| {
                let own = cut(&signals, &part.signal, part.domain.signal_shape());
                part.domain.forward(own.view())
            },
        )
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let n = batch_len(
            "the coefficients",
            &self.coefficient_shape,
            coefficients.shape(),
        )?;
        self.each(
            n,
            |part| &part.signal,
            |part| {
                let shape = part.domain.coefficient_shape();
                let own = cut(&coefficients, &part.coefficients, shape);
                part.domain.inverse(own.view())
            },
        )
    }

    /// That of each part.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let (points, signal) = (coefficients.shape(), &self.signal_shape);
        let n = vjp_len(&self.coefficient_shape, points, signal, cotangent.shape())?;
        self.each(
            n,
            |part| &part.coefficients,
            |part| {
                let shape = part.domain.coefficient_shape();
                let own = cut(&coefficients, &part.coefficients, shape);
                let pulled = cut(&cotangent, &part.signal, part.domain.signal_shape());
                part.domain.inverse_vjp(own.view(), pulled.view())
            },
        )
    }

    fn is_real(&self) -> bool {
        self.parts.iter().all(|part| part.domain.is_real())
    }

    fn has_affine_inverse(&self) -> bool {
        self.parts
            .iter()
            .all(|part| part.domain.has_affine_inverse())
    }

    fn is_exact(&self) -> bool {
        self.parts.iter().all(|part| part.domain.is_exact())
    }

    fn axes(&self) -> Axes {
        let parts = self.parts.iter().map(|part| part.domain.axes()).collect();
        let group = |part: &Part<A>| Group {
            name: part.name.clone(),
            members: part.coefficients.clone().collect(),
        };
        let groups = self.parts.iter().map(group).collect();
        let axis = AxisLabels::new(Role::Coefficient, "", Ticks::Flat(parts));
        Axes::new(vec![axis.with_groups(groups)])
    }
}

impl<A: Scalar> fmt::Debug for Joined<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Joined").field(&self.name).finish()
    }
}
