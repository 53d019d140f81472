//! What a check of gradients found.

use std::fmt;

use super::probe::Slope;

/// A question to a model whose answer contains gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// [`Model::vjp`](crate::Model::vjp).
    Vjp,
    /// The pull-back of [`Model::value_and_vjp`](crate::Model::value_and_vjp).
    ValueAndVjp,
    /// [`Model::jacobian`](crate::Model::jacobian), contracted with the cotangent.
    Jacobian,
}

/// The comparison with the largest error.
#[derive(Clone, Copy, Debug)]
pub struct Mismatch {
    /// Which answer of the model.
    pub answer: Answer,
    /// Index of the sample in the batch.
    pub sample: usize,
    /// Index of the direction.
    pub direction: usize,
    /// The slope by the model's gradient.
    pub claimed: f64,
    /// The slope by differences of the model's value.
    pub measured: f64,
}

/// What a check of gradients found; its `Display` is one sentence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VjpReport {
    /// Largest relative error; infinite if a gradient or a value is not finite.
    pub max_error: f64,
    /// The largest relative error that passes.
    pub tolerance: f64,
    /// Number of slopes compared.
    pub comparisons: usize,
    /// Number of those whose measurement rounding blurs by more than the tolerance.
    pub unresolved: usize,
    /// Where the largest error is; `None` if there is no error at all.
    pub worst: Option<Mismatch>,
}

impl VjpReport {
    pub(super) fn new(tolerance: f64) -> Self {
        Self {
            max_error: 0.0,
            tolerance,
            comparisons: 0,
            unresolved: 0,
            worst: None,
        }
    }

    /// Whether all errors lie within the tolerance.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.max_error <= self.tolerance
    }

    pub(super) fn compare(
        &mut self,
        answer: Answer,
        sample: usize,
        direction: usize,
        claim: Slope,
        measured: Slope,
    ) {
        self.comparisons += 1;
        let scale = claim.size.max(measured.value.abs());
        let blur = measured.size / self.tolerance;
        if blur > scale {
            self.unresolved += 1;
        }
        let difference = (claim.value - measured.value).abs();
        // `claim.size` shows non-finite entries that a direction could have missed
        let finite = difference.is_finite() && claim.size.is_finite();
        let error = match difference / scale.max(blur) {
            _ if !finite => f64::INFINITY,
            _ if difference == 0.0 => 0.0,
            error => error,
        };
        if error > self.max_error {
            self.max_error = error;
            self.worst = Some(Mismatch {
                answer,
                sample,
                direction,
                claimed: claim.value,
                measured: measured.value,
            });
        }
    }
}

impl fmt::Display for VjpReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "agree" } else { "DISAGREE" };
        write!(
            f,
            "gradients and differences {verdict}: largest relative error {:.1e}, tolerance {:.1e}, {} comparisons",
            self.max_error, self.tolerance, self.comparisons
        )?;
        if let Some(worst) = self.worst {
            write!(
                f,
                "; worst in {:?} at sample {}, direction {}: slope {:.6e} claimed, {:.6e} measured",
                worst.answer, worst.sample, worst.direction, worst.claimed, worst.measured
            )?;
        }
        if self.unresolved > 0 {
            write!(
                f,
                "; rounding blurs {} comparisons by more than the tolerance",
                self.unresolved
            )?;
        }
        Ok(())
    }
}
