//! Derivatives of a function of which only values are known.

use ndarray::{Array1, Array2, ArrayView1, ArrayViewD};
use xcebra_numeric::Step;

use crate::scalar::Scalar;

/// Calls `visit(sample, input, slopes)` for every input of every sample of `x` (n, …), in this order, with the
/// central differences of all outputs with respect to it.
///
/// `values` maps batches of samples, shaped as `x` is, to `(samples, outputs)`; it is called with at most
/// `batch_size` samples, two for each slope, `2 n D` in all for `D` inputs. Differences are taken in double
/// precision and divided by the distance of the two ends as they were rounded. How far they may be off is said at
/// [`Step`].
///
/// ```
/// use ndarray::{Array2, array};
/// use xcebra_model::{ModelError, central_differences};
/// use xcebra_numeric::{Step, balanced_step};
///
/// let mut gradient = Array2::zeros((1, 2));
/// central_differences(
///     &array![[2.0, 3.0]].view().into_dyn(),
///     Step::Relative(balanced_step()),
///     100,
///     |x| Ok::<_, ModelError>(Array2::from_shape_fn((x.shape()[0], 1), |(i, _)| x[[i, 0]] * x[[i, 1]])),
///     |sample, input, slopes| gradient[[sample, input]] = slopes[0],
/// )?;
/// assert!((gradient[[0, 0]] - 3.0_f64).abs() < 1e-9 && (gradient[[0, 1]] - 2.0).abs() < 1e-9);
/// # Ok::<(), ModelError>(())
/// ```
///
/// # Errors
/// Those of `values`.
///
/// # Panics
/// If `values` gives another number of rows than it was given samples.
pub fn central_differences<A: Scalar, B: Scalar, E>(
    x: &ArrayViewD<'_, A>,
    step: Step<A>,
    batch_size: usize,
    mut values: impl FnMut(ArrayViewD<'_, A>) -> Result<Array2<B>, E>,
    mut visit: impl FnMut(usize, usize, ArrayView1<'_, f64>),
) -> Result<(), E> {
    let mut shape = x.shape().to_vec();
    let n = shape[0];
    let inputs: usize = shape[1..].iter().product();
    let x = x.to_shape((n, inputs)).expect("one row a sample");
    let (all, per_call) = (n * inputs, (batch_size / 2).max(1));
    for start in (0..all).step_by(per_call) {
        let pairs = start..(start + per_call).min(all);
        let asked = pairs.map(|pair| (pair / inputs, pair % inputs));
        let mut ends = Array2::zeros((2 * asked.len(), inputs));
        for (pair, (sample, input)) in asked.clone().enumerate() {
            let both = step.ends(x[[sample, input]]);
            for (end, value) in both.into_iter().enumerate() {
                let mut row = ends.row_mut(2 * pair + end);
                row.assign(&x.row(sample));
                row[input] = value;
            }
        }
        shape[0] = ends.nrows();
        let batch = ends.view().into_shape_with_order(&*shape);
        let found = values(batch.expect("rows hold whole samples"))?;
        assert_eq!(found.nrows(), ends.nrows(), "one row of values a sample");
        for (pair, (sample, input)) in asked.enumerate() {
            // the width as rounded, not as meant
            let width = (ends[[2 * pair, input]] - ends[[2 * pair + 1, input]]).as_f64();
            let ends = found.row(2 * pair).into_iter().zip(found.row(2 * pair + 1));
            let slopes: Array1<f64> = ends
                .map(|(up, down)| (up.as_f64() - down.as_f64()) / width)
                .collect();
            visit(sample, input, slopes.view());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, array};

    use super::*;

    /// Central differences are exact for parabolas; 1e-9 is rounding over a step of 1e-4. Every slope is visited
    /// once and in order, whatever the batch.
    #[test]
    fn parabolas_in_batches_of_any_size() {
        let x = array![[1.0, 2.0], [-0.5, 4.0]].into_dyn();
        for batch_size in [0, 2, 3, 5, 100] {
            let (mut found, mut largest) = (Vec::new(), 0);
            let values = |x: ArrayViewD<'_, f64>| {
                largest = largest.max(x.shape()[0]);
                let rows = x.axis_iter(Axis(0));
                let values = rows.flat_map(|x| [x[0] * x[0] + 3.0 * x[1], x[0] * x[1]]);
                Ok::<_, ()>(Array2::from_shape_vec((x.shape()[0], 2), values.collect()).unwrap())
            };
            let visit = |sample, input, slopes: ArrayView1<'_, f64>| {
                found.push((sample, input, slopes.to_vec()));
            };
            let step = Step::Absolute(1e-4);
            central_differences(&x.view(), step, batch_size, values, visit).unwrap();
            assert!(largest <= batch_size.max(2));
            let known = [
                (0, 0, [2.0, 2.0]),
                (0, 1, [3.0, 1.0]),
                (1, 0, [-1.0, 4.0]),
                (1, 1, [3.0, -0.5]),
            ];
            assert_eq!(found.len(), known.len());
            for (found, known) in found.iter().zip(known) {
                assert_eq!((found.0, found.1), (known.0, known.1));
                let off = found.2.iter().zip(known.2).map(|(a, b)| (a - b).abs());
                assert!(off.fold(0.0, f64::max) < 1e-9, "{found:?}");
            }
        }
    }

    #[test]
    fn errors_of_the_function_are_handed_on() {
        let x = array![[1.0]].into_dyn();
        let fail = |_: ArrayViewD<'_, f64>| Err::<Array2<f64>, _>("no");
        let found = central_differences(&x.view(), Step::Absolute(0.1), 8, fail, |_, _, _| ());
        assert_eq!(found, Err("no"));
    }
}
