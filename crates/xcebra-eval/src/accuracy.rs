//! Scores of decoded classes.

use std::collections::BTreeMap;

use crate::check::same_shape;
use crate::error::{EvalError, Result};

/// The share of samples whose class is decoded.
///
/// # Errors
/// [`EvalError::Shape`] if the lengths differ, [`EvalError::Empty`].
///
/// ```
/// assert_eq!(xcebra_eval::accuracy(&[0, 0, 0, 1], &[0, 0, 0, 0])?, 0.75);
/// assert_eq!(xcebra_eval::balanced_accuracy(&[0, 0, 0, 1], &[0, 0, 0, 0])?, 0.5);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn accuracy(truth: &[usize], decoded: &[usize]) -> Result<f64> {
    let right = checked(truth, decoded)?.filter(|(a, b)| a == b).count();
    Ok(right as f64 / truth.len() as f64)
}

/// The mean over the classes of the share of their samples that are decoded: a rare class counts as much as a
/// frequent one, and a decoder that always names the same class reaches one over the number of classes.
///
/// # Errors
/// As [`accuracy`].
pub fn balanced_accuracy(truth: &[usize], decoded: &[usize]) -> Result<f64> {
    let mut shares: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (class, found) in checked(truth, decoded)? {
        let (right, all) = shares.entry(*class).or_default();
        *right += usize::from(class == found);
        *all += 1;
    }
    let sum: f64 = shares
        .values()
        .map(|&(right, all)| right as f64 / all as f64)
        .sum();
    Ok(sum / shares.len() as f64)
}

fn checked<'a>(
    truth: &'a [usize],
    decoded: &'a [usize],
) -> Result<impl Iterator<Item = (&'a usize, &'a usize)>> {
    let what = "the decoded classes";
    same_shape(what, &[decoded.len()], "the true classes", &[truth.len()])?;
    match truth.is_empty() {
        true => Err(EvalError::Empty {
            what: "the true classes",
            shape: vec![0],
        }),
        false => Ok(truth.iter().zip(decoded)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_only_decoded_do_not_count() {
        // class 5 is never true: the mean is over classes 1 and 2
        assert_eq!(balanced_accuracy(&[1, 1, 2], &[1, 5, 2]), Ok(0.75));
    }

    #[test]
    fn what_does_not_match_is_refused() {
        assert!(matches!(accuracy(&[], &[]), Err(EvalError::Empty { .. })));
        assert!(matches!(
            accuracy(&[1], &[1, 2]),
            Err(EvalError::Shape { .. })
        ));
        assert!(balanced_accuracy(&[1], &[]).is_err());
    }
}
