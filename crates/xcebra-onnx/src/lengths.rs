//! How long the axes of a sample are: fixed by the file, by the options, or by the signal.

use std::collections::BTreeMap;

use crate::error::{AGAIN, OnnxError, Result};
use crate::listing::FileValue;
use crate::need::Need;
use crate::options::{InputOptions, OnnxOptions};
use crate::proto::{Dim, GraphProto, ValueInfo};

/// An input that is explained.
#[derive(Clone, Debug)]
pub(crate) struct Explained {
    pub name: String,
    /// Lengths of the axes of a sample, in the order of the file.
    pub sample: Vec<usize>,
    /// Axis of the file's sample at each axis of ours.
    pub axes: Vec<usize>,
    /// Number of samples that the file asks for, if it does.
    pub batch: Option<usize>,
}

impl Explained {
    /// Shape of a sample as we are given it.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|&a| self.sample[a]).collect()
    }
}

/// Lengths by the names of dimensions.
type Named = BTreeMap<String, usize>;

/// Finds all lengths.
pub(crate) fn measure(
    inputs: &[&ValueInfo],
    graph: &GraphProto,
    options: &OnnxOptions,
) -> Result<Vec<Explained>> {
    let mut named = options.dimensions.clone();
    for (name, value) in &options.constants {
        let input = graph.inputs.iter().find(|i| i.name == *name);
        if let Some(dims) = input.and_then(|i| i.shape.as_ref())
            && dims.len() == value.ndim()
        {
            let dims = dims.iter().enumerate();
            // the batch of a constant says nothing about a signal
            let own = dims.filter(|(axis, _)| options.batch_axis != Some(*axis));
            own.for_each(|(axis, dim)| learn(&mut named, dim, value.shape()[axis]));
        }
    }
    let mut open = Vec::new();
    for input in inputs {
        let about = options.about(&input.name);
        let (dims, batch) = sample_dims(input, options.batch_axis)?;
        if let Some(shape) = &about.shape {
            check_given(input, dims.as_deref(), shape, options.batch_axis)?;
            let dims = dims.iter().flatten();
            dims.zip(shape)
                .for_each(|(dim, &n)| learn(&mut named, dim, n));
        }
        open.push((*input, about, dims, batch));
    }
    for (_, about, dims, _) in &open {
        if let (None, Some(dims), Some(signal)) = (&about.shape, dims, &about.signal)
            && let Some(shape) = aligned(dims, &named, about, signal)
        {
            dims.iter()
                .zip(shape)
                .for_each(|(dim, n)| learn(&mut named, dim, n));
        }
    }
    open.into_iter()
        .map(|(input, about, dims, batch)| {
            let sample = match (&about.shape, dims) {
                (Some(shape), _) => shape.clone(),
                (None, Some(dims)) => lengths(input, &dims, &named, &about)?,
                (None, None) => match &about.signal {
                    Some(signal) => signal.clone(),
                    None => {
                        return OnnxError::choice(
                            format!("input '{}' has no shape in the file", input.name),
                            Need::SampleShape {
                                input: input.name.clone(),
                            },
                        );
                    }
                },
            };
            Ok(Explained {
                axes: axes(&about, &sample)?,
                name: input.name.clone(),
                sample,
                batch,
            })
        })
        .collect()
}

/// Notes the length of a dimension that has a name and no length yet.
fn learn(named: &mut Named, dim: &Dim, length: usize) {
    if let Dim::Symbol(name) = dim
        && !name.is_empty()
    {
        named.entry(name.clone()).or_insert(length);
    }
}

fn known(dim: &Dim, named: &Named) -> Option<usize> {
    match dim {
        Dim::Fixed(length) => usize::try_from(*length).ok(),
        Dim::Symbol(name) => named.get(name).copied(),
    }
}

/// The dimensions of a sample, if the file has them, and the number of samples, if the file fixes it.
fn sample_dims(
    input: &ValueInfo,
    batch_axis: Option<usize>,
) -> Result<(Option<Vec<Dim>>, Option<usize>)> {
    let mut dims = input.shape.clone();
    let mut batch = None;
    if let (Some(axis), Some(dims)) = (batch_axis, &mut dims) {
        if axis >= dims.len() {
            return OnnxError::choice(
                format!(
                    "input {} has {} axes, of which axis {axis} cannot count the samples",
                    FileValue::of(input),
                    dims.len()
                ),
                Need::BatchAxis {
                    input: input.name.clone(),
                },
            );
        }
        if let Dim::Fixed(n) = dims.remove(axis) {
            match usize::try_from(n) {
                Ok(n) if n > 0 => batch = Some(n),
                _ => {
                    return OnnxError::choice(
                        format!("input '{}' has a batch of {n} samples", input.name),
                        Need::Export(AGAIN),
                    );
                }
            }
        }
    }
    Ok((dims, batch))
}

