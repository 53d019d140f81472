//! How many samples a graph takes at once, and where its output counts them.

use xcebra_model::Scalar;

use crate::error::{OnnxError, Result};
use crate::need::Need;
use crate::plan::Plan;
use crate::source::Source;
use crate::tensor::Tensor;

/// Numbers that a chunk may compute: they and their gradients should stay in the cache.
const CHUNK_ELEMENTS: usize = 1 << 20;
/// Most samples of a chunk.
const MOST_SAMPLES: usize = 256;
/// The same for a graph that goes from time to time, whose products have one row for each sample: the
/// cache matters less than tall products.
const SERIAL_ELEMENTS: usize = 1 << 27;
const MOST_SERIAL: usize = 32;

/// How a batch goes through a graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batching {
    /// Samples at once.
    pub chunk: usize,
    /// Whether the graph takes no fewer.
    pub padded: bool,
    /// Axis of the output that counts the samples; none if there is one sample.
    pub output_axis: Option<usize>,
}

const ONE: Batching = Batching {
    chunk: 1,
    padded: false,
    output_axis: None,
};

/// What was found out about a graph.
pub(crate) struct Choice<A> {
    pub batching: Batching,
    /// Numbers of the output for one sample.
    pub outputs: usize,
    /// The plan for a chunk, if it was made.
    pub plan: Option<Plan<A>>,
}

/// Looks at the graph for one and two samples.
pub(crate) fn choose<A: Scalar>(source: &Source<A>) -> Result<Choice<A>> {
    match source.batch {
        Some(1) => {}
        Some(n) => return fixed(source, n),
        None => {
            if let Some(found) = together(source)? {
                return Ok(found);
            }
        }
    }
    let plan = source.plan(1)?;
    Ok(Choice {
        batching: ONE,
        outputs: plan.output_shape.iter().product(),
        plan: None,
    })
}

/// The file wants `n` samples at once.
fn fixed<A: Scalar>(source: &Source<A>, n: usize) -> Result<Choice<A>> {
    let shape = source.plan(n)?.output_shape;
    let Some(axis) = shape.iter().position(|&length| length == n) else {
        return OnnxError::choice(
            format!(
                "the file takes {n} samples at once and returns an array of shape {shape:?}, which does \
                 not count them"
            ),
            Need::Export("export the model with a dynamic batch axis"),
        );
    };
    let batching = Batching {
        chunk: n,
        padded: true,
        output_axis: Some(axis),
    };
    Ok(Choice {
        batching,
        outputs: shape.iter().product::<usize>() / n,
        plan: None,
    })
}

/// The choice for a graph that takes any number of samples; `None` if it does so in name only,
/// or if its samples influence each other.
fn together<A: Scalar>(source: &Source<A>) -> Result<Option<Choice<A>>> {
    if source.is_unbatched() {
        return Ok(None);
    }
    let one = source.plan(1)?;
    let Ok(two) = source.plan(2) else {
        return Ok(None);
    };
    let Some(axis) = doubled(&one.output_shape, &two.output_shape) else {
        return Ok(None);
    };
    let chunk = match one.serial {
        true => (SERIAL_ELEMENTS / one.elements.max(1)).clamp(1, MOST_SERIAL),
        false => (CHUNK_ELEMENTS / one.elements.max(1)).clamp(1, MOST_SAMPLES),
    };
    let (Ok(one), Ok(two), Ok(plan)) = (
        source.rows(1, Some(axis)),
        source.rows(2, Some(axis)),
        source.rows(chunk, Some(axis)),
    ) else {
        return Ok(None);
    };
    let shape = source.sample_shape();
    let width: usize = shape.iter().product();
    let probe = probe(2 * width);
    let input = |samples: usize, data: &[A]| {
        Tensor::new(&[&[samples], shape.as_slice()].concat(), data.to_vec())
    };
    // numbers that the graph refuses say nothing about samples together: one by one is always right
    let (Ok(both), Ok(first), Ok(second)) = (
        two.forward(input(2, &probe)),
        one.forward(input(1, &probe[..width])),
        one.forward(input(1, &probe[width..])),
    ) else {
        return Ok(None);
    };
    let alone = [&first, &second].into_iter().flat_map(Tensor::data);
    let tolerance = A::epsilon().sqrt() * A::of(10.0);
    let far = |(&a, &b): (&A, &A)| (a - b).abs() > tolerance * (A::one() + a.abs());
    if both.data().iter().zip(alone).any(far) {
        return Ok(None);
    }
    let batching = Batching {
        chunk,
        padded: false,
        output_axis: Some(axis),
    };
    Ok(Some(Choice {
        batching,
        outputs: one.output_shape.iter().product(),
        plan: Some(plan),
    }))
}

/// The axis that is twice as long with two samples, if it is the only one that differs. Only the
/// first may hold more than the samples.
fn doubled(one: &[usize], two: &[usize]) -> Option<usize> {
    let axis = one.iter().zip(two).position(|(a, b)| a != b)?;
    let mut expected = one.to_vec();
    expected[axis] *= 2;
    (expected == two && (axis == 0 || one[axis] == 1)).then_some(axis)
}

/// Numbers between −1 and 1 without a pattern.
fn probe<A: Scalar>(length: usize) -> Vec<A> {
    let golden = 0.618_033_988_749_894_8;
    (0..length)
        .map(|i| A::of(((i as f64 + 1.0) * golden).fract() * 2.0 - 1.0))
        .collect()
}
