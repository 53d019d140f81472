//! Ctrl-C: the first asks a command to lay its work down, the second ends it.

use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Session;
use super::problem::INTERRUPTED;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C is only noted, for [`is_asked`]; `doing` tells the user what it starts.
pub fn listen(session: &Session, doing: &'static str) {
    let session = *session;
    let noted = move || {
        if ASKED.swap(true, Ordering::SeqCst) {
            exit(INTERRUPTED.into());
        }
        session.note(&format!("{doing}; press Ctrl-C again to end at once"));
    };
    // where interrupts are ignored, as in the background of a script, they stay so
    let _ = ctrlc::try_set_handler(noted);
}

/// Whether Ctrl-C was pressed.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
