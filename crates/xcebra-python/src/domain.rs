//! Domains: by name, from given arrays, or written in Python.

use std::sync::Arc;

use ndarray::{Array2, ArrayD, ArrayViewD};
use num_complex::{Complex, Complex64};
use numpy::{IntoPyArray, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArrayDyn};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xcebra::cdig::axes::{Axes, AxisLabels, Role};
use xcebra::cdig::catalogue::{Built, DomainSpec, Setting};
use xcebra::cdig::domains::{Basis, Stft, WithRemainder, batch_len, vjp_len};
use xcebra::cdig::{CdigError, Domain};
use xcebra::model::ModelError;

use crate::caller::Caller;
use crate::error::exception;
use crate::inputs::Part;

/// A domain as it was asked for.
pub(crate) enum Asked {
    /// By its name, such as `stft:64:16`.
    Named(DomainSpec),
    /// A short-time Fourier transform with a given window.
    Windowed { window: Vec<f64>, hop: usize },
    /// Mixtures along an axis, such as independent components fitted elsewhere.
    Mixed {
        axis: usize,
        offset: Vec<f64>,
        mixing: Array2<f64>,
        names: Option<Vec<String>>,
    },
    /// Several inputs of a model, each in its own domain.
    Joined(Vec<Part>),
    /// Written in Python.
    Own(Arc<Py<PyAny>>, Shapes),
}

/// What a domain written in Python says about itself.
#[derive(Clone, FromPyObject)]
pub(crate) struct Shapes {
    name: String,
    signal_shape: Vec<usize>,
    coefficient_shape: Vec<usize>,
    is_real: bool,
    has_affine_inverse: bool,
    is_exact: bool,
    axes: Vec<Said>,
}

/// What a domain written in Python says about one axis of its coefficients.
#[derive(Clone, FromPyObject)]
pub(crate) struct Said {
    role: String,
    unit: String,
    values: Option<Vec<f64>>,
    names: Option<Vec<String>>,
}

impl Asked {
    /// What each of several objects asks for.
    pub(crate) fn all(objects: &[Bound<'_, PyAny>]) -> PyResult<Vec<Self>> {
        objects.iter().map(Self::of).collect()
    }

    /// What a Python object asks for: a name, an object of `xcebra.domains`, or a domain written in Python.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(name) = object.extract::<String>() {
            return Ok(Self::Named(name.parse::<DomainSpec>().map_err(exception)?));
        }
        let kind = object.getattr_opt("_kind")?;
        let kind: Option<String> = kind.map(|kind| kind.extract()).transpose()?;
        Ok(match kind.as_deref() {
            Some("named") => return Self::of(&object.getattr("name")?),
            Some("windowed") => Self::Windowed {
                window: object
                    .getattr("window")?
                    .extract::<PyReadonlyArray1<'_, f64>>()?
                    .as_array()
                    .to_vec(),
                hop: object.getattr("hop")?.extract()?,
            },
            Some("mixed") => Self::Mixed {
                axis: object.getattr("axis")?.extract()?,
                offset: object
                    .getattr("offset")?
                    .extract::<PyReadonlyArray1<'_, f64>>()?
                    .as_array()
                    .to_vec(),
                mixing: object
                    .getattr("mixing")?
                    .extract::<PyReadonlyArray2<'_, f64>>()?
                    .as_array()
                    .to_owned(),
                names: object.getattr("names")?.extract()?,
            },
            Some("joined") => Self::Joined(Part::all(object)?),
            Some("own") => Self::Own(Arc::new(object.clone().unbind()), object.extract()?),
            _ => {
                return Err(PyValueError::new_err(format!(
                    "{} is not a domain; pass a name such as \"stft:64:16\", or an object of \
                     xcebra.domains",
                    object.repr()?
                )));
            }
        })
    }

    /// The domain of signals as `setting` describes them; one written in Python is called through `caller`.
    pub(crate) fn build(&self, setting: &Setting<'_>, caller: &Caller) -> Result<Built, CdigError> {
        let domain: Box<dyn Domain<f64>> = match self {
            Self::Named(spec) => return spec.build(setting),
            Self::Windowed { window, hop } => {
                let domain = Stft::new(&setting.shape, setting.hz(), window, *hop)?;
                Box::new(domain.along(setting.time_axis)?)
            }
            Self::Mixed {
                axis,
                offset,
                mixing,
                names,
            } => {
                let shape = &setting.shape;
                let mut basis = Basis::from_mixing(shape, *axis, offset, mixing.view())?;
                if *axis != setting.time_axis {
                    basis = basis.over_time(setting.time_axis, setting.sampling_rate)?;
                }
                if let Some(names) = names {
                    basis = basis.names(names.iter().cloned())?;
                }
                match mixing.nrows() == mixing.ncols() {
                    true => Box::new(basis),
                    false => Box::new(WithRemainder::new(basis)),
                }
            }
            Self::Joined(parts) => {
                let built = Part::build(parts, setting, caller)?;
                Box::new(Part::join(parts, &built)?)
            }
            Self::Own(object, shapes) => Box::new(OwnDomain {
                object: Arc::clone(object),
                shapes: shapes.clone(),
                caller: caller.clone(),
            }),
        };
        Ok(Built::new(domain.name().to_owned(), domain, setting))
    }
}

