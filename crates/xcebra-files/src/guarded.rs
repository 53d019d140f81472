//! Calls of decoders that panic on damaged files, as those of Arrow and Parquet do.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::error::{FileError, Result};

thread_local! {
    /// Whether a panic of this thread becomes an error, about which nothing needs to be printed.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// What `decode` gives; a damaged file if it panics. What it changed by then must not be used any more.
pub(crate) fn guarded<T>(place: &str, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |told| {
            if !EXPECTED.get() {
                usual(told);
            }
        }));
    });
    let before = EXPECTED.replace(true);
    let found = panic::catch_unwind(AssertUnwindSafe(decode));
    EXPECTED.set(before);
    found.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        let problem = text.unwrap_or("its decoder failed");
        Err(FileError::damaged(place, problem))
    })
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_is_a_damaged_file() {
        let error = guarded::<()>("a.arrow", || panic!("offset {}", 9)).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("a.arrow") && text.contains("offset 9"),
            "{text}"
        );
        assert_eq!(guarded("a.arrow", || Ok(3)).unwrap(), 3);
    }
}
