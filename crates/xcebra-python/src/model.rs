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
    pub(crate) fn called(&self, caller: &Caller) -> Arc<dyn Model<f64>> {
        match self {
            Self::Native(native) => Arc::clone(&native.model),
            Self::Functions(functions) => {
                let (called, caller) = (functions.clone(), caller.clone());
                functions.evaluated(move |asked| called.evaluate(&caller, asked))
            }
        }
    }
}

/// A question to a model of functions.
pub(crate) struct Asked {
    /// Samples `(n, …)`.
    pub(crate) x: ArrayD<f64>,
    /// Weights of the outputs `(n, outputs)`, if gradients are wanted.
    pub(crate) cotangent: Option<Array2<f64>>,
    /// Whether values are wanted.
    pub(crate) value: bool,
}

/// What was asked for: values `(n, outputs)`, gradients `(n, …)`.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) value: Option<Array2<f64>>,
    pub(crate) gradient: Option<ArrayD<f64>>,
}

impl Functions {
    /// The model of these functions, when `evaluate` answers for them.
    pub(crate) fn evaluated(
        &self,
        evaluate: impl Fn(Asked) -> Result<Answer, ModelError> + Send + Sync + 'static,
    ) -> Arc<dyn Model<f64>> {
        let evaluated = Evaluated {
            input_shape: self.input_shape.clone(),
            outputs: self.outputs,
            evaluate,
        };
        let Some(step) = self.difference_step else {
            return Arc::new(evaluated);
        };
        let shape = self.input_shape.clone();
        let model = FnModel::black_box(shape, self.outputs, move |x| evaluated.forward(x));
        Arc::new(model.step(step))
    }

    /// Numbers in one sample.
    pub(crate) fn inputs(&self) -> usize {
        self.input_shape.iter().product()
    }

    /// The answer of the functions themselves, called on the thread that asked for the job.
    pub(crate) fn evaluate(&self, caller: &Caller, asked: Asked) -> Result<Answer, ModelError> {
        let object = Arc::clone(&self.object);
        let outputs = self.outputs;
        caller.call(move |py| {
            let model = object.bind(py);
            let input = asked.x.shape().to_vec();
            let output = [input[0], outputs];
            let x = asked.x.into_pyarray(py);
            let Some(cotangent) = asked.cotangent else {
                let found = model.call_method1("forward", (x,))?;
                return Ok(Answer {
                    value: Some(matrix(&found, output)?),
                    gradient: None,
                });
            };
            let arguments = (x, cotangent.into_pyarray(py));
            if !asked.value {
                let found = model.call_method1("vjp", arguments)?;
                return Ok(Answer {
                    value: None,
                    gradient: Some(array(&found, &input)?),
                });
            }
            let both = model.call_method1("value_and_vjp", arguments)?;
            let (value, gradient): (Bound<'_, PyAny>, Bound<'_, PyAny>) = both.extract()?;
            Ok(Answer {
                value: Some(matrix(&value, output)?),
                gradient: Some(array(&gradient, &input)?),
            })
        })
    }
}

/// A model of functions, with someone who answers for them.
struct Evaluated<F> {
    input_shape: Vec<usize>,
    outputs: usize,
    evaluate: F,
}

impl<F: Fn(Asked) -> Result<Answer, ModelError> + Send + Sync> Evaluated<F> {
    fn ask(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: Option<ArrayView2<'_, f64>>,
        value: bool,
    ) -> Result<Answer, ModelError> {
        (self.evaluate)(Asked {
            x: x.as_standard_layout().into_owned(),
            cotangent: cotangent.map(|c| c.as_standard_layout().into_owned()),
            value,
        })
    }
}

impl<F: Fn(Asked) -> Result<Answer, ModelError> + Send + Sync> Model<f64> for Evaluated<F> {
    fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    fn output_dim(&self) -> usize {
        self.outputs
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let found = self.ask(x, None, true)?;
        Ok(found.value.expect("it was asked for"))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        let found = self.ask(x, Some(cotangent), false)?;
        Ok(found.gradient.expect("it was asked for"))
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<(Array2<f64>, ArrayD<f64>), ModelError> {
        let found = self.ask(x, Some(cotangent), true)?;
        let (value, gradient) = (found.value, found.gradient);
        let asked = "it was asked for";
        Ok((value.expect(asked), gradient.expect(asked)))
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
    Ok(found.as_standard_layout().into_owned())
}
