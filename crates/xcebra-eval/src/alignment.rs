//! Embeddings of different samples, brought to one axis by a label or into one frame by a rotation.

use ndarray::{Array2, ArrayRef2, ArrayView2, Axis};
use xcebra_numeric::RowSvd;

use crate::check::{finite_matrix, finite_values, parameter, same_shape};
use crate::error::{EvalError, Result};

/// Bins that an empty one may borrow from, on either side.
const NEIGHBOURS: usize = 2;

/// Embeddings of different animals or sessions by a label that all of them have: row `b` of each result (bins − 1,
/// dimensions) is the mean of the samples whose label is in bin `b`, brought to length 1. The results have the same
/// rows, so that [`consistency`](crate::consistency) can compare them; this is what CEBRA's `consistency_score`
/// does between data sets.
///
/// The edges of the bins are `bins` even steps from the smallest to the largest label of all embeddings. As in CEBRA,
/// the largest label itself is left out, and an empty bin takes the samples of the next one or two on both sides.
///
/// # Errors
/// [`EvalError::Parameter`] below 2 bins, [`EvalError::Shape`] if an embedding and its label differ in length,
/// [`EvalError::Empty`], [`EvalError::NotFinite`], [`EvalError::EmptyBin`] where an embedding has no sample near a
/// bin, [`EvalError::Constant`] if all labels are equal, [`EvalError::ZeroVector`] if the mean of a bin has no
/// direction.
pub fn by_label<S: Copy + Into<f64>>(
    embeddings: &[ArrayView2<'_, S>],
    labels: &[&[S]],
    bins: usize,
) -> Result<Vec<Array2<f64>>> {
    parameter("the number of bins", bins, bins >= 2, "at least 2")?;
    let what = "the labels";
    same_shape(what, &[labels.len()], "the embeddings", &[embeddings.len()])?;
    let mut checked = Vec::new();
    for (embedding, label) in embeddings.iter().zip(labels) {
        same_shape(what, &[label.len()], "the embedding", &[embedding.nrows()])?;
        checked.push((
            finite_matrix("the embedding", embedding)?,
            finite_values(what, label)?,
        ));
    }
    let all = || checked.iter().flat_map(|(_, label)| label.iter().copied());
    let low = all().fold(f64::INFINITY, f64::min);
    let high = all().fold(f64::NEG_INFINITY, f64::max);
    if low >= high {
        return Err(EvalError::Constant {
            what,
            score: "an alignment by labels",
        });
    }
    let edges = edges(low, high, bins);
    checked
        .iter()
        .enumerate()
        .map(|(number, (embedding, label))| {
            let bin = |value: &f64| edges.partition_point(|edge| edge <= value);
            let bin_of: Vec<usize> = label.iter().map(bin).collect();
            binned(embedding, &bin_of, bins, number)
        })
        .collect()
}

/// Even steps, the last of them exact, rounded as `numpy.linspace` does.
fn edges(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high - low) / (count - 1) as f64;
    let mut edges: Vec<f64> = (0..count).map(|k| k as f64 * step + low).collect();
    edges[count - 1] = high;
    edges
}

/// The means of bins 1 to `bins − 1`, of length 1.
fn binned(
    embedding: &Array2<f64>,
    bin_of: &[usize],
    bins: usize,
    number: usize,
) -> Result<Array2<f64>> {
    let (count, dims) = (bins - 1, embedding.ncols());
    let mut sums = Array2::zeros((bins + 1, dims));
    let mut counts = vec![0usize; bins + 1];
    for (row, &bin) in embedding.rows().into_iter().zip(bin_of) {
        let mut sum = sums.row_mut(bin);
        sum += &row;
        counts[bin] += 1;
    }
    let mut means = Array2::zeros((count, dims));
    for bin in 1..bins {
        let near = (0..=NEIGHBOURS).map(|d| bin.saturating_sub(d)..(bin + d + 1).min(bins + 1));
        let mut near = near.filter(|near| counts[near.clone()].iter().any(|&c| c > 0));
        let Some(near) = near.next() else {
            return Err(EvalError::EmptyBin {
                embedding: number,
                bin,
                bins,
            });
        };
        let sum = sums.slice_axis(Axis(0), near.into()).sum_axis(Axis(0));
        let length = sum.dot(&sum).sqrt();
        if length == 0.0 {
            return Err(EvalError::ZeroVector {
                what: "the means of the bins",
                row: bin - 1,
            });
        }
        // the length of a sum and of a mean differ by a factor, which the direction does not
        means.row_mut(bin - 1).assign(&(sum / length));
    }
    Ok(means)
}

