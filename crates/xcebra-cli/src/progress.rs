//! How far a long command is.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Time between lines where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(10);

/// The progress of one piece of work, shown on standard error.
///
/// It disappears when dropped.
#[derive(Debug)]
pub struct Bar {
    what: String,
    bar: ProgressBar,
    /// Units that were done before.
    before: u64,
    /// When a line was last written, if lines are.
    last: Option<Mutex<Instant>>,
}

impl Bar {
    pub(super) fn on_terminal(what: &str, total: u64) -> Self {
        let bar = ProgressBar::new(total).with_prefix(what.to_owned());
        let template = "{prefix} {wide_bar:.cyan/dim} {percent}%  {msg}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━━─"));
        }
        Self {
            what: what.to_owned(),
            bar,
            before: 0,
            last: None,
        }
    }

    pub(super) fn lines(what: &str, total: u64) -> Self {
        let mut bar = Self::hidden(what, total);
        bar.last = Some(Mutex::new(Instant::now()));
        bar
    }

    pub(super) fn hidden(what: &str, total: u64) -> Self {
        let bar = ProgressBar::hidden();
        bar.set_length(total);
        Self {
            what: what.to_owned(),
            bar,
            before: 0,
            last: None,
        }
    }

    /// Writes to standard error without tearing the bar.
    pub fn suspended(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Work that goes on from earlier work, with `done` units done.
    pub fn resumed_at(mut self, done: u64) -> Self {
        self.before = done;
        self.bar.set_position(done);
        self.bar.reset_eta();
        self
    }

    /// Whether more is done than so much: then the work has begun anew.
    pub fn is_beyond(&self, done: u64) -> bool {
        self.bar.position() > done
    }

    /// Shows that `done` units are done, with a message such as the present loss.
    pub fn at(&self, done: u64, message: &str) {
        self.bar.set_message(message.to_owned());
        self.bar.set_position(done);
        let Some(Ok(mut last)) = self.last.as_ref().map(Mutex::lock) else {
            return;
        };
        if last.elapsed() >= INTERVAL {
            *last = Instant::now();
            let _ = writeln!(std::io::stderr(), "{}", self.line(message));
        }
    }

    fn line(&self, message: &str) -> String {
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let mut line = format!("{}: {done} of {total}", self.what);
        if !message.is_empty() {
            line = format!("{line}, {message}");
        }
        // the bar estimates from what it has drawn; hidden, it draws nothing
        let elapsed = self.bar.elapsed();
        if done > self.before && done < total {
            let left = elapsed.mul_f64((total - done) as f64 / (done - self.before) as f64);
            line = format!("{line}, {} left", HumanDuration(left));
        }
        line
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_far_and_how_long() {
        let progress = Bar::lines("fit", 200);
        assert_eq!(progress.line(""), "fit: 0 of 200");
        progress.at(50, "loss 3.2");
        let line = progress.line("loss 3.2");
        assert!(
            line.starts_with("fit: 50 of 200, loss 3.2, ") && line.ends_with(" left"),
            "{line}"
        );
        progress.at(200, "");
        assert_eq!(progress.line(""), "fit: 200 of 200");
        let progress = Bar::lines("fit", 200).resumed_at(150);
        assert_eq!(progress.line(""), "fit: 150 of 200");
    }

    #[test]
    fn the_bar_accepts_its_template() {
        let progress = Bar::on_terminal("fit", 10);
        progress.at(5, "loss 3.2");
    }
}
