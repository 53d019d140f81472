//! Ctrl-C and the system's signals to end: the first asks a command to lay its work down, a second
//! Ctrl-C ends it.

use std::ops::ControlFlow;
use std::process::exit;
use std::sync::atomic::{AtomicU8, Ordering};

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};
use xcebra::model::{Model, ModelError, Scalar};

use super::{Problem, Session};

/// Exit code of a command that Ctrl-C has ended: 128 and the number of the signal.
const CTRL_C: u8 = 130;

/// The exit code for what was asked first; 0 while nothing was.
static ASKED: AtomicU8 = AtomicU8::new(0);

/// From now on the first Ctrl-C is only noted, for [`is_asked`]; `doing` tells the user what it starts.
/// So are SIGTERM, by which batch systems announce that they will kill a program, and SIGHUP of a
/// terminal that is closed; they may come several times.
pub fn listen(session: &Session, doing: &'static str) {
    let session = *session;
    let noted = move || {
        if ASKED.swap(CTRL_C, Ordering::SeqCst) != 0 {
            exit(CTRL_C.into());
        }
        session.note(&format!("{doing}; press Ctrl-C again to end at once"));
    };
    // where interrupts are ignored, as in the background of a script, they stay so
    let _ = ctrlc::try_set_handler(noted);
    #[cfg(unix)]
    listen_to_the_system(session, doing);
}

#[cfg(unix)]
fn listen_to_the_system(session: Session, doing: &'static str) {
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
            let first = ASKED.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
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

/// Whether somebody has asked to end.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst) != 0
}

/// Exit code of a command that ends because it was asked to: 128 and the number of the signal.
pub fn exit_code() -> u8 {
    match ASKED.load(Ordering::SeqCst) {
        0 => CTRL_C,
        code => code,
    }
}

/// Whether to go on, for those who are asked between two pieces of work.
pub fn flow() -> ControlFlow<()> {
    match is_asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

/// Ends a command that has written nothing yet if it was asked to.
pub fn check() -> Result<(), Problem> {
    match is_asked() {
        true => Err(nothing_written()),
        false => Ok(()),
    }
}

/// What ended a command that has written nothing yet: a signal if one came, otherwise the error.
pub fn or(error: impl Into<Problem>) -> Problem {
    match is_asked() {
        true => nothing_written(),
        false => error.into(),
    }
}

fn nothing_written() -> Problem {
    let problem = Problem::new("interrupted; nothing was written", "run the command again");
    problem.exit(exit_code())
}

/// A model that fails once a command is asked to end, so that whatever evaluates it ends soon.
pub struct Interruptible<'a, A>(pub &'a dyn Model<A>);

impl<A: Scalar> Interruptible<'_, A> {
    fn unless_asked(&self) -> Result<&dyn Model<A>, ModelError> {
        match is_asked() {
            true => Err(ModelError::evaluation("interrupted")),
            false => Ok(self.0),
        }
    }
}

impl<A: Scalar> Model<A> for Interruptible<'_, A> {
    fn input_shape(&self) -> &[usize] {
        self.0.input_shape()
    }

    fn output_dim(&self) -> usize {
        self.0.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        self.unless_asked()?.forward(x)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        self.unless_asked()?.vjp(x, cotangent)
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>), ModelError> {
        self.unless_asked()?.value_and_vjp(x, cotangent)
    }

    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>, ModelError> {
        self.unless_asked()?.jacobian(x)
    }

    fn jvp(
        &self,
        x: ArrayViewD<'_, A>,
        tangent: ArrayViewD<'_, A>,
    ) -> Result<Option<Array2<A>>, ModelError> {
        self.unless_asked()?.jvp(x, tangent)
    }
}
