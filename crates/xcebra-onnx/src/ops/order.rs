//! The largest and smallest numbers of rows, their places, and marks at places.

use xcebra_model::Scalar;

use super::layout::{inverse, last_axis, permute, reshape_to};
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::{Kind, Tensor};

/// Which numbers of a row come first.
#[derive(Clone, Copy)]
struct Order {
    largest: bool,
    /// Of equal numbers the last comes first.
    last: bool,
}

/// The first `count` numbers of every row in their order, and their places.
struct Top {
    order: Order,
    count: usize,
}

/// The place of the first number of every row; it has no derivative.
struct First(Order);

/// At every place of the first input, a row of `depth` numbers that are the first of the second input,
/// but the second of it at the entry that the place names.
struct Marks {
    depth: usize,
    shape: Vec<usize>,
}

impl Order {
    /// Whether number `j` of a row comes before number `i` < `j`. NaN comes first, as in NumPy's extremes.
    fn is_before<A: Scalar>(self, row: &[A], j: usize, i: usize) -> bool {
        let (new, old) = (row[j], row[i]);
        match (new.is_nan(), old.is_nan()) {
            (true, old) => !old || self.last,
            (false, true) => false,
            _ if new == old => self.last,
            _ => (new > old) == self.largest,
        }
    }

    fn first<A: Scalar>(self, row: &[A]) -> usize {
        let better = |i: usize, j: usize| if self.is_before(row, j, i) { j } else { i };
        (1..row.len()).fold(0, better)
    }

    fn sorted<A: Scalar>(self, row: &[A]) -> Vec<usize> {
        let mut places: Vec<usize> = (0..row.len()).collect();
        // stable: of equal numbers the first comes first
        places.sort_by(|&i, &j| {
            let order = match (row[i].is_nan(), row[j].is_nan()) {
                (false, false) => row[i]
                    .partial_cmp(&row[j])
                    .unwrap_or(std::cmp::Ordering::Equal),
                (i, j) => i.cmp(&j),
            };
            if self.largest { order.reverse() } else { order }
        });
        places
    }
}

/// The largest or smallest numbers along an axis, and their places.
pub(crate) fn top<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let axis = b.axis(call.node.int("axis").unwrap_or(-1), shape.len())?;
    let count = match (call.optional(1), call.node.int("k")) {
        (Some(slot), _) => b.number(slot, "the number of results")?,
        (None, Some(k)) => k as f64,
        (None, None) => return b.refuse("the number of results is not given"),
    };
    if !(0.0..=shape[axis] as f64).contains(&count) {
        return b.refuse(format!(
            "{count} numbers of an axis of length {}",
            shape[axis]
        ));
    }
    let order = last_axis(axis, shape.len());
    let turned = permute(b, x, &order)?;
    let mut rows = b.shape(turned).to_vec();
    rows[shape.len() - 1] = count as usize;
    let op = Top {
        order: Order {
            largest: call.node.int("largest").unwrap_or(1) != 0,
            last: false,
        },
        count: count as usize,
    };
    let kinds = [(rows.clone(), b.kind(x)), (rows, Kind::Whole)];
    let found = b.emit_many(op, &[turned], &kinds)?;
    let back = inverse(&order);
    found
        .into_iter()
        .map(|slot| permute(b, slot, &back))
        .collect()
}

/// The place of the largest or smallest number along an axis.
pub(crate) fn extreme_place<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let axis = b.axis(call.node.int("axis").unwrap_or(0), b.rank(x))?;
    let places = places(b, call, x, axis, call.node.op == "ArgMax")?;
    let mut to = b.shape(x).to_vec();
    match call.node.int("keepdims").unwrap_or(1) {
        0 => drop(to.remove(axis)),
        _ => to[axis] = 1,
    }
    reshape_to(b, places, &to)
}

/// The place of the largest number of every row.
pub(crate) fn largest_place<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    x: Slot,
) -> Result<Slot> {
    places(b, call, x, b.rank(x) - 1, true)
}

/// Places along an axis, which is gone.
fn places<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    x: Slot,
    axis: usize,
    largest: bool,
) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    if shape[axis] == 0 {
        return b.refuse(format!("axis {axis} of shape {shape:?} has no numbers"));
    }
    let x = permute(b, x, &last_axis(axis, shape.len()))?;
    let order = Order {
        largest,
        last: call.node.flag("select_last_index"),
    };
    let outer = b.shape(x)[..shape.len() - 1].to_vec();
    b.emit_as(Kind::Whole, First(order), &[x], &outer)
}

