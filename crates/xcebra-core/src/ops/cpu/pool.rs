//! Memory that one training step hands to the next.

use std::sync::Mutex;

/// Things that were used and can be used again; their content is arbitrary.
#[derive(Debug)]
pub struct Pool<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

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
