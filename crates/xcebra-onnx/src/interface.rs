//! Which input and output of a file are meant, and how long a sample is.

use std::collections::HashMap;

use xcebra_model::Scalar;

use crate::builder::{Builder, Known};
use crate::error::{AGAIN, OnnxError, Result};
use crate::options::OnnxOptions;
use crate::proto::{Dim, GraphProto, ValueInfo, kind_of};
use crate::tensor::Kind;

/// The input to differentiate by.
pub(crate) fn input<'a>(graph: &'a GraphProto, options: &OnnxOptions) -> Result<&'a ValueInfo> {
    let is_free = |input: &&ValueInfo| {
        !options.constants.contains_key(&input.name)
            && !graph.constants.iter().any(|c| c.name == input.name)
    };
    let free: Vec<&ValueInfo> = graph.inputs.iter().filter(is_free).collect();
    let names = |list: &[&ValueInfo]| {
        let names: Vec<&str> = list.iter().map(|i| i.name.as_str()).collect();
        names.join(", ")
    };
    let found = match &options.input {
        Some(name) => free.iter().find(|i| i.name == *name).copied(),
        None => match free[..] {
            [one] => Some(one),
            _ => None,
        },
    };
    match found {
        Some(input) if kind_of(input.element) == Some(Kind::Real) => Ok(input),
        Some(input) => Err(OnnxError::Choice {
            problem: format!(
                "input '{}' does not hold floating-point numbers",
                input.name
            ),
            advice: "choose one that does with OnnxOptions::input and fix this one with constant",
        }),
        None => Err(OnnxError::Choice {
            problem: format!("the inputs of the file are: {}", names(&free)),
            advice: "choose one with OnnxOptions::input and fix the others with constant",
        }),
    }
}

/// The output to explain.
pub(crate) fn output(graph: &GraphProto, options: &OnnxOptions) -> Result<String> {
    match (&options.output, &graph.outputs[..]) {
        (Some(name), _) => Ok(name.clone()),
        (None, [one]) => Ok(one.name.clone()),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|o| o.name.as_str()).collect();
            Err(OnnxError::Choice {
                problem: format!("the outputs of the file are: {}", names.join(", ")),
                advice: "choose one with OnnxOptions::output",
            })
        }
    }
}

/// Lengths of the axes of a sample, and of the batch axis if the file fixes it.
pub(crate) fn sample_shape(
    input: &ValueInfo,
    options: &OnnxOptions,
) -> Result<(Vec<usize>, Option<usize>)> {
    let choice = |problem: &str, advice| {
        Err(OnnxError::Choice {
            problem: format!("input '{}' {problem}", input.name),
            advice,
        })
    };
    let mut dims = input.shape.clone();
    let mut batch = None;
    match (options.batch_axis, &mut dims) {
        (Some(axis), Some(dims)) if axis < dims.len() => {
            if let Dim::Fixed(n) = dims.remove(axis) {
                match usize::try_from(n) {
                    Ok(n) if n > 0 => batch = Some(n),
                    _ => return choice(&format!("has a batch of {n} samples"), AGAIN),
                }
            }
        }
        (Some(axis), Some(dims)) => {
            return choice(
                &format!(
                    "has {} axes, of which axis {axis} cannot count the samples",
                    dims.len()
                ),
                "say which axis does with OnnxOptions::batch_axis or no_batch_axis",
            );
        }
        _ => {}
    }
    if let Some(shape) = &options.sample_shape {
        let fits = |dims: &Vec<Dim>| dims.len() == shape.len();
        let axis_fits = options.batch_axis.is_none_or(|axis| axis <= shape.len());
        if !dims.as_ref().is_none_or(fits) || !axis_fits {
            return choice(
                &format!("does not take samples of shape {shape:?}"),
                "give the lengths of one sample, without the axis that counts the samples",
            );
        }
        return Ok((shape.clone(), batch));
    }
    let Some(dims) = dims else {
        return choice(
            "has no shape in the file",
            "give it with OnnxOptions::sample_shape",
        );
    };
    let mut shape = Vec::new();
    for dim in dims {
        let length = match &dim {
            Dim::Fixed(length) => usize::try_from(*length).ok(),
            Dim::Symbol(name) => options.dimensions.get(name).copied(),
        };
        match (length, dim) {
            (Some(length), _) => shape.push(length),
            (None, Dim::Symbol(name)) if !name.is_empty() => {
                return choice(
                    &format!("leaves the length '{name}' open"),
                    "set it with OnnxOptions::dimension",
                );
            }
            (None, _) => {
                return choice(
                    "leaves a length open",
                    "give the shape with OnnxOptions::sample_shape",
                );
            }
        }
    }
    Ok((shape, batch))
}

/// The inputs that are fixed.
pub(crate) fn constants<A: Scalar>(
    graph: &GraphProto,
    options: &OnnxOptions,
) -> Result<HashMap<String, (Kind, Known<A>)>> {
    let mut constants = HashMap::new();
    for (name, value) in &options.constants {
        let input = graph.inputs.iter().find(|i| i.name == *name);
        let Some(kind) = input.and_then(|i| kind_of(i.element)) else {
            return Err(OnnxError::Choice {
                problem: format!("'{name}' is not an input of numbers of this file"),
                advice: "pass the name of an input to constant",
            });
        };
        let mut b = Builder::new(options.max_elements);
        b.enter(name, "constant");
        let slot = b.constant(value.shape(), kind, value.iter().copied().collect())?;
        if let Some(known) = b.known(slot) {
            constants.insert(name.clone(), (kind, known.clone()));
        }
    }
    Ok(constants)
}