/// Whether a shape that was given can be that of a sample.
fn check_given(
    input: &ValueInfo,
    dims: Option<&[Dim]>,
    shape: &[usize],
    batch_axis: Option<usize>,
) -> Result<()> {
    let fits = dims.is_none_or(|dims| dims.len() == shape.len());
    if fits && batch_axis.is_none_or(|axis| axis <= shape.len()) {
        return Ok(());
    }
    OnnxError::choice(
        format!(
            "input '{}' does not take samples of shape {shape:?}",
            input.name
        ),
        Need::SampleShape {
            input: input.name.clone(),
        },
    )
}

/// The lengths of a sample whose dimensions are all known, or can be taken from the signal.
fn lengths(
    input: &ValueInfo,
    dims: &[Dim],
    named: &Named,
    about: &InputOptions,
) -> Result<Vec<usize>> {
    let signal = about.signal.as_ref();
    let from_signal = signal.and_then(|signal| aligned(dims, named, about, signal));
    let mut shape = Vec::new();
    for (axis, dim) in dims.iter().enumerate() {
        let taken = || from_signal.as_ref().map(|shape| shape[axis]);
        if let Some(length) = known(dim, named).or_else(taken) {
            shape.push(length);
            continue;
        }
        let given = match signal {
            Some(signal) => format!(", and a signal of shape {signal:?} does not determine it"),
            None => String::new(),
        };
        return match dim {
            Dim::Symbol(name) if !name.is_empty() => OnnxError::choice(
                format!(
                    "input {} leaves the length '{name}' open{given}",
                    FileValue::of(input)
                ),
                Need::Dimension { name: name.clone() },
            ),
            _ => OnnxError::choice(
                format!("input {} leaves a length open{given}", FileValue::of(input)),
                Need::SampleShape {
                    input: input.name.clone(),
                },
            ),
        };
    }
    Ok(shape)
}

/// The lengths of a sample, in the order of the file, as a signal has them; none if it does not fit.
fn aligned(
    dims: &[Dim],
    named: &Named,
    about: &InputOptions,
    signal: &[usize],
) -> Option<Vec<usize>> {
    let known: Vec<Option<usize>> = dims.iter().map(|dim| known(dim, named)).collect();
    let in_order: Vec<usize> = (0..known.len()).collect();
    let order = about
        .axes
        .clone()
        .filter(|axes| is_order(axes, known.len()));
    let order = order.unwrap_or_else(|| in_order.clone());
    let fit = |axes: &[usize]| -> Option<Vec<usize>> {
        let own = &signal[signal.len().checked_sub(axes.len())?..];
        let mut shape: Vec<usize> = known.iter().map(|known| known.unwrap_or(1)).collect();
        for (&axis, &length) in axes.iter().zip(own) {
            if known[axis].is_some_and(|known| known != length) {
                return None;
            }
            shape[axis] = length;
        }
        Some(shape)
    };
    let long: Vec<usize> = order
        .iter()
        .copied()
        .filter(|&a| known[a] != Some(1))
        .collect();
    let reversed = |axes: &[usize]| axes.iter().rev().copied().collect::<Vec<_>>();
    [
        order.clone(),
        reversed(&order),
        long.clone(),
        reversed(&long),
    ]
    .iter()
    .find_map(|axes| fit(axes))
}

/// The order of a sample's axes.
fn axes(about: &InputOptions, sample: &[usize]) -> Result<Vec<usize>> {
    let Some(axes) = about.axes.clone() else {
        return Ok((0..sample.len()).collect());
    };
    if is_order(&axes, sample.len()) {
        return Ok(axes);
    }
    OnnxError::choice(
        format!("{axes:?} is not an order of the axes of a sample of shape {sample:?}"),
        Need::SampleAxes,
    )
}

fn is_order(axes: &[usize], rank: usize) -> bool {
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().eq(0..rank)
}
