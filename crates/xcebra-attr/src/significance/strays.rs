//! Null maps that are far from all others.

use ndarray::Array2;

/// A null map is far from the others if its entries are larger than theirs by this factor at least …
const FACTOR: f64 = 2.0;
/// … and by this many robust standard deviations of the logarithms.
const DEVIATIONS: f64 = 4.0;
/// Standard deviations of a normal variable in a median absolute deviation.
const NORMAL: f64 = 1.4826;
/// If a larger share of the null maps is far from the others, it is not for the test to say which are right.
const MOST: f64 = 0.25;

/// Which null maps are far larger than the others, in order.
///
/// The size of a null map in a column is the mean over its entries of the logarithm of the entry over its median over the
/// null maps; that of the map is the size of its largest column. It is a stray if the size exceeds the median size by
/// the logarithm of 2 and by four robust standard deviations (median absolute deviation). None is if more than a
/// quarter would be.
pub(super) fn strays(nulls: &[Array2<f64>]) -> Vec<usize> {
    let Some(first) = nulls.first() else {
        return Vec::new();
    };
    let medians = Array2::from_shape_fn(first.dim(), |at| {
        median(nulls.iter().map(|null| null[at]).collect())
    });
    let sizes: Vec<f64> = nulls.iter().map(|null| size(null, &medians)).collect();
    let center = median(sizes.clone());
    let deviation = median(sizes.iter().map(|size| (size - center).abs()).collect());
    let limit = center + FACTOR.ln().max(DEVIATIONS * NORMAL * deviation);
    let strays: Vec<usize> = (0..nulls.len()).filter(|&k| sizes[k] > limit).collect();
    match strays.len() as f64 <= MOST * nulls.len() as f64 {
        true => strays,
        false => Vec::new(),
    }
}

/// Entries that are usually zero say nothing of size, and one that happens to be small says little.
fn size(null: &Array2<f64>, medians: &Array2<f64>) -> f64 {
    let columns = null.columns().into_iter().zip(medians.columns());
    let sizes = columns.filter_map(|(null, medians)| {
        let known = null
            .iter()
            .zip(medians)
            .filter(|(_, median)| **median > 0.0);
        let logs: Vec<f64> = known
            .map(|(v, median)| (v / median).max(1e-3).ln())
            .collect();
        (!logs.is_empty()).then(|| logs.iter().sum::<f64>() / logs.len() as f64)
    });
    sizes.fold(f64::NEG_INFINITY, f64::max)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Null maps of 6 × 2 entries, all about 1; those of `large` are larger by their factor in the second column.
    fn nulls(large: &[(usize, f64)]) -> Vec<Array2<f64>> {
        let of = |k: usize| {
            Array2::from_shape_fn((6, 2), |(i, j)| {
                let small = 1.0 + 0.2 * ((3 * k + 5 * i + 7 * j) as f64).sin();
                let factor = large.iter().find(|(at, _)| *at == k && j == 1);
                small * factor.map_or(1.0, |(_, factor)| *factor)
            })
        };
        (0..20).map(of).collect()
    }

    #[test]
    fn one_that_is_far_larger_in_one_column_is_a_stray() {
        assert_eq!(strays(&nulls(&[])), []);
        assert_eq!(strays(&nulls(&[(7, 1.5)])), []);
        assert_eq!(strays(&nulls(&[(7, 5.0), (0, 9.0)])), [0, 7]);
        assert_eq!(strays(&nulls(&[(7, 0.1)])), []);
        let many: Vec<(usize, f64)> = (0..6).map(|k| (k, 5.0)).collect();
        assert_eq!(strays(&nulls(&many[..5])), [0, 1, 2, 3, 4]);
        assert_eq!(strays(&nulls(&many)), []);
    }

    #[test]
    fn entries_that_are_zero_say_nothing() {
        let zeros = vec![Array2::zeros((3, 2)); 10];
        assert_eq!(strays(&zeros), []);
        assert_eq!(strays(&[]), []);
        let mut once = zeros;
        once[4].fill(1.0);
        assert_eq!(strays(&once), []);
    }
}
