//! What is said about a file when it is loaded.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::ArrayD;
use xcebra_model::Scalar;

use crate::error::Result;
use crate::file;
use crate::model::OnnxModel;

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
    /// In the order in which they were named.
    pub(crate) inputs: Vec<String>,
    pub(crate) output: Option<String>,
    /// For inputs without settings of their own.
    pub(crate) every: InputOptions,
    pub(crate) each: BTreeMap<String, InputOptions>,
    pub(crate) batch_axis: Option<usize>,
    pub(crate) dimensions: BTreeMap<String, usize>,
    pub(crate) constants: BTreeMap<String, ArrayD<f64>>,
    pub(crate) detached: Vec<String>,
    pub(crate) max_elements: usize,
    pub(crate) straight_through: bool,
}

/// What is said about one input.
#[derive(Clone, Debug, Default)]
pub(crate) struct InputOptions {
    pub shape: Option<Vec<usize>>,
    pub axes: Option<Vec<usize>>,
    pub signal: Option<Vec<usize>>,
}

impl Default for OnnxOptions {
    fn default() -> Self {
        Self {
            inputs: Vec::new(),
            output: None,
            every: InputOptions::default(),
            each: BTreeMap::new(),
            batch_axis: Some(0),
            dimensions: BTreeMap::new(),
            constants: BTreeMap::new(),
            detached: Vec::new(),
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

    /// The input to explain; needed where the file has several that are not fixed by
    /// [`constant`](Self::constant).
    #[must_use]
    pub fn input(self, name: impl Into<String>) -> Self {
        self.inputs([name])
    }

    /// Several inputs to explain together.
    ///
    /// A sample of the model is then their samples one after the other, each laid out flat in the order of C; so is a
    /// gradient. [`OnnxModel::parts`] says where each one is, and what shape it has.
    ///
    /// ```no_run
    /// use xcebra_onnx::{OnnxModel, OnnxOptions};
    ///
    /// let model: OnnxModel<f64> = OnnxOptions::new()
    ///     .inputs(["signal", "covariates"]) // (1, 256) and (4, 256), say
    ///     .load("forecast.onnx")?;
    /// assert_eq!(model.parts()[1].range, 256..256 + 4 * 256);
    /// # Ok::<(), xcebra_onnx::OnnxError>(())
    /// ```
    #[must_use]
    pub fn inputs<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.inputs = names.into_iter().map(Into::into).collect();
        self
    }

    /// The output to explain; needed where the file has several of real numbers. Any value inside the graph, such
    /// as the result of a hidden layer, can be named too, and so can a node.
    #[must_use]
    pub fn output(mut self, name: impl Into<String>) -> Self {
        self.output = Some(name.into());
        self
    }

    /// Shape of one sample, in the order of the file and without the batch axis; needed where the
    /// file leaves it open and no signal tells it.
    #[must_use]
    pub fn sample_shape(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.every.shape = Some(shape.into());
        self
    }

    /// As [`sample_shape`](Self::sample_shape), for one of several inputs.
    #[must_use]
    pub fn sample_shape_of(
        mut self,
        input: impl Into<String>,
        shape: impl Into<Vec<usize>>,
    ) -> Self {
        self.of(input).shape = Some(shape.into());
        self
    }

    /// Shape of the signals that will be explained, from which lengths are taken that the file leaves open.
    ///
    /// The last axes of the signal are compared with those of a sample. Axes before them count signals. They may also be in
    /// the opposite order, as in a table whose rows are times, and lack axes of length 1. The model takes samples in the
    /// order of the file all the same. Lengths that the file or another option fixes stay as they are.
    #[must_use]
    pub fn signal(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.every.signal = Some(shape.into());
        self
    }

    /// As [`signal`](Self::signal), for one of several inputs.
    #[must_use]
    pub fn signal_of(mut self, input: impl Into<String>, shape: impl Into<Vec<usize>>) -> Self {
        self.of(input).signal = Some(shape.into());
        self
    }

    /// Another order of a sample's axes: axis `i` of what the model is given is axis `axes[i]` of
    /// the file's sample. With `[1, 0]`, a model of `[channels, time]` takes `[time, channels]`.
    #[must_use]
    pub fn sample_axes(mut self, axes: impl Into<Vec<usize>>) -> Self {
        self.every.axes = Some(axes.into());
        self
    }

    /// As [`sample_axes`](Self::sample_axes), for one of several inputs.
    #[must_use]
    pub fn sample_axes_of(mut self, input: impl Into<String>, axes: impl Into<Vec<usize>>) -> Self {
        self.of(input).axes = Some(axes.into());
        self
    }

    fn of(&mut self, input: impl Into<String>) -> &mut InputOptions {
        self.each.entry(input.into()).or_default()
    }

    /// What is said about the input of this name.
    pub(crate) fn about(&self, input: &str) -> InputOptions {
        let own = self.each.get(input).cloned().unwrap_or_default();
        InputOptions {
            shape: own.shape.or_else(|| self.every.shape.clone()),
            axes: own.axes.or_else(|| self.every.axes.clone()),
            signal: own.signal.or_else(|| self.every.signal.clone()),
        }
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

    /// Fixes another input of the file, such as a mask or an initial state, to these numbers. An array without the batch
    /// axis of the input is one sample of it, which is the same for all.
    #[must_use]
    pub fn constant(mut self, name: impl Into<String>, value: ArrayD<f64>) -> Self {
        self.constants.insert(name.into(), value);
        self
    }

    /// Stops derivatives at a value of the file, as `detach` does in PyTorch: what is computed from it counts as if it did not
    /// depend on the input. A node stands for its outputs.
    ///
    /// ONNX has no such operator. A network that was trained with statistics of the signal detached (`RevIN`, for example) has
    /// derivatives through them in its file. The value of the model stays the same.
    #[must_use]
    pub fn detach(mut self, name: impl Into<String>) -> Self {
        self.detached.push(name.into());
        self
    }

    /// Most numbers in all tensors of one evaluation together, beside some for each number that the file has: 2²⁷ (1 GiB in
    /// `f64`) by default. What a damaged file makes us allocate is bounded by a small multiple of it and of the lengths of
    /// the file and of those beside it.
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

    /// Reads a file. Numbers may be in files beside it, inside its folder.
    ///
    /// # Errors
    /// [`OnnxError::Io`](crate::OnnxError::Io) if it cannot be read, and as [`from_bytes`](Self::from_bytes).
    pub fn load<A: Scalar>(&self, path: impl AsRef<Path>) -> Result<OnnxModel<A>> {
        OnnxModel::new(&file::context(path.as_ref())?, self)
    }

    /// Reads the bytes of a file that has all its numbers inside.
    ///
    /// # Errors
    /// Another [`OnnxError`](crate::OnnxError) for each thing that can be wrong with a file; each says which node or
    /// tensor it is about and what to do.
    pub fn from_bytes<A: Scalar>(&self, bytes: &[u8]) -> Result<OnnxModel<A>> {
        OnnxModel::new(&file::context_of_bytes(bytes), self)
    }
}