/// What is left of the squared distance between two sets of points (samples, dimensions) once both are centred, of
/// the same size, and turned or mirrored onto each other as well as possible: 0 for the same shape, up to 1. This is
/// the disparity of `scipy.spatial.procrustes`.
///
/// # Errors
/// [`EvalError::Shape`] if the shapes differ, [`EvalError::Empty`], [`EvalError::NotFinite`],
/// [`EvalError::Constant`] if all points of a set are the same.
///
/// ```
/// use ndarray::array;
///
/// let a = array![[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]];
/// // turned by a right angle, twice as large, moved
/// let b = array![[5.0, 5.0], [5.0, 7.0], [1.0, 5.0]];
/// assert!(xcebra_eval::procrustes_disparity(&a, &b)? < 1e-15);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn procrustes_disparity<S: Copy + Into<f64>>(
    a: &ArrayRef2<S>,
    b: &ArrayRef2<S>,
) -> Result<f64> {
    same_shape("the second embedding", b.shape(), "the first", a.shape())?;
    let a = standard("the first embedding", a)?;
    let b = standard("the second embedding", b)?;
    let dims = a.ncols();
    let product = a.t().dot(&b);
    let product: Vec<f64> = product.iter().copied().collect();
    let mut svd = RowSvd::new(dims, dims);
    svd.decompose(&product);
    let sum: f64 = svd.singular_values().iter().sum();
    // rounding may take the sum a little above 1
    Ok((1.0 - sum * sum).max(0.0))
}

/// Points around 0 whose squares sum up to 1.
fn standard<S: Copy + Into<f64>>(what: &'static str, points: &ArrayRef2<S>) -> Result<Array2<f64>> {
    let mut points = finite_matrix(what, points)?;
    let rows = points.nrows() as f64;
    let mean = points.sum_axis(Axis(0)) / rows;
    let first = points.row(0).to_owned();
    if points.rows().into_iter().all(|row| row == first) {
        return Err(EvalError::Constant {
            what,
            score: "a Procrustes comparison",
        });
    }
    points -= &mean;
    let norm = points.fold(0.0, |sum, v| sum + v * v).sqrt();
    Ok(points / norm)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn bins_by_hand() {
        let embedding = array![[1.0, 0.0], [3.0, 4.0], [0.0, 2.0], [9.0, 9.0]];
        let label = [0.0, 0.5, 1.0, 2.0];
        // edges 0, 1, 2: bin 1 has the first two, bin 2 the third; the largest label is left out
        let found = by_label(&[embedding.view()], &[&label], 3).unwrap();
        let sum = (4.0f64 * 4.0 + 4.0 * 4.0).sqrt();
        assert_eq!(found[0], array![[4.0 / sum, 4.0 / sum], [0.0, 1.0]]);
    }

    #[test]
    fn an_empty_bin_borrows_from_both_sides() {
        let embedding = array![[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]];
        // edges 0, 1, 2, 3, 4: bin 2 is empty
        let found = by_label(&[embedding.view()], &[&[0.0, 2.5, 4.0]], 5).unwrap();
        let half = 0.5f64.sqrt();
        assert!(
            (&found[0].row(1) - &array![half, half])
                .iter()
                .all(|d| d.abs() < 1e-15)
        );
        assert_eq!(found[0].row(0), array![1.0, 0.0]);
        // edges 0, 1, …, 8: nothing within two of bin 5
        let far = by_label(&[embedding.view()], &[&[0.0, 1.5, 8.0]], 9);
        assert_eq!(
            far,
            Err(EvalError::EmptyBin {
                embedding: 0,
                bin: 5,
                bins: 9
            })
        );
    }

    #[test]
    fn what_cannot_be_aligned_is_refused() {
        let e = array![[1.0, 0.0], [0.0, 1.0]];
        let align = |label: &[f64], bins| by_label(&[e.view()], &[label], bins);
        assert!(matches!(align(&[0.0], 3), Err(EvalError::Shape { .. })));
        assert!(matches!(
            align(&[0.0, f64::NAN], 3),
            Err(EvalError::NotFinite { .. })
        ));
        assert!(matches!(
            align(&[1.0, 1.0], 3),
            Err(EvalError::Constant { .. })
        ));
        assert!(matches!(
            align(&[0.0, 1.0], 1),
            Err(EvalError::Parameter { .. })
        ));
        let constant = array![[1.0, 2.0], [1.0, 2.0]];
        assert!(matches!(
            procrustes_disparity(&e, &constant),
            Err(EvalError::Constant { .. })
        ));
        assert!(procrustes_disparity(&e, &array![[1.0], [2.0]]).is_err());
    }

    #[test]
    fn the_disparity_of_unlike_shapes_by_hand() {
        // a segment along one axis against a square: singular values 1/√2 and 0
        let a = array![[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]];
        let b = array![[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]];
        assert!((procrustes_disparity(&a, &b).unwrap() - 0.5).abs() < 1e-15);
    }
}
