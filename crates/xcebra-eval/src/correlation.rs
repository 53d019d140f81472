//! Correlation of values and of ranks.

use crate::check::{finite_values, same_shape};
use crate::error::{EvalError, Result};

/// Ranks from 1, ties sharing the mean of theirs.
///
/// # Errors
/// [`EvalError::Empty`], [`EvalError::NotFinite`].
///
/// ```
/// assert_eq!(xcebra_eval::ranks(&[0.3, -1.0, 0.3])?, [2.5, 1.0, 2.5]);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn ranks<S: Copy + Into<f64>>(values: &[S]) -> Result<Vec<f64>> {
    Ok(doubled_ranks(&finite_values("the values", values)?)
        .into_iter()
        .map(|doubled| 0.5 * doubled as f64)
        .collect())
}

/// Twice the ranks of finite values: whole numbers, ties or not.
pub(crate) fn doubled_ranks(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0; values.len()];
    let mut below = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &index in tied {
            ranks[index] = 2 * below + tied.len() + 1;
        }
        below += tied.len();
    }
    ranks
}

/// Pearson's correlation of two series of the same length.
///
/// # Errors
/// [`EvalError::Shape`] if the lengths differ, [`EvalError::Empty`], [`EvalError::NotFinite`],
/// [`EvalError::Constant`] if either has no variance.
pub fn pearson<S: Copy + Into<f64>>(a: &[S], b: &[S]) -> Result<f64> {
    let (a, b) = both(a, b, "a correlation")?;
    Ok(correlate(&a, &b))
}

/// Spearman's rank correlation: Pearson's of the [`ranks`]. Any increasing function of either
/// series leaves it unchanged.
///
/// # Errors
/// As [`pearson`].
pub fn spearman<S: Copy + Into<f64>>(a: &[S], b: &[S]) -> Result<f64> {
    let (a, b) = both(a, b, "a rank correlation")?;
    Ok(correlate(&ranks(&a)?, &ranks(&b)?))
}

/// Kendall's rank correlation `τ_b`: concordant minus discordant pairs, over the geometric mean of the
/// pairs that are not tied in either series. In `O(n log n)` (Knight 1966).
///
/// # Errors
/// As [`pearson`].
pub fn kendall<S: Copy + Into<f64>>(a: &[S], b: &[S]) -> Result<f64> {
    let (a, b) = both(a, b, "a rank correlation")?;
    let mut pairs: Vec<(usize, usize)> = doubled_ranks(&a)
        .into_iter()
        .zip(doubled_ranks(&b))
        .collect();
    pairs.sort_unstable();
    let all = choose_two(pairs.len());
    let tied_a: u128 = runs(&pairs, |p| p.0).sum();
    let tied_both: u128 = runs(&pairs, |p| *p).sum();
    let mut order: Vec<usize> = pairs.iter().map(|p| p.1).collect();
    // pairs in the order of `a` and, within its ties, of `b`: only discordant ones are inverted
    let discordant = inversions(&mut order);
    let tied_b: u128 = runs(&order, |rank| *rank).sum();
    let untied = all + tied_both - tied_a - tied_b;
    let difference = untied as f64 - 2.0 * discordant as f64;
    // one root of the product: exactly the number of pairs where both are the same
    let pairs = ((all - tied_a) as f64 * (all - tied_b) as f64).sqrt();
    Ok((difference / pairs).clamp(-1.0, 1.0))
}

fn choose_two(n: usize) -> u128 {
    let n = n as u128;
    n * n.saturating_sub(1) / 2
}

/// Pairs within each run of equal keys.
fn runs<T, K: PartialEq>(sorted: &[T], key: impl Fn(&T) -> K) -> impl Iterator<Item = u128> {
    let same = sorted.chunk_by(move |a, b| key(a) == key(b));
    same.map(|run| choose_two(run.len()))
}

