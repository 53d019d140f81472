//! Bytes of tensors: a part of the file, a copy of it, or a part of a file beside it.

use std::ops::Range;
use std::sync::Arc;

use super::beside::Place;
use super::literal::Reason;

/// Bytes that are there, or can be read.
#[derive(Clone, Debug)]
pub enum Bytes {
    Here {
        file: Arc<Vec<u8>>,
        range: Range<usize>,
    },
    Beside(Place),
}

impl Bytes {
    /// A part of a file in memory.
    pub fn part(file: Arc<Vec<u8>>, range: Range<usize>) -> Self {
        Self::Here { file, range }
    }

    /// Whether there are `length` bytes.
    pub fn check(&self, length: usize) -> Result<(), Reason> {
        match self {
            Self::Here { .. } => Ok(()),
            Self::Beside(place) => place.check(length).map(|_| ()),
        }
    }

    /// Hands `length` bytes, which are all there are, to `take`, in pieces whose lengths are multiples of 8 but for the last.
    pub fn pieces(&self, length: usize, mut take: impl FnMut(&[u8])) -> Result<(), Reason> {
        match self {
            Self::Here { file, range } => {
                take(&file[range.clone()]);
                Ok(())
            }
            Self::Beside(place) => place.pieces(length, take),
        }
    }

    /// A copy that needs neither the whole file nor those beside it.
    pub fn alone(&self, length: usize) -> Result<Self, Reason> {
        self.check(length)?;
        let mut copy = Vec::new();
        if copy.try_reserve_exact(length).is_err() {
            return Err((format!("its {length} bytes do not fit into memory"), None));
        }
        self.pieces(length, |piece| copy.extend_from_slice(piece))?;
        Ok(Self::Here {
            range: 0..copy.len(),
            file: Arc::new(copy),
        })
    }
}
