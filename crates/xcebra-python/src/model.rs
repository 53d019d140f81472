//! Models: functions of Python, and networks that run here.

use std::sync::Arc;

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};
use numpy::{IntoPyArray, PyReadonlyArrayDyn};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xcebra::model::{FnModel, Model, ModelError};

use crate::caller::Caller;

/// A model as it comes from Python.
pub(crate) enum Given {
    /// Functions of NumPy arrays; see `xcebra.models.Model`.
    Functions(Functions),
    /// A network that is computed here.
    Native(NativeModel),
}

/// A model of functions of NumPy arrays, before it is known who calls them.
#[derive(Clone)]
pub(crate) struct Functions {
    object: Arc<Py<PyAny>>,
    input_shape: Vec<usize>,
    outputs: usize,
    /// Relative step of differences, for functions without a gradient.
    difference_step: Option<f64>,
}

/// A network that is computed here.
#[pyclass(frozen, module = "xcebra._xcebra")]
#[derive(Clone)]
pub(crate) struct NativeModel {
    pub(crate) model: Arc<dyn Model<f64>>,
    /// Relative precision of its arithmetic.
    pub(crate) precision: f64,
    /// Names and shapes of its inputs, if there are several.
    pub(crate) parts: Vec<(String, Vec<usize>)>,
}

#[pymethods]
impl NativeModel {
    /// Shape of one sample.
    #[getter]
    fn input_shape(&self) -> Vec<usize> {
        self.model.input_shape().to_vec()
    }

    /// Names and shapes of the inputs, if there are several; the model takes them flat.
    #[getter]
    fn parts(&self) -> Vec<(String, Vec<usize>)> {
        self.parts.clone()
    }

    /// Number of outputs.
    #[getter]
    fn outputs(&self) -> usize {
        self.model.output_dim()
    }
}

impl Given {
    /// The model of a Python object.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(native) = object.cast::<NativeModel>() {
            return Ok(Self::Native(native.get().clone()));
        }
        Ok(Self::Functions(Functions {
            input_shape: object.getattr("input_shape")?.extract()?,
            outputs: object.getattr("outputs")?.extract()?,
            difference_step: object.getattr("difference_step")?.extract()?,
            object: Arc::new(object.clone().unbind()),
        }))
    }

    /// Relative precision of its arithmetic, as far as it is known.
    pub(crate) fn precision(&self) -> f64 {
        match self {
            Self::Native(native) => native.precision,
            Self::Functions(_) => f64::EPSILON,
        }
    }

    /// The model; calls of functions go to `caller`.
    pub(crate) fn called(&self, caller: &Caller) -> Result<Arc<dyn Model<f64>>, ModelError> {
        let functions = match self {
            Self::Native(native) => return Ok(Arc::clone(&native.model)),
            Self::Functions(functions) => functions.clone(),
        };
        let (step, shape) = (functions.difference_step, functions.input_shape.clone());
        let outputs = functions.outputs;
        let caller = caller.clone();
        let called = Called { functions, caller };
        match step {
            None => Ok(Arc::new(called)),
            Some(step) => {
                let model = FnModel::black_box(shape, outputs, move |x| called.forward(x));
                Ok(Arc::new(model.step(step)))
            }
        }
    }
}

/// A model of functions, and who calls them.
struct Called {
    functions: Functions,
    caller: Caller,
}

impl Called {
    fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T> + Send + 'static,
    ) -> Result<T, ModelError> {
        let object = Arc::clone(&self.functions.object);
        self.caller.call(move |py| call(object.bind(py)))
    }
}

impl Model<f64> for Called {
    fn input_shape(&self) -> &[usize] {
        &self.functions.input_shape
    }

    fn output_dim(&self) -> usize {
        self.functions.outputs
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let shape = [x.shape()[0], self.functions.outputs];
        let x = x.to_owned();
        self.ask(move |model| {
            let value = model.call_method1("forward", (x.into_pyarray(model.py()),))?;
            matrix(&value, shape)
        })
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        Ok(self.value_and_vjp(x, cotangent)?.1)
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<(Array2<f64>, ArrayD<f64>), ModelError> {
        let shape = [x.shape()[0], self.functions.outputs];
        let (x, cotangent) = (x.to_owned(), cotangent.to_owned());
        self.ask(move |model| {
            let (py, input) = (model.py(), x.shape().to_vec());
            let arguments = (x.into_pyarray(py), cotangent.into_pyarray(py));
            let both = model.call_method1("value_and_vjp", arguments)?;
            let (value, gradient): (Bound<'_, PyAny>, Bound<'_, PyAny>) = both.extract()?;
            Ok((matrix(&value, shape)?, array(&gradient, &input)?))
        })
    }
}

fn matrix(found: &Bound<'_, PyAny>, shape: [usize; 2]) -> PyResult<Array2<f64>> {
    let values = array(found, &shape)?;
    Ok(values.into_dimensionality().expect("the shape was checked"))
}

/// A copy of an array of `float64` of this shape; the layer in Python converts and words what is wrong.
fn array(found: &Bound<'_, PyAny>, shape: &[usize]) -> PyResult<ArrayD<f64>> {
    let found: PyReadonlyArrayDyn<'_, f64> = found.extract()?;
    let found = found.as_array();
    if found.shape() != shape {
        return Err(PyValueError::new_err(format!(
            "the model returned an array of shape {:?}, expected {shape:?}",
            found.shape()
        )));
    }
    Ok(found.to_owned())
}
