//! What a file offers: its inputs, outputs and hidden values.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::file;
use crate::proto::{Context, Dim, Element, Form, ModelProto, ValueInfo};

/// What a file offers, before it is known what is wanted of it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Listing {
    /// Those that have to be explained or fixed.
    pub inputs: Vec<FileValue>,
    /// In the order of the file.
    pub outputs: Vec<FileValue>,
    /// All other values that nodes make, in the order of the file. Exporters need not write their shapes.
    pub hidden: Vec<FileValue>,
    /// Files beside it that hold numbers of the model.
    pub beside: Vec<PathBuf>,
}

/// A value of a file, by what the file says of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FileValue {
    /// Its name.
    pub name: String,
    /// The type of its numbers, such as `float32`; `None` if they are not numbers, or the file does not say.
    pub element: Option<&'static str>,
    /// The lengths of its axes; `None` if it is not a tensor, or the file does not say.
    pub shape: Option<Vec<Length>>,
}

/// The length of an axis, by what the file says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// Always the same.
    Fixed(usize),
    /// It has a name, and the same one as others of this name.
    Named(String),
    /// Any.
    Open,
}

/// Reads what a file offers. Numbers in files beside it are not read.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/conv_net.onnx");
/// let listing = xcebra_onnx::list(path)?;
/// assert_eq!(listing.inputs[0].to_string(), "x: float32 [N, 2, 32]");
/// assert_eq!(listing.outputs[0].to_string(), "y: float32 [N, 3]");
/// # Ok::<(), xcebra_onnx::OnnxError>(())
/// ```
///
/// # Errors
/// [`OnnxError::Io`](crate::OnnxError::Io) if it cannot be read, [`OnnxError::Malformed`](crate::OnnxError::Malformed) if it is
/// not an ONNX file.
pub fn list(path: impl AsRef<Path>) -> Result<Listing> {
    listing(&file::context(path.as_ref())?)
}

fn listing(context: &Context) -> Result<Listing> {
    let graph = ModelProto::parse(context)?.graph;
    let fixed: HashSet<&String> = graph.constants.iter().map(|c| &c.name).collect();
    let inputs = graph.inputs.iter().filter(|i| !fixed.contains(&i.name));
    let told: HashMap<&String, &ValueInfo> = graph.values.iter().map(|v| (&v.name, v)).collect();
    let shown: HashSet<&String> = graph.outputs.iter().map(|o| &o.name).collect();
    let made = graph.nodes.iter().flat_map(|node| &node.outputs);
    let is_hidden = |name: &&String| !name.is_empty() && !shown.contains(name);
    let hidden = made.filter(is_hidden).map(|name| match told.get(name) {
        Some(info) => FileValue::of(info),
        None => FileValue {
            name: name.clone(),
            element: None,
            shape: None,
        },
    });
    Ok(Listing {
        inputs: inputs.map(FileValue::of).collect(),
        hidden: hidden.collect(),
        outputs: graph.outputs.iter().map(FileValue::of).collect(),
        beside: context
            .beside
            .as_ref()
            .map_or(Vec::new(), |beside| beside.files()),
    })
}

impl FileValue {
    pub(crate) fn of(info: &ValueInfo) -> Self {
        let length = |dim: &Dim| match dim {
            Dim::Fixed(n) => usize::try_from(*n).map_or(Length::Open, Length::Fixed),
            Dim::Symbol(name) if name.is_empty() => Length::Open,
            Dim::Symbol(name) => Length::Named(name.clone()),
        };
        let shape = info.shape.as_ref().filter(|_| info.form == Form::Tensor);
        Self {
            name: info.name.clone(),
            element: Element::of(info.element).map(Element::name),
            shape: shape.map(|dims| dims.iter().map(length).collect()),
        }
    }
}

/// As `x: float32 [batch, 3, ?]`, as far as it is known.
impl fmt::Display for FileValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.element.is_some() || self.shape.is_some() {
            f.write_str(":")?;
        }
        if let Some(element) = self.element {
            write!(f, " {element}")?;
        }
        if let Some(shape) = &self.shape {
            let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
            write!(f, " [{}]", lengths.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(n) => write!(f, "{n}"),
            Self::Named(name) => f.write_str(name),
            Self::Open => f.write_str("?"),
        }
    }
}
