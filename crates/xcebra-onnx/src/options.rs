//! What is said about a file when it is loaded.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ndarray::ArrayD;
use xcebra_model::Scalar;

use crate::error::{OnnxError, Result};
use crate::model::OnnxModel;

/// Largest file, in bytes.
const MOST_BYTES: usize = 1 << 30;

/// How to read a file; the defaults fit a model with one input, one output and the batch as its
/// first axis.
///
/// ```no_run
/// use xcebra_onnx::{OnnxModel, OnnxOptions};
///
/// let model: OnnxModel<f32> = OnnxOptions::new()
///     .output("logits")
///     .dimension("time", 256)
///     .load("encoder.onnx")?;
/// # Ok::<(), xcebra_onnx::OnnxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OnnxOptions {
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) sample_shape: Option<Vec<usize>>,
    pub(crate) sample_axes: Option<Vec<usize>>,
    pub(crate) batch_axis: Option<usize>,
    pub(crate) dimensions: BTreeMap<String, usize>,
    pub(crate) constants: BTreeMap<String, ArrayD<f64>>,
    pub(crate) max_elements: usize,
    pub(crate) straight_through: bool,
}

impl Default for OnnxOptions {
    fn default() -> Self {
        Self {
            input: None,
            output: None,
            sample_shape: None,
            sample_axes: None,
            batch_axis: Some(0),
            dimensions: BTreeMap::new(),
            constants: BTreeMap::new(),
            max_elements: 1 << 27,
            straight_through: false,
        }
    }
}

impl OnnxOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The input to differentiate by; needed where the file has several.
    #[must_use]
    pub fn input(mut self, name: impl Into<String>) -> Self {
        self.input = Some(name.into());
        self
    }

    /// The output to explain; needed where the file has several. Any value inside the graph, such
    /// as the result of a hidden layer, can be named too.
    #[must_use]
    pub fn output(mut self, name: impl Into<String>) -> Self {
        self.output = Some(name.into());
        self
    }

    /// Shape of one sample, in the order of the file and without the batch axis; needed where the
    /// file leaves it open.
    #[must_use]
    pub fn sample_shape(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.sample_shape = Some(shape.into());
        self
    }

    /// Another order of a sample's axes: axis `i` of what the model is given is axis `axes[i]` of
    /// the file's sample. With `[1, 0]`, a model of `[channels, time]` takes `[time, channels]`.
    #[must_use]
    pub fn sample_axes(mut self, axes: impl Into<Vec<usize>>) -> Self {
        self.sample_axes = Some(axes.into());
        self
    }

    /// The axis of the input that counts the samples; 0 by default. Recurrent networks often have
    /// `[time, batch, features]`, where it is 1.
    #[must_use]
    pub fn batch_axis(mut self, axis: usize) -> Self {
        self.batch_axis = Some(axis);
        self
    }

    /// Says that the input has no batch axis: it is one sample.
    #[must_use]
    pub fn no_batch_axis(mut self) -> Self {
        self.batch_axis = None;
        self
    }

    /// The length of an axis that the file only names.
    #[must_use]
    pub fn dimension(mut self, name: impl Into<String>, length: usize) -> Self {
        self.dimensions.insert(name.into(), length);
        self
    }

    /// Fixes another input of the file, such as a mask or an initial state, to these numbers.
    #[must_use]
    pub fn constant(mut self, name: impl Into<String>, value: ArrayD<f64>) -> Self {
        self.constants.insert(name.into(), value);
        self
    }

    /// Most numbers in all tensors of one evaluation together, 2²⁷ (1 GiB in `f64`) by default. What
    /// a damaged file makes us allocate is bounded by a small multiple of it and of its own length.
    #[must_use]
    pub fn max_elements(mut self, limit: usize) -> Self {
        self.max_elements = limit;
        self
    }

    /// Gives quantisation (`QuantizeLinear`, `DynamicQuantizeLinear`) the derivative 1 inside its range and
    /// 0 outside, as if it did not round, which is how networks with fake quantisation are trained. By
    /// default its derivative is 0, as the derivative of any rounding is, and no gradient passes through it
    /// ([`OnnxModel::piecewise_constant`] names the nodes).
    #[must_use]
    pub fn straight_through(mut self) -> Self {
        self.straight_through = true;
        self
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`OnnxError::Io`] if it cannot be read, [`OnnxError::Limit`] beyond 1 GiB, and as
    /// [`from_bytes`](Self::from_bytes).
    pub fn load<A: Scalar>(&self, path: impl AsRef<Path>) -> Result<OnnxModel<A>> {
        let path = path.as_ref();
        let failure = |source| OnnxError::Io {
            path: path.to_owned(),
            source,
        };
        let length = fs::metadata(path).map_err(failure)?.len();
        check_length(usize::try_from(length).unwrap_or(usize::MAX))?;
        self.from_bytes(&fs::read(path).map_err(failure)?)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// Another [`OnnxError`] for each thing that can be wrong with a file; each says which node or
    /// tensor it is about and what to do.
    pub fn from_bytes<A: Scalar>(&self, bytes: &[u8]) -> Result<OnnxModel<A>> {
        check_length(bytes.len())?;
        OnnxModel::new(bytes, self)
    }
}

fn check_length(length: usize) -> Result<()> {
    if length <= MOST_BYTES {
        return Ok(());
    }
    Err(OnnxError::Limit {
        what: format!("the length of the file, {length} bytes,"),
        limit: MOST_BYTES,
        advice: "export a smaller model",
    })
}
