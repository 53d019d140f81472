//! The messages of `onnx.proto`, as far as they are needed.

use std::collections::BTreeMap;

use super::context::Context;
use super::literal::Literal;
use super::value::ValueInfo;
use super::wire::Reader;
use crate::error::{OnnxError, Result};

/// A file.
#[derive(Debug, Default)]
pub struct ModelProto {
    /// Versions of the operators of each domain.
    pub opsets: Opsets,
    pub graph: GraphProto,
    pub functions: Vec<FunctionProto>,
}

/// Versions of the operators by domain; the standard one is "".
pub type Opsets = BTreeMap<String, i64>;

/// A function whose calls in the file stand for its nodes.
#[derive(Debug, Default)]
pub struct FunctionProto {
    pub name: String,
    pub domain: String,
    pub overload: String,
    pub opsets: Opsets,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub nodes: Vec<NodeProto>,
    /// Attributes with what they are if a call does not give them.
    pub defaults: Vec<Attribute>,
}

/// A computation.
#[derive(Clone, Debug, Default)]
pub struct GraphProto {
    pub nodes: Vec<NodeProto>,
    pub constants: Vec<Literal>,
    pub inputs: Vec<ValueInfo>,
    pub outputs: Vec<ValueInfo>,
    /// What the file says about other values.
    pub values: Vec<ValueInfo>,
}

/// One operation; an empty name among the inputs or outputs means that it is left out.
#[derive(Clone, Debug, Default)]
pub struct NodeProto {
    pub name: String,
    pub op: String,
    pub domain: String,
    /// Which of several functions of one name is meant.
    pub overload: String,
    /// Version of the operator; not read from the node, but known from where it is.
    pub version: i64,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<Attribute>,
}

/// A setting of an operation.
#[derive(Clone, Debug, Default)]
pub struct Attribute {
    pub name: String,
    /// Within a function: the attribute of the call that is meant.
    pub reference: Option<String>,
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

/// The other name of the standard domain.
const STANDARD: &str = "ai.onnx";

/// Graphs within graphs that a file may have.
const MOST_DEPTH: usize = 8;

impl ModelProto {
    /// Reads the file of the context.
    pub fn parse(context: &Context) -> Result<Self> {
        let mut model = Self::default();
        let mut graphs = 0;
        let mut reader = Reader::new(context);
        while let Some((number, field)) = reader.field()? {
            match number {
                7 => {
                    model.graph = graph(field.message(&reader)?, 0)?;
                    graphs += 1;
                }
                8 => opset(field.message(&reader)?, &mut model.opsets)?,
                25 => model.functions.push(function(field.message(&reader)?)?),
                _ => {}
            }
        }
        match graphs {
            1 => Ok(model),
            _ => Err(OnnxError::Malformed {
                at: context.file.len(),
                what: "no graph, or several",
            }),
        }
    }
}

fn opset(mut reader: Reader<'_>, opsets: &mut Opsets) -> Result<()> {
    let (mut name, mut version) = (String::new(), 0);
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => name = domain(field.message(&reader)?)?,
            2 => version = field.integer(&reader)?,
            _ => {}
        }
    }
    opsets.insert(name, version);
    Ok(())
}

fn function(mut reader: Reader<'_>) -> Result<FunctionProto> {
    let mut function = FunctionProto::default();
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => function.name = field.message(&reader)?.text()?,
            4 => function.inputs.push(field.message(&reader)?.text()?),
            5 => function.outputs.push(field.message(&reader)?.text()?),
            7 => function.nodes.push(node(field.message(&reader)?, 0)?),
            9 => opset(field.message(&reader)?, &mut function.opsets)?,
            10 => function.domain = domain(field.message(&reader)?)?,
            11 => function
                .defaults
                .push(attribute(field.message(&reader)?, 0)?),
            13 => function.overload = field.message(&reader)?.text()?,
            _ => {}
        }
    }
    Ok(function)
}

/// The name of a domain; the standard one has two.
fn domain(reader: Reader<'_>) -> Result<String> {
    let mut name = reader.text()?;
    if name == STANDARD {
        name.clear();
    }
    Ok(name)
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
            11 => graph
                .inputs
                .push(ValueInfo::parse(field.message(&reader)?)?),
            12 => graph
                .outputs
                .push(ValueInfo::parse(field.message(&reader)?)?),
            13 => graph
                .values
                .push(ValueInfo::parse(field.message(&reader)?)?),
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
            7 => node.domain = domain(field.message(&reader)?)?,
            8 => node.overload = field.message(&reader)?.text()?,
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
            21 => attribute.reference = Some(field.message(&reader)?.text()?),
            _ => {}
        }
    }
    Ok(attribute)
}
