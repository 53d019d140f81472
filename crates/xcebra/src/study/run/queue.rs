//! Which piece a process asks for next, so that many processes seldom ask for the same one.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::Result;
use crate::study::folder::Study;

/// The folder is looked at again after this many pieces that others had.
const MISSES: usize = 8;

/// The pieces that are left, as far as this process knows.
pub struct Queue<'a> {
    study: &'a Study,
    order: Mutex<Order>,
}

struct Order {
    pieces: VecDeque<usize>,
    /// How many others had since the last look.
    misses: usize,
    /// After how many of them the folder is looked at. It doubles each time: where most pieces are claimed, looking does
    /// not help.
    patience: usize,
}

impl<'a> Queue<'a> {
    /// Pieces from the first one on; where others are at work, from a place of this process's own.
    pub fn new(study: &'a Study, left: Vec<usize>) -> Result<Self> {
        let queue = Self {
            study,
            order: Mutex::new(Order {
                pieces: left.into(),
                misses: 0,
                patience: MISSES,
            }),
        };
        if let Ok(mut order) = queue.order.lock() {
            queue.look(&mut order)?;
        }
        Ok(queue)
    }

    /// The piece to ask for next.
    pub fn take(&self) -> Option<usize> {
        self.order.lock().ok()?.pieces.pop_front()
    }

    /// Notes that others had the last piece.
    pub fn missed(&self) -> Result<()> {
        let Ok(mut order) = self.order.lock() else {
            return Ok(());
        };
        order.misses += 1;
        if order.misses < order.patience {
            return Ok(());
        }
        order.misses = 0;
        order.patience *= 2;
        self.look(&mut order)
    }

    /// Looks which pieces are done and claimed: the first go, the others come last.
    fn look(&self, order: &mut Order) -> Result<()> {
        let done = self.study.all_done()?;
        let claimed = self.study.all_claimed()?;
        let left = order.pieces.drain(..).filter(|piece| !done.contains(piece));
        let (taken, mut free): (Vec<usize>, Vec<usize>) =
            left.partition(|piece| claimed.contains(piece));
        if !claimed.is_empty() && !free.is_empty() {
            // any number that differs between processes and looks will do
            let number = std::process::id() as usize + order.patience;
            let place = number.wrapping_mul(0x9e37_79b1) % free.len();
            free.rotate_left(place);
        }
        order.pieces.extend(free);
        order.pieces.extend(taken);
        Ok(())
    }
}
