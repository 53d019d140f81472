//! Memory that one evaluation leaves to the next.
//!
//! The system clears fresh memory page by page when it is first touched, which takes longer than
//! what many steps compute. Within a [`Scope`], buffers therefore go back to an [`Arena`] and
//! are taken from it again. An arena belongs to a model and serves one thread at a time.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;

use xcebra_model::Scalar;

/// Shorter buffers are left to the allocator, which is fast for them.
const SHORTEST: usize = 1 << 10;

/// `length` numbers of any value, all of which are written before one is read.
///
/// They are what an earlier step has left, or zeros. Where assertions are checked, as in tests, they are not numbers, so that a step
/// that forgets some of them is found.
pub(crate) fn of_any_value<A: Scalar>(length: usize) -> Vec<A> {
    let mut numbers = taken(length).unwrap_or_default();
    numbers.truncate(length);
    numbers.resize(length, A::zero());
    if cfg!(debug_assertions) {
        numbers.fill(A::nan());
    }
    numbers
}

pub(crate) fn zeros<A: Scalar>(length: usize) -> Vec<A> {
    match taken(length) {
        None => vec![A::zero(); length],
        Some(mut numbers) => {
            numbers.clear();
            numbers.resize(length, A::zero());
            numbers
        }
    }
}

/// No numbers, and room for `length` of them.
pub(crate) fn with_room<A: Scalar>(length: usize) -> Vec<A> {
    match taken(length) {
        None => Vec::with_capacity(length),
        Some(mut numbers) => {
            numbers.clear();
            numbers
        }
    }
}

pub(crate) fn copied<A: Scalar>(numbers: &[A]) -> Vec<A> {
    let mut copy = with_room(numbers.len());
    copy.extend_from_slice(numbers);
    copy
}

/// Leaves a buffer to later steps.
pub(crate) fn give<A: Scalar>(mut numbers: Vec<A>) {
    if numbers.capacity() < SHORTEST {
        return;
    }
    ARENA.with(|own| {
        let mut own = own.borrow_mut();
        let Some(arena) = own.as_mut() else { return };
        let any: &mut dyn Any = &mut numbers;
        if let Some(single) = any.downcast_mut::<Vec<f32>>() {
            let single = std::mem::take(single);
            let shelf = arena.single.entry(single.capacity());
            shelf.or_default().waiting.push(single);
        } else if let Some(double) = any.downcast_mut::<Vec<f64>>() {
            let double = std::mem::take(double);
            let shelf = arena.double.entry(double.capacity());
            shelf.or_default().waiting.push(double);
        }
    });
}

/// Buffers that wait, by their capacity.
///
/// Not every buffer that goes back was taken from here, so an evaluation may leave more than it found. What was not
/// needed in two evaluations is dropped: one may be of fewer samples, or without the way back.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    single: Shelves<f32>,
    double: Shelves<f64>,
}

type Shelves<T> = BTreeMap<usize, Shelf<T>>;

/// Buffers of one capacity.
#[derive(Debug, Default)]
struct Shelf<T> {
    waiting: Vec<Vec<T>>,
    /// The fewest that have waited since the evaluation began, which it did not need.
    spare: usize,
    /// The same of the evaluation before.
    spare_before: usize,
}

fn begin<T>(shelves: &mut Shelves<T>) {
    for shelf in shelves.values_mut() {
        shelf.spare = shelf.waiting.len();
    }
}

fn end<T>(shelves: &mut Shelves<T>) {
    for shelf in shelves.values_mut() {
        let unneeded = shelf.spare.min(shelf.spare_before);
        shelf.waiting.drain(..unneeded);
        shelf.spare_before = shelf.spare - unneeded;
    }
    shelves.retain(|_, shelf| !shelf.waiting.is_empty());
}

#[cfg(test)]
impl Arena {
    /// How many numbers wait.
    pub fn len(&self) -> usize {
        fn held<T>(shelves: &Shelves<T>) -> usize {
            let each = |(capacity, shelf): (&usize, &Shelf<T>)| capacity * shelf.waiting.len();
            shelves.iter().map(each).sum()
        }
        held(&self.single) + held(&self.double)
    }
}

thread_local! {
    static ARENA: RefCell<Option<Arena>> = const { RefCell::new(None) };
}

/// The time in which buffers of this thread come from an arena.
pub(crate) struct Scope {
    before: Option<Arena>,
}

impl Scope {
    pub fn enter(mut arena: Arena) -> Self {
        begin(&mut arena.single);
        begin(&mut arena.double);
        Self {
            before: ARENA.with(|own| own.borrow_mut().replace(arena)),
        }
    }

    /// The arena with what has gone back to it, as far as it was needed lately.
    pub fn leave(self) -> Arena {
        let own = ARENA.with(|own| own.borrow_mut().take());
        let mut own = own.unwrap_or_default();
        end(&mut own.single);
        end(&mut own.double);
        own
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        ARENA.with(|own| *own.borrow_mut() = self.before.take());
    }
}

/// A buffer that waits and is at most twice as long as asked for.
fn taken<A: Scalar>(length: usize) -> Option<Vec<A>> {
    if length < SHORTEST {
        return None;
    }
    let mut numbers = Vec::<A>::new();
    ARENA.with(|own| {
        let mut own = own.borrow_mut();
        let arena = own.as_mut()?;
        let any: &mut dyn Any = &mut numbers;
        if let Some(single) = any.downcast_mut::<Vec<f32>>() {
            *single = fitting(&mut arena.single, length)?;
        } else if let Some(double) = any.downcast_mut::<Vec<f64>>() {
            *double = fitting(&mut arena.double, length)?;
        }
        Some(())
    })?;
    Some(numbers)
}

fn fitting<T>(shelves: &mut Shelves<T>, length: usize) -> Option<Vec<T>> {
    let (&capacity, shelf) = shelves.range_mut(length..=2 * length).next()?;
    let found = shelf.waiting.pop();
    shelf.spare = shelf.spare.min(shelf.waiting.len());
    if shelf.waiting.is_empty() {
        shelves.remove(&capacity);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_go_back_and_are_taken_again_within_a_scope_only() {
        let given = |length: usize| {
            let single = vec![1.0_f32; length];
            let place = single.as_ptr();
            give(single);
            place
        };
        given(5000);
        let scope = Scope::enter(Arena::default());
        assert!(taken::<f32>(5000).is_none());
        let first = given(5000);
        give(vec![3.0_f64; 5000]);
        let mut again = of_any_value::<f32>(4000);
        assert_eq!((again.as_ptr(), again.len()), (first, 4000));
        again.fill(2.0);
        assert_eq!(zeros::<f64>(2500), [0.0; 2500]);
        let second = given(5000);
        // it would be more than twice as long as asked for
        assert!(taken::<f32>(2400).is_none());
        let arena = scope.leave();
        assert!(taken::<f32>(5000).is_none());
        let _scope = Scope::enter(arena);
        let last = with_room::<f32>(5000);
        assert_eq!(last.as_ptr(), second);
    }
}
