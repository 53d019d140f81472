//! Matrices that stay in their file until some of their rows are asked for.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{FileError, Result};
use crate::values::Values;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;
/// Bytes that are kept of what was read last: more than all threads need that work on neighbouring rows.
const KEPT: usize = 64 << 20;

/// Where the rows of a matrix come from.
pub(crate) trait ReadRows: Debug + Send {
    /// Some rows, by rows, in the type of the file. The header says that they are there.
    fn read(&mut self, rows: Range<usize>) -> Result<Values>;

    /// The row at which the reader is, if it can only go forwards at little cost, as in compressed data.
    fn position(&self) -> Option<usize> {
        None
    }
}

/// A matrix of numbers that stays in its file until some of its rows are asked for. Clones share what was read.
///
/// A row that cannot be read is one of NaN, and [`failure`](Self::failure) then says why.
#[derive(Clone)]
pub struct OnDisk {
    inner: Arc<Inner>,
}

struct Inner {
    shape: [usize; 2],
    /// A row at most, which tells the type.
    like: Values,
    /// Rows of a block.
    rows: usize,
    /// Blocks that are kept.
    most: usize,
    state: Mutex<State>,
}

struct State {
    reader: Box<dyn ReadRows>,
    blocks: VecDeque<(usize, Arc<Values>)>,
    failure: Option<FileError>,
    failed: bool,
}

impl OnDisk {
    /// A matrix (rows, columns) with at least one of each. The first row is read.
    pub(crate) fn new(shape: [usize; 2], mut reader: Box<dyn ReadRows>) -> Result<Self> {
        let like = reader.read(0..1.min(shape[0]))?;
        let rows = (BLOCK / like.bytes().max(1)).max(1);
        let inner = Inner {
            shape,
            rows,
            most: (KEPT / (rows * like.bytes()).max(1)).max(2),
            like,
            state: Mutex::new(State {
                reader,
                blocks: VecDeque::new(),
                failure: None,
                failed: false,
            }),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Rows and columns.
    pub fn shape(&self) -> &[usize] {
        &self.inner.shape
    }

    /// The type of its numbers: some of its values.
    pub(crate) fn like(&self) -> &Values {
        &self.inner.like
    }

    /// Why a row could not be read, the first time that it is asked after that.
    pub fn failure(&self) -> Option<FileError> {
        self.state().failure.take()
    }

    /// Appends some rows to `out`, one after another, in double precision.
    pub fn append(&self, rows: Range<usize>, out: &mut Vec<f64>) {
        let each = self.inner.rows;
        let mut at = rows.start;
        while at < rows.end {
            let block = at / each;
            let (first, end) = (block * each, rows.end.min((block + 1) * each));
            match self.block(block) {
                Some(values) => values.append(at - first..end - first, out),
                None => out.extend((0..(end - at) * self.inner.shape[1]).map(|_| f64::NAN)),
            }
            at = end;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn block(&self, wanted: usize) -> Option<Arc<Values>> {
        let inner = &*self.inner;
        let state = &mut *self.state();
        let known = |state: &State| {
            let found = state.blocks.iter().find(|(block, _)| *block == wanted);
            found.map(|(_, values)| Arc::clone(values))
        };
        if let Some(found) = known(state) {
            return Some(found);
        }
        if state.failed {
            return None;
        }
        // what lies between is read anyway, and another thread may be about to ask for it
        let from = match state.reader.position() {
            Some(row) if row <= wanted * inner.rows => row.div_ceil(inner.rows),
            _ => wanted,
        };
        for block in from..=wanted {
            let rows = block * inner.rows..inner.shape[0].min((block + 1) * inner.rows);
            match state.reader.read(rows) {
                Ok(values) => {
                    if state.blocks.len() >= inner.most {
                        state.blocks.pop_front();
                    }
                    state.blocks.push_back((block, Arc::new(values)));
                }
                Err(error) => {
                    (state.failure, state.failed) = (Some(error), true);
                    return None;
                }
            }
        }
        known(state)
    }
}

impl PartialEq for OnDisk {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Debug for OnDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnDisk")
            .field("shape", &self.inner.shape)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Rows whose values are their numbers, up to a row that cannot be read.
    #[derive(Debug)]
    struct Counted {
        until: usize,
        /// Set if it goes forwards only.
        at: Option<usize>,
        rewound: Arc<Mutex<usize>>,
    }

    impl ReadRows for Counted {
        fn read(&mut self, rows: Range<usize>) -> Result<Values> {
            if rows.end > self.until {
                return Err(FileError::damaged("x", "it ends"));
            }
            if let Some(at) = &mut self.at {
                if rows.start < *at {
                    *self.rewound.lock().unwrap() += 1;
                }
                *at = rows.end;
            }
            let of = |(t, c): (usize, usize)| (rows.start + t) as i32 * 10 + c as i32;
            let values = Array2::from_shape_fn((rows.len(), 3), of);
            Ok(Values::I32(values.into_dyn()))
        }

        fn position(&self) -> Option<usize> {
            self.at
        }
    }

    fn matrix(rows: usize, until: usize, forwards: bool) -> (OnDisk, Arc<Mutex<usize>>) {
        let rewound = Arc::new(Mutex::new(0));
        let reader = Counted {
            until,
            at: forwards.then_some(0),
            rewound: Arc::clone(&rewound),
        };
        let matrix = OnDisk::new([rows, 3], Box::new(reader)).unwrap();
        (matrix, rewound)
    }

    #[test]
    fn rows_come_from_their_blocks() {
        // a block has 87,381 rows
        let (matrix, _) = matrix(300_000, 300_000, false);
        let mut out = Vec::new();
        matrix.append(87_379..87_384, &mut out);
        let expected = (87_379..87_384).flat_map(|t| (0..3).map(move |c| f64::from(t * 10 + c)));
        assert_eq!(out, expected.collect::<Vec<_>>());
        out.clear();
        matrix.append(299_999..300_000, &mut out);
        assert_eq!(out, [2_999_990.0, 2_999_991.0, 2_999_992.0]);
        assert!(matrix.failure().is_none());
        assert_eq!(matrix.shape(), [300_000, 3]);
    }

    #[test]
    fn a_reader_that_goes_forwards_is_not_sent_back_for_what_it_passed() {
        let (matrix, rewound) = matrix(300_000, 300_000, true);
        let mut out = Vec::new();
        matrix.append(250_000..250_001, &mut out);
        // one for the first row, which was read when it was opened
        let before = *rewound.lock().unwrap();
        matrix.append(100_000..100_001, &mut out);
        assert_eq!(*rewound.lock().unwrap(), before);
        assert_eq!(out[3], 1_000_000.0);
    }

    #[test]
    fn what_cannot_be_read_is_not_a_number_and_said() {
        let (matrix, _) = matrix(300_000, 100_000, false);
        let mut out = Vec::new();
        matrix.append(0..1, &mut out);
        assert_eq!(out, [0.0, 1.0, 2.0]);
        matrix.append(200_000..200_001, &mut out);
        assert!(out[3..].iter().all(|v| v.is_nan()));
        assert!(matrix.failure().unwrap().to_string().contains("it ends"));
        // once it has failed, it is not asked again
        assert!(matrix.failure().is_none());
    }
}