/// A domain written in Python, called on the thread that asked for the explanation.
struct OwnDomain {
    object: Arc<Py<PyAny>>,
    shapes: Shapes,
    caller: Caller,
}

impl OwnDomain {
    fn call<T, const N: usize>(
        &self,
        method: &'static str,
        arguments: [Argument; N],
        shape: Vec<usize>,
    ) -> Result<ArrayD<T>, CdigError>
    where
        T: numpy::Element + Copy + Send + 'static,
    {
        let object = Arc::clone(&self.object);
        let found = self.caller.call(move |py| {
            let arguments = arguments.map(|argument| argument.into_python(py));
            let tuple = pyo3::types::PyTuple::new(py, arguments)?;
            let found = object.bind(py).call_method1(method, tuple)?;
            let found: PyReadonlyArrayDyn<'_, T> = found.extract()?;
            let found = found.as_array();
            match found.shape() == shape {
                true => Ok(found.to_owned()),
                false => Err(PyValueError::new_err(format!(
                    "{method} of the domain returned an array of shape {:?}, expected {shape:?}",
                    found.shape()
                ))),
            }
        });
        found.map_err(|error| match error {
            ModelError::Stopped => CdigError::Model(ModelError::Stopped),
            other => CdigError::domain(&self.shapes.name, other),
        })
    }
}

/// An array for a method of a domain.
enum Argument {
    Real(ArrayD<f64>),
    Complex(ArrayD<Complex64>),
}

impl Argument {
    fn into_python(self, py: Python<'_>) -> Bound<'_, PyAny> {
        match self {
            Self::Real(array) => array.into_pyarray(py).into_any(),
            Self::Complex(array) => array.into_pyarray(py).into_any(),
        }
    }
}

fn batched(n: usize, shape: &[usize]) -> Vec<usize> {
    [&[n], shape].concat()
}

impl Domain<f64> for OwnDomain {
    fn name(&self) -> &str {
        &self.shapes.name
    }

    fn signal_shape(&self) -> &[usize] {
        &self.shapes.signal_shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.shapes.coefficient_shape
    }

    fn forward(&self, signals: ArrayViewD<'_, f64>) -> Result<ArrayD<Complex<f64>>, CdigError> {
        let n = batch_len("the signals", self.signal_shape(), signals.shape())?;
        let shape = batched(n, self.coefficient_shape());
        self.call("_forward", [Argument::Real(signals.to_owned())], shape)
    }

    fn inverse(
        &self,
        coefficients: ArrayViewD<'_, Complex<f64>>,
    ) -> Result<ArrayD<f64>, CdigError> {
        let n = batch_len(
            "the coefficients",
            self.coefficient_shape(),
            coefficients.shape(),
        )?;
        let shape = batched(n, self.signal_shape());
        self.call(
            "_inverse",
            [Argument::Complex(coefficients.to_owned())],
            shape,
        )
    }

    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<f64>>,
        cotangent: ArrayViewD<'_, f64>,
    ) -> Result<ArrayD<Complex<f64>>, CdigError> {
        let n = vjp_len(
            self.coefficient_shape(),
            coefficients.shape(),
            self.signal_shape(),
            cotangent.shape(),
        )?;
        let shape = batched(n, self.coefficient_shape());
        let arguments = [
            Argument::Complex(coefficients.to_owned()),
            Argument::Real(cotangent.to_owned()),
        ];
        self.call("_inverse_vjp", arguments, shape)
    }

    fn is_real(&self) -> bool {
        self.shapes.is_real
    }

    fn has_affine_inverse(&self) -> bool {
        self.shapes.has_affine_inverse
    }

    fn is_exact(&self) -> bool {
        self.shapes.is_exact
    }

    fn axes(&self) -> Axes {
        if self.shapes.axes.is_empty() {
            let axes = self.coefficient_shape().iter().enumerate();
            let axes = axes.map(|(i, &len)| AxisLabels::indices(Role::Axis(i), len));
            return Axes::new(axes.collect());
        }
        let axes = self.shapes.axes.iter().zip(self.coefficient_shape());
        let axes = axes.map(|(said, &len)| {
            let role = role(&said.role);
            match (&said.values, &said.names) {
                (Some(values), _) => AxisLabels::numbers(role, &said.unit, values.clone()),
                (None, Some(names)) => AxisLabels::names(role, names.iter().cloned()),
                (None, None) => AxisLabels::indices(role, len),
            }
        });
        Axes::new(axes.collect())
    }
}

fn role(name: &str) -> Role {
    match name {
        "channel" => Role::Channel,
        "time" => Role::Time,
        "frequency" => Role::Frequency,
        "quefrency" => Role::Quefrency,
        "component" => Role::Component,
        "part" => Role::Part,
        other => Role::Other(other.to_owned()),
    }
}
