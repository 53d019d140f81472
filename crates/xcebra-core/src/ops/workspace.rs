//! Memory that one training step hands to the next.

use std::sync::Mutex;

use super::{encode, jacobian_penalty};

/// Buffers of the operations of one encoder. Fresh pages from the system cost a step a third of
/// its time.
#[derive(Debug, Default)]
pub struct Workspace<E> {
    /// Pre-activations and other vectors of one chunk.
    pub buffers: Pool<Vec<E>>,
    /// Lanes of the encoder's reverse pass.
    pub encode: Pool<encode::Lane<E>>,
    /// Lanes of the Jacobian penalty.
    pub penalty: Pool<jacobian_penalty::Lane<E>>,
}

/// Things that were used and can be used again; their content is arbitrary.
#[derive(Debug, Default)]
pub struct Pool<T>(Mutex<Vec<T>>);

impl<T: Default> Pool<T> {
    /// A used one, or a fresh one if there is none.
    pub fn take(&self) -> T {
        // a thread that panicked while holding the lock left whole things behind
        let mut pool = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        pool.pop().unwrap_or_default()
    }

    /// Some of them.
    pub fn take_all(&self, count: usize) -> Vec<T> {
        (0..count).map(|_| self.take()).collect()
    }

    /// Keeps some for later.
    pub fn give_all(&self, things: Vec<T>) {
        things.into_iter().for_each(|thing| self.give(thing));
    }

    /// Keeps one for later.
    pub fn give(&self, thing: T) {
        let mut pool = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        pool.push(thing);
    }
}