/// Sorts and counts the pairs that were in falling order, by merging.
fn inversions(values: &mut [usize]) -> u128 {
    if values.len() < 2 {
        return 0;
    }
    let (left, right) = values.split_at_mut(values.len() / 2);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while i < left.len() || j < right.len() {
        if j == right.len() || (i < left.len() && left[i] <= right[j]) {
            merged.push(left[i]);
            i += 1;
        } else {
            count += (left.len() - i) as u128;
            merged.push(right[j]);
            j += 1;
        }
    }
    values.copy_from_slice(&merged);
    count
}

fn both<S: Copy + Into<f64>>(
    a: &[S],
    b: &[S],
    score: &'static str,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let (first, second) = ("the first series", "the second series");
    same_shape(second, &[b.len()], first, &[a.len()])?;
    let (a, b) = (finite_values(first, a)?, finite_values(second, b)?);
    for (what, values) in [(first, &a), (second, &b)] {
        if values.iter().all(|&v| v == values[0]) {
            return Err(EvalError::Constant { what, score });
        }
    }
    Ok((a, b))
}

/// Pearson's correlation of series that vary.
fn correlate(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (centred(a), centred(b));
    let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
    (dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()).clamp(-1.0, 1.0)
}

/// Scaled to at most 1, so that squares neither over- nor underflow, and with mean 0.
fn centred(values: &[f64]) -> Vec<f64> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let scale = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let scaled: Vec<f64> = values.iter().map(|v| v / scale).collect();
    let middle = mean(&scaled);
    let centred: Vec<f64> = scaled.iter().map(|v| v - middle).collect();
    let spread = centred.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    centred.iter().map(|v| v / spread).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_orders() {
        let x = [1.0, 2.0, 3.0, 5.0];
        let y = x.map(|v| 1e200 * (3.0 - 2.0 * v));
        assert!((pearson(&x, &y).unwrap() + 1.0).abs() < 1e-15);
        let cubes = x.map(|v: f64| v.powi(7));
        assert_eq!(spearman(&x, &cubes), Ok(1.0));
        assert_eq!(kendall(&x, &cubes), Ok(1.0));
        assert_eq!(kendall(&x, &y), Ok(-1.0));
        // one of six pairs is out of order
        assert_eq!(kendall(&x, &[1.0, 3.0, 2.0, 4.0]), Ok(4.0 / 6.0));
        // 1 − 6 Σ d² / (n (n² − 1))
        let swapped = spearman(&x, &[1.0, 3.0, 2.0, 4.0]).unwrap();
        assert!((swapped - 0.8).abs() < 1e-15);
    }

    #[test]
    fn signed_zeros_tie() {
        assert_eq!(ranks(&[-0.0, 0.0, 1.0f32]).unwrap(), [1.5, 1.5, 3.0]);
    }

    #[test]
    fn kendall_counts_pairs() {
        let a: Vec<f64> = (0..60).map(|i| f64::from(i * i % 17)).collect();
        let b: Vec<f64> = (0..60).map(|i| f64::from(i * 7 % 11)).collect();
        let (mut sum, mut in_a, mut in_b) = (0.0, 0.0_f64, 0.0_f64);
        let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
        for i in 0..60 {
            for j in 0..i {
                let (x, y) = (sign(a[i] - a[j]), sign(b[i] - b[j]));
                sum += x * y;
                in_a += x * x;
                in_b += y * y;
            }
        }
        let expected = sum / (in_a.sqrt() * in_b.sqrt());
        assert!((kendall(&a, &b).unwrap() - expected).abs() < 1e-15);
    }

    #[test]
    fn what_cannot_be_correlated_is_refused() {
        for score in [pearson::<f64>, spearman::<f64>, kendall::<f64>] {
            assert!(matches!(
                score(&[1.0, 2.0], &[1.0]),
                Err(EvalError::Shape { .. })
            ));
            assert!(matches!(score(&[], &[]), Err(EvalError::Empty { .. })));
            let flat = score(&[1.0, 2.0], &[3.0, 3.0]).unwrap_err();
            assert!(matches!(
                flat,
                EvalError::Constant {
                    what: "the second series",
                    ..
                }
            ));
            assert!(score(&[1.0], &[1.0]).is_err());
            assert!(score(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
        }
    }
}
