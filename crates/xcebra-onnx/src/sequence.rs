//! Lists of tensors and optional values: what they hold is known before anything is computed.

use xcebra_model::Scalar;

use crate::builder::{Builder, Slot};
use crate::error::{AGAIN, Result};
use crate::ops::{Call, everything, join, reshape_to, select};
use crate::repeat::with_axis;
use crate::scope::{Item, Lowered, Scope};
use crate::tensor::Kind;

/// The results of an operator on lists or optional values; none if it is another.
pub(crate) fn lower<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    scope: &Scope,
) -> Option<Lowered> {
    let item = |i: usize| {
        let name = call.node.inputs.get(i)?.as_ref()?;
        scope.get(name)
    };
    let first = item(0).cloned();
    let one = |item: Item| Ok(vec![item]);
    let found = match (call.node.op.as_str(), first) {
        ("SequenceEmpty", _) => one(Item::Sequence(Vec::new())),
        ("SequenceConstruct", _) => call.all(b).map(|all| vec![Item::Sequence(all)]),
        ("SplitToSequence", _) => split(b, call).map(|parts| vec![Item::Sequence(parts)]),
        ("SequenceLength", Some(Item::Sequence(all))) => {
            let length = b.constant(&[], Kind::Whole, vec![all.len() as f64]);
            length.map(|slot| vec![Item::Value(slot)])
        }
        ("SequenceAt", Some(Item::Sequence(all))) => {
            position(b, call, 1, all.len(), false).map(|at| vec![Item::Value(all[at])])
        }
        ("SequenceErase", Some(Item::Sequence(mut all))) => position(b, call, 1, all.len(), false)
            .map(|at| {
                all.remove(at);
                vec![Item::Sequence(all)]
            }),
        ("SequenceInsert", Some(Item::Sequence(mut all))) => {
            let at = position(b, call, 2, all.len(), true);
            at.and_then(|at| {
                all.insert(at, call.required(b, 1)?);
                Ok(vec![Item::Sequence(all)])
            })
        }
        ("ConcatFromSequence", Some(Item::Sequence(all))) => {
            joined(b, call, &all).map(|slot| vec![Item::Value(slot)])
        }
        ("Identity", Some(item @ (Item::Sequence(_) | Item::Nothing))) => one(item),
        ("Optional", item) => one(item.unwrap_or(Item::Nothing)),
        ("OptionalGetElement", Some(item)) if item != Item::Nothing => one(item),
        ("OptionalGetElement", _) => b.refuse("its optional input has no value"),
        ("OptionalHasElement", item) => {
            let there = item.is_some_and(|item| item != Item::Nothing);
            let slot = b.constant(&[], Kind::Bool, vec![f64::from(u8::from(there))]);
            slot.map(|slot| vec![Item::Value(slot)])
        }
        (
            "SequenceLength" | "SequenceAt" | "SequenceErase" | "SequenceInsert"
            | "ConcatFromSequence",
            _,
        ) => b.refuse_with("its input is not a sequence", AGAIN),
        _ => return None,
    };
    Some(found.map_err(Into::into))
}

/// A place in a list, counted from the end if negative; the last one, or behind it, if there is no input.
fn position<A: Scalar>(
    b: &Builder<A>,
    call: &Call<'_>,
    input: usize,
    length: usize,
    behind: bool,
) -> Result<usize> {
    let places = length + usize::from(behind);
    let at = match call.optional(input) {
        Some(slot) => match b.integers(slot, "the position")?[..] {
            [at] => at,
            ref other => return b.refuse(format!("a position of {} numbers", other.len())),
        },
        None => length as i64 - i64::from(!behind),
    };
    let own = if at < 0 {
        at.saturating_add(length as i64)
    } else {
        at
    };
    match usize::try_from(own) {
        Ok(own) if own < places => Ok(own),
        _ => b.refuse(format!("position {at} of a sequence of length {length}")),
    }
}

fn joined<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, all: &[Slot]) -> Result<Slot> {
    let Some(&first) = all.first() else {
        return b.refuse("it joins an empty sequence");
    };
    let rank = b.rank(first);
    let axis = call.node.int("axis").unwrap_or(0);
    if !call.node.flag("new_axis") {
        let axis = b.axis(axis, rank)?;
        return join(b, all, axis);
    }
    let mut parts = Vec::new();
    for &part in all {
        if b.rank(part) != rank {
            return b.refuse("it joins tensors of different numbers of axes");
        }
        parts.push(with_axis(b, part, axis)?);
    }
    let axis = b.axis(axis, rank + 1)?;
    join(b, &parts, axis)
}

fn split<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let axis = b.axis(call.node.int("axis").unwrap_or(0), shape.len())?;
    let length = shape[axis];
    let (lengths, keeps) = match call.optional(1) {
        None => (vec![1; length], call.node.int("keepdims").unwrap_or(1) != 0),
        Some(split) => {
            let wanted = b.integers(split, "the lengths of the parts")?;
            let lengths: Option<Vec<usize>> =
                wanted.iter().map(|&n| usize::try_from(n).ok()).collect();
            let lengths = match (lengths, b.rank(split)) {
                // parts of this length, the last of which may be shorter
                (Some(one), 0) if one.first().is_some_and(|&n| n > 0) => {
                    let each = one[0];
                    let starts = (0..length).step_by(each);
                    starts.map(|start| each.min(length - start)).collect()
                }
                (Some(lengths), 1) => lengths,
                _ => return b.refuse(format!("parts of lengths {wanted:?}")),
            };
            (lengths, true)
        }
    };
    if lengths
        .iter()
        .try_fold(0_usize, |sum, &n| sum.checked_add(n))
        != Some(length)
    {
        return b.refuse(format!(
            "parts of lengths {lengths:?} of an axis of length {length}"
        ));
    }
    let mut start = 0;
    let mut parts = Vec::new();
    for own in lengths {
        let mut picks = everything(&shape);
        picks[axis] = (start..start + own).collect();
        start += own;
        let mut part = select(b, x, &picks, 0.0)?;
        if !keeps {
            let mut squeezed = shape.clone();
            squeezed.remove(axis);
            part = reshape_to(b, part, &squeezed)?;
        }
        parts.push(part);
    }
    Ok(parts)
}