/// 1 at the largest number along an axis, of equal ones the first, and 0 elsewhere. Before opset 13 the axes
/// from `axis` on are one.
pub(crate) fn hardmax<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let together = call.opset < 13;
    let axis = call
        .node
        .int("axis")
        .unwrap_or(if together { 1 } else { -1 });
    let axis = b.axis(axis, shape.len())?;
    let (x, axis) = if together {
        let rows = [&shape[..axis], &[shape[axis..].iter().product()]].concat();
        (reshape_to(b, x, &rows)?, axis)
    } else {
        (x, axis)
    };
    let rows = b.shape(x).to_vec();
    let places = places(b, call, x, axis, true)?;
    let values = b.constant(&[2], Kind::Real, vec![0.0, 1.0])?;
    let y = marks(b, places, values, rows[axis], axis)?;
    reshape_to(b, y, &shape)
}

/// Indices as rows that are marked where the index says.
pub(crate) fn one_hot<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (indices, depth, values) = (
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    );
    let depth = b.number(depth, "the depth")?;
    let axis = b.axis(call.node.int("axis").unwrap_or(-1), b.rank(indices) + 1)?;
    if !(0.0..1e15).contains(&depth) || b.shape(values) != [2] {
        return b.refuse(format!(
            "a depth of {depth} and marks of shape {:?}, expected two",
            b.shape(values)
        ));
    }
    marks(b, indices, values, depth as usize, axis)
}

fn marks<A: Scalar>(
    b: &mut Builder<A>,
    indices: Slot,
    values: Slot,
    depth: usize,
    axis: usize,
) -> Result<Slot> {
    let mut shape = b.shape(indices).to_vec();
    shape.push(depth);
    let op = Marks {
        depth,
        shape: shape.clone(),
    };
    let kind = b.kind(values);
    let y = b.emit_as(kind, op, &[indices, values], &shape)?;
    if b.known(values).is_some() {
        b.flatten_derivative(y);
    }
    permute(b, y, &inverse(&last_axis(axis, shape.len())))
}

/// Rows along the last axis; a scalar is one.
fn rows<A>(x: &Tensor<A>) -> impl Iterator<Item = &[A]>
where
    A: Scalar,
{
    let width = x.shape().last().copied().unwrap_or(1);
    x.data().chunks_exact(width.max(1))
}

impl<A: Scalar> Op<A> for Top {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let mut shape = inputs[0].shape().to_vec();
        let last = shape.len() - 1;
        shape[last] = self.count;
        let (mut values, mut places) = (Vec::new(), Vec::new());
        for row in rows(inputs[0]) {
            for place in self.order.sorted(row).into_iter().take(self.count) {
                values.push(row[place]);
                places.push(A::of(place as f64));
            }
        }
        vec![Tensor::new(&shape, values), Tensor::new(&shape, places)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (x, Some(gradient)) = (pass.inputs[0], &pass.gradients[0]) else {
            return vec![None];
        };
        let width = x.shape().last().copied().unwrap_or(1).max(1);
        let mut data = vec![A::zero(); x.data().len()];
        let found = pass.outputs[1].data().chunks_exact(self.count.max(1));
        let gradients = gradient.data().chunks_exact(self.count.max(1));
        for (row, (places, gradients)) in data.chunks_exact_mut(width).zip(found.zip(gradients)) {
            for (place, &g) in places.iter().zip(gradients) {
                row[place.as_f64() as usize] += g;
            }
        }
        vec![Some(Tensor::new(x.shape(), data))]
    }
}

impl<A: Scalar> Op<A> for First {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let shape = inputs[0].shape();
        let place = |row: &[A]| A::of(self.0.first(row) as f64);
        let data = rows(inputs[0]).map(place).collect();
        vec![Tensor::new(&shape[..shape.len() - 1], data)]
    }

    fn backward(&self, _pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![None]
    }
}

impl Marks {
    /// The entry that an index names; those that name none mark nothing.
    fn entry<A: Scalar>(&self, index: A) -> Option<usize> {
        let depth = self.depth as f64;
        let index = index.as_f64().trunc();
        let index = if index < 0.0 { index + depth } else { index };
        (0.0..depth).contains(&index).then_some(index as usize)
    }
}

impl<A: Scalar> Op<A> for Marks {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (off, on) = (inputs[1].data()[0], inputs[1].data()[1]);
        let mut data = vec![off; self.shape.iter().product()];
        if self.depth > 0 {
            for (row, &index) in data.chunks_exact_mut(self.depth).zip(inputs[0].data()) {
                if let Some(entry) = self.entry(index) {
                    row[entry] = on;
                }
            }
        }
        vec![Tensor::new(&self.shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let mut sums = vec![A::zero(); 2];
        let gradients = pass.gradient().data().chunks_exact(self.depth.max(1));
        for (row, &index) in gradients.zip(pass.inputs[0].data()) {
            let entry = self.entry(index);
            for (i, &g) in row.iter().enumerate() {
                sums[usize::from(Some(i) == entry)] += g;
            }
        }
        vec![None, Some(Tensor::new(&[2], sums))]
    }
}
