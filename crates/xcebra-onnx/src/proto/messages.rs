//! The messages of `onnx.proto`, as far as they are needed.

use std::cell::Cell;

use super::literal::Literal;
use super::wire::Reader;
use crate::error::{OnnxError, Result};

/// A file.
#[derive(Debug, Default)]
pub struct ModelProto {
    /// Version of the standard operators.
    pub opset: i64,
    pub graph: GraphProto,
}

/// A computation.
#[derive(Debug, Default)]
pub struct GraphProto {
    pub nodes: Vec<NodeProto>,
    pub constants: Vec<Literal>,
    pub inputs: Vec<ValueInfo>,
    pub outputs: Vec<ValueInfo>,
}

/// One operation; an empty name among the inputs or outputs means that it is left out.
#[derive(Debug, Default)]
pub struct NodeProto {
    pub name: String,
    pub op: String,
    pub domain: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<Attribute>,
}

/// A setting of an operation.
#[derive(Debug, Default)]
pub struct Attribute {
    pub name: String,
    pub float: Option<f64>,
    pub int: Option<i64>,
    pub text: Option<String>,
    pub tensor: Option<Literal>,
    pub floats: Vec<f64>,
    pub ints: Vec<i64>,
    pub texts: Vec<String>,
    /// A graph within the graph, such as what a loop repeats.
    pub graph: Option<GraphProto>,
}

/// Graphs within graphs that a file may have.
const MOST_DEPTH: usize = 8;

/// Name and type of an input or output.
#[derive(Debug, Default)]
pub struct ValueInfo {
    pub name: String,
    /// Code of the element type, 0 if it is not a tensor.
    pub element: i64,
    pub shape: Option<Vec<Dim>>,
}

/// Length of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Dim {
    Fixed(i64),
    /// A name such as `batch`; empty if the file gives none.
    Symbol(String),
}

impl ModelProto {
    /// Reads a file.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let items = Cell::new(0);
        let mut model = Self::default();
        let mut graphs = 0;
        let mut reader = Reader::new(bytes, &items);
        while let Some((number, field)) = reader.field()? {
            match number {
                7 => {
                    model.graph = graph(field.message(&reader)?, 0)?;
                    graphs += 1;
                }
                8 => {
                    let (domain, version) = opset(field.message(&reader)?)?;
                    if domain.is_empty() || domain == "ai.onnx" {
                        model.opset = version;
                    }
                }
                _ => {}
            }
        }
        match graphs {
            1 => Ok(model),
            _ => Err(OnnxError::Malformed {
                at: bytes.len(),
                what: "no graph, or several",
            }),
        }
    }
}

fn opset(mut reader: Reader<'_>) -> Result<(String, i64)> {
    let (mut domain, mut version) = (String::new(), 0);
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => domain = field.message(&reader)?.text()?,
            2 => version = field.integer(&reader)?,
            _ => {}
        }
    }
    Ok((domain, version))
}

fn graph(mut reader: Reader<'_>, depth: usize) -> Result<GraphProto> {
    if depth > MOST_DEPTH {
        return Err(reader.malformed("graphs within graphs, too deep"));
    }
    let mut graph = GraphProto::default();
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => graph.nodes.push(node(field.message(&reader)?, depth)?),
            5 => graph
                .constants
                .push(Literal::parse(field.message(&reader)?)?),
            11 => graph.inputs.push(value_info(field.message(&reader)?)?),
            12 => graph.outputs.push(value_info(field.message(&reader)?)?),
            _ => {}
        }
    }
    Ok(graph)
}

fn node(mut reader: Reader<'_>, depth: usize) -> Result<NodeProto> {
    let mut node = NodeProto::default();
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => node.inputs.push(field.message(&reader)?.text()?),
            2 => node.outputs.push(field.message(&reader)?.text()?),
            3 => node.name = field.message(&reader)?.text()?,
            4 => node.op = field.message(&reader)?.text()?,
            5 => node
                .attributes
                .push(attribute(field.message(&reader)?, depth)?),
            7 => node.domain = field.message(&reader)?.text()?,
            _ => {}
        }
    }
    Ok(node)
}

fn attribute(mut reader: Reader<'_>, depth: usize) -> Result<Attribute> {
    let mut attribute = Attribute::default();
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => attribute.name = field.message(&reader)?.text()?,
            2 => {
                let mut one = Vec::new();
                field.floats(&reader, &mut one)?;
                attribute.float = one.first().copied();
            }
            3 => attribute.int = Some(field.integer(&reader)?),
            4 => attribute.text = Some(field.message(&reader)?.text()?),
            5 => attribute.tensor = Some(Literal::parse(field.message(&reader)?)?),
            6 => attribute.graph = Some(graph(field.message(&reader)?, depth + 1)?),
            7 => field.floats(&reader, &mut attribute.floats)?,
            8 => field.integers(&reader, &mut attribute.ints)?,
            9 => attribute.texts.push(field.message(&reader)?.text()?),
            _ => {}
        }
    }
    Ok(attribute)
}

fn value_info(mut reader: Reader<'_>) -> Result<ValueInfo> {
    let mut info = ValueInfo::default();
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => info.name = field.message(&reader)?.text()?,
            2 => {
                let mut kind = field.message(&reader)?;
                while let Some((number, field)) = kind.field()? {
                    if number == 1 {
                        tensor_type(field.message(&kind)?, &mut info)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(info)
}

fn tensor_type(mut reader: Reader<'_>, info: &mut ValueInfo) -> Result<()> {
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => info.element = field.integer(&reader)?,
            2 => {
                let mut shape = field.message(&reader)?;
                let dims = info.shape.insert(Vec::new());
                while let Some((number, field)) = shape.field()? {
                    if number == 1 {
                        dims.push(dim(field.message(&shape)?)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn dim(mut reader: Reader<'_>) -> Result<Dim> {
    let mut dim = Dim::Symbol(String::new());
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => dim = Dim::Fixed(field.integer(&reader)?),
            2 => dim = Dim::Symbol(field.message(&reader)?.text()?),
            _ => {}
        }
    }
    Ok(dim)
}
