//! A file as a model: batches cut into chunks, chunks evaluated in parallel.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, IxDyn, Slice};
use rayon::prelude::*;
use xcebra_model::{Model, ModelError, Scalar, batch_len, cotangent_len};

use crate::batching::{Batching, Choice, choose};
use crate::buffer::{self, Arena, Scope};
use crate::error::Result;
use crate::lengths::Explained;
use crate::options::OnnxOptions;
use crate::plan::Plan;
use crate::proto::Context;
use crate::source::Source;
use crate::tensor::Tensor;

/// Plans kept for different numbers of samples.
const MOST_PLANS: usize = 8;

/// An input of the file that is explained.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputPart {
    /// Its name in the file.
    pub name: String,
    /// Shape of one sample of it, as the model is given it.
    pub shape: Vec<usize>,
    /// Its numbers in a sample of the model that is laid out flat, in the order of C.
    pub range: Range<usize>,
}

/// A model read from an ONNX file.
///
/// Samples are evaluated in chunks of a fixed size, in parallel; the same batch gives the same bits
/// for any number of threads. An output of more than one axis is laid out flat, in the order of C.
pub struct OnnxModel<A> {
    source: Source<A>,
    parts: Vec<InputPart>,
    sample_shape: Vec<usize>,
    outputs: usize,
    batching: Batching,
    plans: Mutex<BTreeMap<usize, Arc<Plan<A>>>>,
    /// Memory that the last evaluations have left, one for each thread that was at work.
    arenas: Mutex<Vec<Arena>>,
}

