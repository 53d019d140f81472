//! Paths that are not straight.

use std::sync::Arc;

use ndarray::ArrayD;
use num_complex::Complex64;
use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;
use xcebra::cdig::Path;

use crate::caller::Caller;

/// A path that is not straight.
#[derive(FromPyObject)]
pub(crate) enum PathGiven<'py> {
    /// Points `(m, …)` of a polyline.
    Polyline(PyReadonlyArrayDyn<'py, Complex64>),
    /// A function of the position that gives the point and the derivative.
    Curve(Py<PyAny>),
}

/// A path that has let go of Python.
pub(crate) enum PathOwned {
    Polyline(ArrayD<Complex64>),
    Curve(Arc<Py<PyAny>>),
}

impl PathOwned {
    pub(crate) fn of(given: PathGiven<'_>) -> Self {
        match given {
            PathGiven::Polyline(points) => Self::Polyline(points.as_array().to_owned()),
            PathGiven::Curve(function) => Self::Curve(Arc::new(function)),
        }
    }

    pub(crate) fn called(self, caller: &Caller) -> Path<f64> {
        let function = match self {
            Self::Polyline(points) => return Path::Polyline(points),
            Self::Curve(function) => function,
        };
        let part = |which: usize| {
            let (function, caller) = (Arc::clone(&function), caller.clone());
            move |position: f64| {
                let function = Arc::clone(&function);
                let found = caller.call(move |py| {
                    let both = function.bind(py).call1((position,))?;
                    let part: PyReadonlyArrayDyn<'_, Complex64> =
                        both.get_item(which)?.extract()?;
                    Ok(part.as_array().to_owned())
                });
                // the exception itself stops the job
                found.unwrap_or_else(|_| ArrayD::zeros(vec![0]))
            }
        };
        Path::curve(part(0), part(1))
    }
}
