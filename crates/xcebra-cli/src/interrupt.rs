//! Ctrl-C and the system's signals to end: the first asks a command to finish what it does, a second
//! Ctrl-C ends it.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::Session;

/// Exit code of a command that Ctrl-C has ended: 128 and the number of the signal.
const CTRL_C: u8 = 130;

/// Whether a command was asked to end, and by what.
///
/// Holds the exit code for what was asked first; 0 while nothing was.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<AtomicU8>);

impl Asked {
    /// Whether somebody has asked to end.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// Exit code of a command that ends because it was asked to: 128 and the number of the signal.
    pub fn exit_code(&self) -> u8 {
        match self.0.load(Ordering::SeqCst) {
            0 => CTRL_C,
            code => code,
        }
    }
}

/// From now on the first Ctrl-C is only noted in `asked`; `doing` tells the user what it starts. So are
/// SIGTERM, by which batch systems announce that they will kill a program, and SIGHUP of a terminal that is
/// closed; they may come several times.
pub fn listen(session: &Session, doing: &'static str) {
    let asked = session.asked().clone();
    let own = session.clone();
    let noted = move || {
        if asked.0.swap(CTRL_C, Ordering::SeqCst) != 0 {
            exit(CTRL_C.into());
        }
        own.note(&format!("{doing}; press Ctrl-C again to end at once"));
    };
    // where interrupts are ignored, as in the background of a script, they stay so
    let _ = ctrlc::try_set_handler(noted);
    #[cfg(unix)]
    listen_to_the_system(session.clone(), doing, session.asked().clone());
}

#[cfg(unix)]
fn listen_to_the_system(session: Session, doing: &'static str, asked: Asked) {
    use signal_hook::consts::{SIGHUP, SIGTERM};
    use signal_hook::iterator::Signals;

    let mut signals = vec![SIGTERM];
    if !is_ignored(SIGHUP) {
        signals.push(SIGHUP);
    }
    // without them the system ends the program at once, as it does with those that do not listen
    let Ok(mut signals) = Signals::new(signals) else {
        return;
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let (code, name) = match signal {
                SIGHUP => (128 + SIGHUP as u8, "the terminal was closed"),
                _ => (128 + SIGTERM as u8, "the system asks the program to end"),
            };
            let first = asked
                .0
                .compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
            if first.is_ok() {
                session.note(&format!("{name}: {doing}"));
            }
        }
    });
}

/// Whether the program was started so that it ignores a signal, as `nohup` starts it. Where that
/// cannot be known, it is taken for ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // signal 1 is the lowest bit
    ignored.is_none_or(|mask| mask >> (signal - 1) & 1 == 1)
}
