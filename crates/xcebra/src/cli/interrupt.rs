//! Ctrl-C: the first asks a command to lay its work down, the second ends it.

use std::ops::ControlFlow;
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};
use xcebra::model::{Model, ModelError, Scalar};

use super::problem::INTERRUPTED;
use super::{Problem, Session};

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

/// Whether to go on, for those who are asked between two pieces of work.
pub fn flow() -> ControlFlow<()> {
    match is_asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

/// Ends a command that has written nothing yet if Ctrl-C was pressed.
pub fn check() -> Result<(), Problem> {
    match is_asked() {
        true => Err(nothing_written()),
        false => Ok(()),
    }
}

/// What ended a command that has written nothing yet: Ctrl-C if it was pressed, otherwise the error.
pub fn or(error: impl Into<Problem>) -> Problem {
    match is_asked() {
        true => nothing_written(),
        false => error.into(),
    }
}

fn nothing_written() -> Problem {
    let problem = Problem::new("interrupted; nothing was written", "run the command again");
    problem.exit(INTERRUPTED)
}

/// A model that fails once Ctrl-C was pressed, so that whatever evaluates it ends soon.
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
