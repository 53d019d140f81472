//! Insertion and deletion curves (Petsiuk, Das, Saenko 2018).

use ndarray::{Array1, ArrayRef, ArrayView, Dimension};
use xcebra_numeric::even_counts;

use super::masking::{Curves, Highest, Masking};
use crate::check::parameter;
use crate::error::Result;

/// The output while coefficients are replaced by the baseline, those of highest attribution first.
///
/// `x`, `baseline` and `scores` are (samples, …); `model` maps a batch of such coefficients to one
/// output a sample. The curve begins at the output for `x` and ends at that for the baseline, with
/// `⌊j k / steps⌉` of `k` coefficients replaced at point `j`. A faithful attribution makes it fall
/// early: a small [area](Curves::areas).
///
/// Scores are taken with their sign: for an output that rises with the evidence, what speaks against
/// it comes last. Where sign means nothing, pass absolute values.
///
/// # Errors
/// [`EvalError::Shape`](crate::EvalError::Shape), [`EvalError::Empty`](crate::EvalError::Empty),
/// [`EvalError::NotFinite`](crate::EvalError::NotFinite) for scores or outputs,
/// [`EvalError::Parameter`](crate::EvalError::Parameter) without steps, and whatever the model
/// returns (see [`EvalError::model`](crate::EvalError::model)).
///
/// ```
/// use ndarray::{Axis, array};
/// use xcebra_eval::faithfulness::deletion;
///
/// let x = array![[3.0, 1.0, 2.0]];
/// let sum = |batch: ndarray::ArrayView2<'_, f64>| Ok(batch.sum_axis(Axis(1)));
/// let curves = deletion(sum, &x, &(0.0 * &x), &x, 3)?; // a sum's attribution is its input
/// assert_eq!(curves.values, array![[6.0, 3.0, 1.0, 0.0]]);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn deletion<T, S, D>(
    model: impl FnMut(ArrayView<'_, T, D>) -> Result<Array1<f64>>,
    x: &ArrayRef<T, D>,
    baseline: &ArrayRef<T, D>,
    scores: &ArrayRef<S, D>,
    steps: usize,
) -> Result<Curves>
where
    T: Clone,
    S: Copy + Into<f64>,
    D: Dimension,
{
    curves(
        model,
        &Masking::new(x, baseline, scores)?,
        steps,
        Highest::Removed,
    )
}

/// The output while coefficients of `x` are put into the baseline, those of highest attribution
/// first: [`deletion`] from the other end. A faithful attribution makes the curve rise early.
///
/// # Errors
/// As [`deletion`].
pub fn insertion<T, S, D>(
    model: impl FnMut(ArrayView<'_, T, D>) -> Result<Array1<f64>>,
    x: &ArrayRef<T, D>,
    baseline: &ArrayRef<T, D>,
    scores: &ArrayRef<S, D>,
    steps: usize,
) -> Result<Curves>
where
    T: Clone,
    S: Copy + Into<f64>,
    D: Dimension,
{
    curves(
        model,
        &Masking::new(x, baseline, scores)?,
        steps,
        Highest::Kept,
    )
}

fn curves<T: Clone, D: Dimension>(
    model: impl FnMut(ArrayView<'_, T, D>) -> Result<Array1<f64>>,
    masking: &Masking<T, D>,
    steps: usize,
    highest: Highest,
) -> Result<Curves> {
    parameter("the number of steps", steps, steps > 0, "at least 1")?;
    let counts = even_counts(masking.coefficients(), steps);
    Ok(Curves {
        values: masking.outputs(model, &counts, highest)?,
        fractions: (0..=steps).map(|j| j as f64 / steps as f64).collect(),
    })
}
