//! Vectors and batches that are put together from parts, as operations of the tape.

use std::ops::Range;

use dfdx::tensor::{Cpu, Merge, OwnedTape, PutTape, SplitTape, Tape, TensorFromVec};

use super::{Element, Taped};

/// Where a stretch of a vector comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// These entries of the vector that is trained.
    Trained(Range<usize>),
    /// These entries of a vector that stays as it is.
    Fixed(Range<usize>),
}

/// Puts stretches of `trained` and of `fixed` together, in their order.
pub fn gather<E: Element>(
    trained: Taped<(usize,), E>,
    fixed: &[E],
    stretches: &[Stretch],
) -> Taped<(usize,), E> {
    let (trained, mut tape) = trained.split_tape();
    let values = trained.as_vec();
    let mut out = Vec::new();
    let mut places = Vec::new();
    for stretch in stretches {
        match stretch {
            Stretch::Trained(range) => {
                places.push((out.len(), range.clone()));
                out.extend_from_slice(&values[range.clone()]);
            }
            Stretch::Fixed(range) => out.extend_from_slice(&fixed[range.clone()]),
        }
    }
    let len = out.len();
    let out = Cpu::default().tensor_from_vec(out, (len,));
    let (out_ghost, trained_ghost) = (out.ghost(), trained.ghost());
    tape.add_backward_op(move |gradients| {
        let c = std::mem::take(&mut **gradients.get_or_alloc_mut(&out_ghost)?);
        let target = gradients.get_or_alloc_mut(&trained_ghost)?;
        for (from, range) in places {
            let len = range.len();
            let pairs = target[range].iter_mut().zip(&c[from..from + len]);
            pairs.for_each(|(t, &c)| *t += c);
        }
        Ok(())
    });
    out.put_tape(tape)
}

/// Places in a batch, and the rows that belong there.
pub type Placed<E> = (Vec<usize>, Taped<(usize, usize), E>);

/// Puts the rows of several arrays in their places: (rows, columns).
///
/// # Panics
/// If there is no array, or if an array has not as many rows as places.
pub fn join<E: Element>(arrays: Vec<Placed<E>>) -> Taped<(usize, usize), E> {
    let rows = arrays.iter().map(|(places, _)| places.len()).sum();
    let (mut tape, mut out, mut parts) = (OwnedTape::default(), Vec::new(), Vec::new());
    let mut columns = 0;
    for (places, array) in arrays {
        let (array, other) = array.split_tape();
        tape = tape.merge(other);
        let values = array.as_vec();
        columns = dfdx::shapes::HasShape::shape(&array).1;
        out.resize(rows * columns, E::zero());
        assert_eq!(values.len(), places.len() * columns, "a place for each row");
        for (row, &place) in values.chunks_exact(columns).zip(&places) {
            out[place * columns..][..columns].copy_from_slice(row);
        }
        parts.push((places, array.ghost()));
    }
    let out = Cpu::default().tensor_from_vec(out, (rows, columns));
    let out_ghost = out.ghost();
    tape.add_backward_op(move |gradients| {
        let c = std::mem::take(&mut **gradients.get_or_alloc_mut(&out_ghost)?);
        for (places, ghost) in parts {
            let target = gradients.get_or_alloc_mut(&ghost)?;
            for (row, place) in target.chunks_exact_mut(columns).zip(places) {
                let of = &c[place * columns..][..columns];
                row.iter_mut().zip(of).for_each(|(t, &c)| *t += c);
            }
        }
        Ok(())
    });
    out.put_tape(tape)
}

/// The same numbers without the tape that made them.
pub fn untaped<E: Element>(array: Taped<(usize, usize), E>) -> Taped<(usize, usize), E> {
    array.split_tape().0.put_tape(OwnedTape::default())
}
