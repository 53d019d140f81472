//! Numbers put into a tensor at indices: replaced, added, multiplied, or compared with what is there.

use xcebra_model::Scalar;

use super::index::Indexing;
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Tensor;

/// What becomes of a number and the one that is put on it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// The last one stays.
    Replace,
    Add,
    Mul,
    /// Equal numbers share the derivative.
    Max,
    /// Equal numbers share the derivative.
    Min,
}

/// Blocks of the second input put into the first, at the indices of the third unless they are known.
struct Scatter {
    indexing: Indexing,
    rule: Rule,
}

pub(crate) fn elements<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, indices) = (call.required(b, 0)?, call.required(b, 1)?);
    let axis = call.node.int("axis").unwrap_or(0);
    let indexing = Indexing::elements(b, axis, b.shape(x), b.shape(indices))?;
    scatter(b, call, indexing)
}

pub(crate) fn nd<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, indices) = (call.required(b, 0)?, call.required(b, 1)?);
    let indexing = Indexing::places(b, 0, b.shape(x), b.shape(indices))?;
    scatter(b, call, indexing)
}

/// A row of numbers with others at places of it.
pub(crate) fn replace<A: Scalar>(
    b: &mut Builder<A>,
    x: Slot,
    places: Slot,
    updates: Slot,
) -> Result<Slot> {
    let indexing = Indexing::elements(b, 0, b.shape(x), b.shape(places))?;
    put(b, indexing, Rule::Replace, [x, places, updates])
}

fn scatter<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, indexing: Indexing) -> Result<Slot> {
    let (x, indices, updates) = (
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    );
    let rule = match call.node.text("reduction").unwrap_or("none") {
        "none" => Rule::Replace,
        "add" => Rule::Add,
        "mul" => Rule::Mul,
        "max" => Rule::Max,
        "min" => Rule::Min,
        other => return b.refuse(format!("the reduction '{other}' is not known")),
    };
    put(b, indexing, rule, [x, indices, updates])
}

/// Input, indices and what is put at them.
fn put<A: Scalar>(
    b: &mut Builder<A>,
    indexing: Indexing,
    rule: Rule,
    [x, indices, updates]: [Slot; 3],
) -> Result<Slot> {
    if b.shape(updates) != indexing.shape {
        return b.refuse(format!(
            "numbers of shape {:?} for places of shape {:?}",
            b.shape(updates),
            indexing.shape
        ));
    }
    let indexing = indexing.resolve(b, indices)?;
    let mut inputs = vec![x, updates];
    if indexing.varies() {
        inputs.push(indices);
    }
    let (kind, shape) = (b.kind(x), b.shape(x).to_vec());
    b.emit_as(kind, Scatter { indexing, rule }, &inputs, &shape)
}

impl Scatter {
    /// Place in the first input and in the second of every number that is put, in order.
    fn pairs<A: Scalar>(&self, inputs: &[&Tensor<A>]) -> Vec<(usize, usize)> {
        let block = self.indexing.block;
        let starts = self.indexing.blocks(inputs.get(2).map(|i| i.data()));
        let pairs = starts.into_iter().enumerate();
        let each = |(i, start)| (0..block).map(move |k| (start + k, i * block + k));
        pairs.flat_map(each).collect()
    }
}

impl<A: Scalar> Op<A> for Scatter {
    fn check(&self, inputs: &[&Tensor<A>]) -> Result<(), String> {
        match inputs.get(2) {
            Some(indices) => self.indexing.check(indices.data()),
            None => Ok(()),
        }
    }

    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let mut data = inputs[0].data().to_vec();
        let updates = inputs[1].data();
        for (place, i) in self.pairs(inputs) {
            let (old, new) = (data[place], updates[i]);
            data[place] = match self.rule {
                Rule::Replace => new,
                Rule::Add => old + new,
                Rule::Mul => old * new,
                Rule::Max if new > old || new.is_nan() => new,
                Rule::Min if new < old || new.is_nan() => new,
                Rule::Max | Rule::Min => old,
            };
        }
        vec![Tensor::new(inputs[0].shape(), data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (x, updates) = (pass.inputs[0], pass.inputs[1].data());
        let mut below = pass.gradient().data().to_vec();
        let mut above = vec![A::zero(); updates.len()];
        let pairs = self.pairs(pass.inputs);
        match self.rule {
            Rule::Add => pairs.iter().for_each(|&(place, i)| above[i] = below[place]),
            // from the last: what it replaced has no influence
            Rule::Replace => {
                for &(place, i) in pairs.iter().rev() {
                    above[i] = std::mem::take(&mut below[place]);
                }
            }
            // products of what was there before, then of what came after: no division by zero
            Rule::Mul => {
                let mut so_far = x.data().to_vec();
                for &(place, i) in &pairs {
                    above[i] = so_far[place];
                    so_far[place] *= updates[i];
                }
                for &(place, i) in pairs.iter().rev() {
                    above[i] *= below[place];
                    below[place] *= updates[i];
                }
            }
            Rule::Max | Rule::Min => {
                let y = pass.outputs[0].data();
                let mut equal = vec![A::zero(); y.len()];
                for (equal, (x, y)) in equal.iter_mut().zip(x.data().iter().zip(y)) {
                    if x == y {
                        *equal = A::one();
                    }
                }
                for &(place, i) in &pairs {
                    if updates[i] == y[place] {
                        equal[place] += A::one();
                    }
                }
                let share = |place: usize, is: bool| match is {
                    true => below[place] / equal[place],
                    false => A::zero(),
                };
                for &(place, i) in &pairs {
                    above[i] = share(place, updates[i] == y[place]);
                }
                below = (0..y.len())
                    .map(|i| share(i, x.data()[i] == y[i]))
                    .collect();
            }
        }
        let above = Tensor::new(pass.inputs[1].shape(), above);
        vec![Some(Tensor::new(x.shape(), below)), Some(above), None]
    }
}