impl<A: Scalar> OnnxModel<A> {
    /// Reads a file with one input, one output, and the batch as its first axis;
    /// [`OnnxOptions`] reads others.
    ///
    /// # Errors
    /// As [`OnnxOptions::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        OnnxOptions::new().load(path)
    }

    /// Reads the bytes of a file, as [`load`](Self::load).
    ///
    /// # Errors
    /// As [`OnnxOptions::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        OnnxOptions::new().from_bytes(bytes)
    }

    pub(crate) fn new(context: &Context, options: &OnnxOptions) -> Result<Self> {
        let source = Source::new(context, options)?;
        let Choice {
            batching,
            outputs,
            plan,
        } = choose(&source)?;
        let plans = plan.map(|plan| (batching.chunk, Arc::new(plan)));
        Ok(Self {
            parts: parts(&source),
            sample_shape: source.sample_shape(),
            outputs,
            batching,
            plans: Mutex::new(plans.into_iter().collect()),
            arenas: Mutex::default(),
            source,
        })
    }

    /// The inputs of the file that are explained, and where each is in a sample of this model. There is one unless
    /// [`OnnxOptions::inputs`] names several.
    pub fn parts(&self) -> &[InputPart] {
        &self.parts
    }

    /// Name of the input in the file; of the first if several are explained.
    pub fn input_name(&self) -> &str {
        &self.parts[0].name
    }

    /// Name of the output in the file.
    pub fn output_name(&self) -> &str {
        &self.source.output
    }

    /// How many samples go through the graph at once. One, if the file fixes its batch to one or if
    /// its samples would influence each other.
    pub fn samples_at_once(&self) -> usize {
        self.batching.chunk
    }

    /// Nodes at which the gradient ends, because their result moves in steps or not at all as the input
    /// changes: rounding, comparisons, places of extremes, quantisation, trees. Each is `name (operator)`.
    ///
    /// The gradient is right, 0 at these nodes, but it does not tell what goes through them. If much does, or
    /// if [`has_gradient`](Self::has_gradient) is false, differences of values tell more.
    ///
    /// # Errors
    /// As [`OnnxOptions::from_bytes`].
    pub fn piecewise_constant(&self) -> Result<Vec<String>> {
        let nodes = self.plan(self.batching.chunk)?.piecewise_constant();
        Ok(nodes
            .iter()
            .map(|at| format!("{} ({})", at.0, at.1))
            .collect())
    }

    /// Whether the gradient can differ from zero anywhere. It cannot for a model whose output is a class or
    /// the result of trees.
    ///
    /// # Errors
    /// As [`OnnxOptions::from_bytes`].
    pub fn has_gradient(&self) -> Result<bool> {
        Ok(self.plan(self.batching.chunk)?.has_gradient())
    }

    /// The plan for `n` samples, at most a chunk.
    fn plan(&self, n: usize) -> Result<Arc<Plan<A>>> {
        let n = if self.batching.padded {
            self.batching.chunk
        } else {
            n
        };
        // a plan is whole or absent, whatever happened to another thread
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&n) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.source.rows(n, self.batching.output_axis)?);
        if plans.len() >= MOST_PLANS {
            plans.clear();
        }
        plans.insert(n, Arc::clone(&plan));
        Ok(plan)
    }

    /// Calls `f` for every chunk with its plan and input, in parallel; answers in order.
    fn chunks<T: Send>(
        &self,
        x: &ArrayViewD<'_, A>,
        f: impl Fn(&Plan<A>, Tensor<A>, Chunk) -> Result<T> + Sync,
    ) -> Result<Vec<T>, ModelError> {
        let n = x.shape()[0];
        let size = self.batching.chunk;
        let standard = x.as_standard_layout();
        let data = standard
            .as_slice()
            .expect("the array is in standard layout");
        let width: usize = self.sample_shape.iter().product();
        (0..n.div_ceil(size))
            .into_par_iter()
            .map(|i| {
                let chunk = Chunk {
                    start: i * size,
                    samples: size.min(n - i * size),
                };
                let plan = self.plan(chunk.samples).map_err(ModelError::evaluation)?;
                let rows = &data[chunk.start * width..][..chunk.samples * width];
                let scope = Scope::enter(self.arena());
                let input = self.padded(rows, chunk.samples);
                let answer = f(&plan, input, chunk).map_err(ModelError::evaluation)?;
                self.keep(scope.leave());
                Ok(answer)
            })
            .collect()
    }

    /// An arena that no other thread uses.
    fn arena(&self) -> Arena {
        let mut arenas = self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        arenas.pop().unwrap_or_default()
    }

    fn keep(&self, arena: Arena) {
        let mut arenas = self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        arenas.push(arena);
    }

    /// Rows as an input of the plan, which may want more of them.
    fn padded(&self, rows: &[A], samples: usize) -> Tensor<A> {
        let mut data = buffer::copied(rows);
        let mut planned = samples;
        if self.batching.padded {
            planned = self.batching.chunk;
            let last = &rows[rows.len() / samples * (samples - 1)..];
            (samples..planned).for_each(|_| data.extend_from_slice(last));
        }
        let shape = [&[planned], self.sample_shape.as_slice()].concat();
        Tensor::new(&shape, data)
    }

    /// The cotangent of a chunk as the plan wants it.
    fn planned_cotangent(&self, rows: ArrayView2<'_, A>) -> Tensor<A> {
        let planned = if self.batching.padded {
            self.batching.chunk
        } else {
            rows.nrows()
        };
        let mut data = buffer::with_room(planned * self.outputs);
        data.extend(rows.iter());
        data.resize(planned * self.outputs, A::zero());
        Tensor::new(&[planned, self.outputs], data)
    }

    fn values(&self, n: usize, parts: impl Iterator<Item = Tensor<A>>) -> Array2<A> {
        let data = joined(n * self.outputs, self.outputs * self.batching.chunk, parts);
        Array2::from_shape_vec((n, self.outputs), data).expect("every sample has its outputs")
    }

    fn gradients(
        &self,
        x: &ArrayViewD<'_, A>,
        parts: impl Iterator<Item = Tensor<A>>,
    ) -> ArrayD<A> {
        let width: usize = self.sample_shape.iter().product();
        let data = joined(x.len(), width * self.batching.chunk, parts);
        ArrayD::from_shape_vec(x.raw_dim(), data).expect("every sample has its gradient")
    }
}

fn parts<A: Scalar>(source: &Source<A>) -> Vec<InputPart> {
    let mut start = 0;
    let part = |input: &Explained| {
        let shape = input.shape();
        let range = start..start + shape.iter().product::<usize>();
        start = range.end;
        InputPart {
            name: input.name.clone(),
            shape,
            range,
        }
    };
    source.inputs.iter().map(part).collect()
}

