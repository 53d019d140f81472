//! What the messages of one file share while they are read.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use super::beside::Beside;
use crate::error::{OnnxError, Result};

/// Most items (nodes, attributes, names, dimensions, …) of a small file.
const MOST_ITEMS: usize = 1_000_000;
/// Bytes of a larger file for each item more.
const BYTES_EACH: usize = 8;

/// A file that is being read.
pub(crate) struct Context {
    pub file: Arc<Vec<u8>>,
    /// The folder whose files hold numbers too; none if only bytes were given.
    pub beside: Option<Arc<Beside>>,
    items: Cell<usize>,
    /// Numbers in the tensors so far.
    numbers: Cell<usize>,
}

impl Context {
    pub fn new(file: Arc<Vec<u8>>, folder: Option<&Path>) -> Self {
        Self {
            file,
            beside: folder.map(|folder| Arc::new(Beside::new(folder))),
            items: Cell::new(0),
            numbers: Cell::new(0),
        }
    }

    /// Counts one more item.
    pub fn count(&self) -> Result<()> {
        self.count_many(1)
    }

    /// Counts items that are made from others, such as the nodes of a function.
    pub fn count_many(&self, more: usize) -> Result<()> {
        let limit = MOST_ITEMS.max(self.file.len() / BYTES_EACH);
        let items = self.items.get().saturating_add(more);
        if items > limit {
            return Err(OnnxError::Limit {
                what: "the number of items in the file".to_owned(),
                limit,
                advice: "simplify the graph when exporting it",
            });
        }
        self.items.set(items);
        Ok(())
    }

    /// Notes that a tensor of the file itself holds this many numbers.
    pub fn note_numbers(&self, more: usize) {
        self.numbers.set(self.numbers.get().saturating_add(more));
    }

    /// Numbers that the file and those beside it can hold, at most: as many as they have.
    pub fn numbers(&self) -> usize {
        let beside = self.beside.as_ref().map_or(0, |beside| beside.numbers());
        self.numbers.get().saturating_add(beside)
    }
}
