//! How far the reading of files is, for who waits for it.
//!
//! Readers of all formats tell it where they read, so that no reader carries a watch.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use xcebra_model::Watch;

/// Time between two reports.
const BETWEEN: Duration = Duration::from_millis(200);
/// Bytes of a unit of progress.
const UNIT: u64 = 1_000_000;

#[derive(Debug, Default)]
struct Reading {
    done: AtomicU64,
    total: AtomicU64,
    stopped: AtomicBool,
}

thread_local! {
    static READING: RefCell<Option<Arc<Reading>>> = const { RefCell::new(None) };
}

/// Does work on this thread that reads files. The watch hears every 200 ms how many MB of a file are read, as the
/// task `read`; reading fails soon after the watch says stop.
pub fn watched<T>(watch: &Watch<'_>, work: impl FnOnce() -> T) -> T {
    /// Puts back what was there before, also after a panic.
    struct Before(Option<Arc<Reading>>);
    impl Drop for Before {
        fn drop(&mut self) {
            READING.set(self.0.take());
        }
    }
    let reading = Arc::new(Reading::default());
    std::thread::scope(|scope| {
        let (working, over) = channel::<()>();
        let seen = Arc::clone(&reading);
        scope.spawn(move || {
            while over.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
                let (done, total) = (seen.done.load(Relaxed), seen.total.load(Relaxed));
                if total >= UNIT {
                    watch.progress("read", (done.min(total) / UNIT, total / UNIT), "MB");
                }
                if watch.is_stopped() {
                    seen.stopped.store(true, Relaxed);
                }
            }
        });
        // dropped at the end, which ends the other thread
        let _working = working;
        let _before = Before(READING.replace(Some(reading)));
        work()
    })
}

/// Tells how many bytes are read, and of how many.
///
/// # Errors
/// If the reading is to stop.
pub(crate) fn told(done: u64, total: u64) -> io::Result<()> {
    READING.with_borrow(|reading| {
        let Some(reading) = reading else {
            return Ok(());
        };
        reading.done.store(done, Relaxed);
        reading.total.store(total, Relaxed);
        match reading.stopped.load(Relaxed) {
            // readers try again after `Interrupted`
            true => Err(io::Error::other("the reading was stopped")),
            false => Ok(()),
        }
    })
}

/// A file that tells how far it is read.
#[derive(Debug)]
pub(crate) struct Tracked<R> {
    inner: R,
    at: u64,
    length: u64,
}

impl<R: Seek> Tracked<R> {
    /// A file of this many bytes, at its beginning.
    pub(crate) fn new(inner: R, length: u64) -> Self {
        Self {
            inner,
            at: 0,
            length,
        }
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        told(self.at, self.length)?;
        let count = self.inner.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for Tracked<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Mutex;

    use super::*;

    fn slow(parts: u64) -> io::Result<u64> {
        let mut file = Tracked::new(Cursor::new(vec![0; 2_000_000]), 2_000_000);
        for part in 0..parts {
            file.seek(SeekFrom::Start(part * 1000))?;
            file.read_exact(&mut [0; 10])?;
            std::thread::sleep(Duration::from_millis(10));
        }
        file.stream_position()
    }

    #[test]
    fn a_watch_hears_of_it_and_stops_it() {
        let heard = Mutex::new(Vec::new());
        let report = |p: xcebra_model::Progress<'_>| {
            heard
                .lock()
                .unwrap()
                .push((p.task.to_owned(), p.done, p.total));
        };
        let stop = || !heard.lock().unwrap().is_empty();
        let watch = Watch::new().on_progress(&report).stop_when(&stop);
        // it would take 20 s
        let stopped = watched(&watch, || slow(2000)).unwrap_err();
        assert!(stopped.to_string().contains("stopped"), "{stopped}");
        let first = heard.lock().unwrap()[0].clone();
        assert_eq!((first.0.as_str(), first.2), ("read", 2));
        // nobody watches any more
        assert_eq!(slow(1).unwrap(), 10);
    }
}