/// Consecutive samples of a batch.
#[derive(Clone, Copy)]
struct Chunk {
    start: usize,
    samples: usize,
}

impl Chunk {
    fn rows(self) -> Slice {
        Slice::from(self.start..self.start + self.samples)
    }
}

/// Chunks one after the other, without what pads the last of them.
fn joined<A: Scalar>(total: usize, chunk: usize, parts: impl Iterator<Item = Tensor<A>>) -> Vec<A> {
    let mut data = Vec::with_capacity(total);
    for part in parts {
        let kept = chunk.min(total - data.len());
        data.extend_from_slice(&part.data()[..kept]);
    }
    data
}

impl<A: Scalar> Model<A> for OnnxModel<A> {
    fn input_shape(&self) -> &[usize] {
        &self.sample_shape
    }

    fn output_dim(&self) -> usize {
        self.outputs
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        let n = batch_len(&self.sample_shape, x.shape())?;
        let parts = self.chunks(&x, |plan, input, _| plan.forward(input))?;
        Ok(self.values(n, parts.into_iter()))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        Ok(self.value_and_vjp(x, cotangent)?.1)
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>), ModelError> {
        let n = cotangent_len(
            &self.sample_shape,
            x.shape(),
            self.outputs,
            cotangent.shape(),
        )?;
        let parts = self.chunks(&x, |plan, input, chunk| {
            let (value, record) = plan.record(input)?;
            let rows = cotangent.slice_axis(Axis(0), chunk.rows());
            let gradient = plan.backward(&record, self.planned_cotangent(rows));
            record.recycle();
            Ok((value, gradient))
        })?;
        let (values, gradients): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let values = self.values(n, values.into_iter());
        Ok((values, self.gradients(&x, gradients.into_iter())))
    }

    /// One evaluation and a pull-back for each output.
    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>, ModelError> {
        let n = batch_len(&self.sample_shape, x.shape())?;
        let parts = self.chunks(&x, |plan, input, chunk| {
            let (_, record) = plan.record(input)?;
            let row = |k: usize| {
                let mut one = Array2::zeros((chunk.samples, self.outputs));
                one.column_mut(k).fill(A::one());
                plan.backward(&record, self.planned_cotangent(one.view()))
            };
            let rows = (0..self.outputs).map(row).collect::<Vec<_>>();
            record.recycle();
            Ok(rows)
        })?;
        let shape = [&[n, self.outputs], self.sample_shape.as_slice()].concat();
        let mut jacobian = ArrayD::zeros(IxDyn(&shape));
        for k in 0..self.outputs {
            let gradients = self.gradients(&x, parts.iter().map(|rows| rows[k].clone()));
            jacobian.index_axis_mut(Axis(1), k).assign(&gradients);
        }
        Ok(jacobian)
    }
}

impl<A> fmt::Debug for OnnxModel<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnnxModel")
            .field("inputs", &self.parts)
            .field("output", &self.source.output)
            .field("input_shape", &self.sample_shape)
            .field("outputs", &self.outputs)
            .field("samples_at_once", &self.batching.chunk)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some steps take memory from elsewhere and leave it to the arena, which must not keep all of it.
    #[test]
    fn later_calls_leave_no_more_memory_than_the_second() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/transformer.onnx");
        let model = OnnxModel::<f32>::load(path).unwrap();
        let n = model.samples_at_once();
        let x = ArrayD::zeros([&[n], model.input_shape()].concat());
        let cotangent = Array2::ones((n, model.output_dim()));
        let left = |_| {
            model.value_and_vjp(x.view(), cotangent.view()).unwrap();
            let arenas = model.arenas.lock().unwrap();
            arenas.iter().map(Arena::len).sum()
        };
        let all: Vec<usize> = (0..10).map(left).collect();
        // what the first has left is not all taken by the second, so that it would grow without end
        assert!(all[0] < all[1], "{all:?}");
        assert!(all[2..].iter().all(|&n| n <= all[1]), "{all:?}");
    }
}
