//! Comprehensiveness and sufficiency (the ERASER benchmark, 2020).

use ndarray::{Array1, ArrayRef, ArrayView, Axis, Dimension};

use super::masking::{Curves, Highest, Masking};
use crate::check::{finite_values, parameter};
use crate::error::Result;

/// What is lost without the coefficients of highest attribution: `f(x) − f(x without the top q)` for
/// each share `q`, with `⌈q k⌉` of `k` coefficients replaced by the baseline. A faithful attribution
/// makes it large, already for small shares.
///
/// `x`, `baseline` and `scores` are (samples, …); `model` maps a batch of such coefficients to one
/// output a sample. [`Curves::averages`] is the area over the perturbation curve (AOPC); customary
/// shares are 1, 5, 10, 20 and 50 %.
///
/// # Errors
/// As [`deletion`](super::deletion), and [`EvalError::Parameter`](crate::EvalError::Parameter) unless
/// all shares are in `[0, 1]`.
pub fn comprehensiveness<T, S, D>(
    model: impl FnMut(ArrayView<'_, T, D>) -> Result<Array1<f64>>,
    x: &ArrayRef<T, D>,
    baseline: &ArrayRef<T, D>,
    scores: &ArrayRef<S, D>,
    fractions: &[f64],
) -> Result<Curves>
where
    T: Clone,
    S: Copy + Into<f64>,
    D: Dimension,
{
    let masking = Masking::new(x, baseline, scores)?;
    losses(model, &masking, fractions, Highest::Removed)
}

/// What is lost with only the coefficients of highest attribution: `f(x) − f(only the top q of x)` for
/// each share `q`. A faithful attribution makes it small.
///
/// # Errors
/// As [`comprehensiveness`].
pub fn sufficiency<T, S, D>(
    model: impl FnMut(ArrayView<'_, T, D>) -> Result<Array1<f64>>,
    x: &ArrayRef<T, D>,
    baseline: &ArrayRef<T, D>,
    scores: &ArrayRef<S, D>,
    fractions: &[f64],
) -> Result<Curves>
where
    T: Clone,
    S: Copy + Into<f64>,
    D: Dimension,
{
    let masking = Masking::new(x, baseline, scores)?;
    losses(model, &masking, fractions, Highest::Kept)
}

fn losses<T: Clone, D: Dimension>(
    model: impl FnMut(ArrayView<'_, T, D>) -> Result<Array1<f64>>,
    masking: &Masking<T, D>,
    fractions: &[f64],
    highest: Highest,
) -> Result<Curves> {
    let fractions = finite_values("the shares", fractions)?;
    if let Some(outside) = fractions.iter().find(|f| !(0.0..=1.0).contains(*f)) {
        parameter("a share", outside, false, "0 to 1")?;
    }
    let coefficients = masking.coefficients();
    // first the whole: nothing removed, or everything kept
    let mut counts = vec![match highest {
        Highest::Removed => 0,
        Highest::Kept => coefficients,
    }];
    let share = |f: &f64| (f * coefficients as f64).ceil() as usize;
    counts.extend(fractions.iter().map(share));
    let outputs = masking.outputs(model, &counts, highest)?;
    let whole = outputs.column(0).insert_axis(Axis(1));
    let masked = outputs.slice_axis(Axis(1), (1..).into());
    Ok(Curves {
        fractions: Array1::from(fractions),
        values: &whole - &masked,
    })
}
