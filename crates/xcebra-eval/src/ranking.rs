//! How well scores rank positives above negatives.
//!
//! Both measures depend on the order of the scores only: any strictly increasing transform leaves
//! them unchanged. Infinite scores are therefore welcome (`inf` ranks above every number), NaN is not.

use ndarray::ArrayRef2;

use crate::check::same_shape;
use crate::error::{EvalError, Result};

/// Area under the receiver operating characteristic: the probability that a random positive scores
/// higher than a random negative, ties counting one half (the Mann–Whitney statistic).
///
/// The pairs are counted in integers, so the result is the exact fraction, rounded once.
///
/// # Errors
/// [`EvalError::Shape`] if the lengths differ, [`EvalError::Empty`] without samples,
/// [`EvalError::OneClass`] unless there are positives and negatives,
/// [`EvalError::NotFinite`] if a score is NaN.
///
/// ```
/// let auc = xcebra_eval::auroc(&[false, true, true, false], &[0.1, 0.8, 0.3, 0.3])?;
/// assert_eq!(auc, 0.875); // of 4 pairs, 3 in order and 1 tied
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn auroc<S: Copy + Into<f64>>(labels: &[bool], scores: &[S]) -> Result<f64> {
    let ranking = Ranking::new(labels, scores)?;
    let mut positives_above = 0u128;
    let mut doubled_pairs = 0u128;
    for tie in &ranking.ties {
        let (positives, negatives) = (tie.positives as u128, tie.negatives as u128);
        doubled_pairs += negatives * (2 * positives_above + positives);
        positives_above += positives;
    }
    let all_pairs = 2 * ranking.positives as u128 * ranking.negatives as u128;
    Ok(doubled_pairs as f64 / all_pairs as f64)
}

/// Average precision `Σ_n (R_n − R_{n−1}) P_n` over the distinct thresholds, from the highest score
/// down, with precision `P_n` and recall `R_n` (the definition of scikit-learn: no interpolation).
///
/// Its chance level is the share of positives, not one half.
///
/// # Errors
/// As [`auroc`]. Without negatives every ranking would have average precision 1, which says nothing
/// about the scores: that is an error too.
///
/// ```
/// let ap = xcebra_eval::average_precision(&[true, false, true], &[0.9, 0.5, 0.1])?;
/// assert!((ap - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn average_precision<S: Copy + Into<f64>>(labels: &[bool], scores: &[S]) -> Result<f64> {
    let ranking = Ranking::new(labels, scores)?;
    let mut retrieved = 0;
    let mut hits = 0;
    let mut sum = 0.0;
    for tie in &ranking.ties {
        retrieved += tie.positives + tie.negatives;
        hits += tie.positives;
        sum += tie.positives as f64 * (hits as f64 / retrieved as f64);
    }
    Ok(sum / ranking.positives as f64)
}

/// [`auroc`] of an attribution map `scores` against the true map, both (inputs, latents).
///
/// Pass absolute values: attributions of either sign speak for a connection.
///
/// # Errors
/// [`EvalError::Shape`] if the shapes differ; otherwise as [`auroc`], with row-major positions.
pub fn auroc_map<S: Copy + Into<f64>>(
    truth: &ArrayRef2<bool>,
    scores: &ArrayRef2<S>,
) -> Result<f64> {
    let (labels, scores) = flatten(truth, scores)?;
    auroc(&labels, &scores)
}

/// [`average_precision`] of an attribution map `scores` against the true map, both (inputs, latents).
///
/// # Errors
/// [`EvalError::Shape`] if the shapes differ; otherwise as [`auroc`], with row-major positions.
pub fn average_precision_map<S: Copy + Into<f64>>(
    truth: &ArrayRef2<bool>,
    scores: &ArrayRef2<S>,
) -> Result<f64> {
    let (labels, scores) = flatten(truth, scores)?;
    average_precision(&labels, &scores)
}

/// Both maps in row-major order, whatever their memory layout.
fn flatten<S: Copy>(truth: &ArrayRef2<bool>, scores: &ArrayRef2<S>) -> Result<(Vec<bool>, Vec<S>)> {
    same_shape("the map", scores.shape(), "the true map", truth.shape())?;
    Ok((
        truth.iter().copied().collect(),
        scores.iter().copied().collect(),
    ))
}

/// Labels of all samples that share one score.
#[derive(Default)]
struct Tie {
    positives: usize,
    negatives: usize,
}

/// Labels in the order of falling scores.
struct Ranking {
    ties: Vec<Tie>,
    positives: usize,
    negatives: usize,
}

impl Ranking {
    fn new<S: Copy + Into<f64>>(labels: &[bool], scores: &[S]) -> Result<Self> {
        let count = labels.len();
        same_shape("the scores", &[scores.len()], "the labels", &[count])?;
        if count == 0 {
            return Err(EvalError::Empty {
                what: "the labels",
                shape: vec![0],
            });
        }
        let mut ranked: Vec<(f64, bool)> = scores
            .iter()
            .zip(labels)
            .map(|(&score, &label)| (score.into(), label))
            .collect();
        if let Some(position) = ranked.iter().position(|(score, _)| score.is_nan()) {
            return Err(EvalError::NotFinite {
                what: "the scores",
                value: f64::NAN.to_string(),
                index: vec![position],
            });
        }
        let positives = labels.iter().filter(|&&label| label).count();
        if positives == 0 || positives == count {
            return Err(EvalError::OneClass {
                label: labels[0],
                count,
            });
        }
        ranked.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        // `==`, not `total_cmp`: 0.0 and -0.0 are one score, and they are neighbours in the order
        let ties = ranked
            .chunk_by(|(a, _), (b, _)| a == b)
            .map(|tied| {
                let positives = tied.iter().filter(|(_, label)| *label).count();
                Tie {
                    positives,
                    negatives: tied.len() - positives,
                }
            })
            .collect();
        Ok(Self {
            ties,
            positives,
            negatives: count - positives,
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ShapeBuilder, array};

    use super::*;

    #[test]
    fn perfect_reversed_and_useless_rankings() {
        let labels = [true, true, false, false];
        assert_eq!(auroc(&labels, &[4.0, 3.0, 2.0, 1.0]), Ok(1.0));
        assert_eq!(auroc(&labels, &[1.0, 2.0, 3.0, 4.0]), Ok(0.0));
        assert_eq!(auroc(&labels, &[7.0; 4]), Ok(0.5));
        assert_eq!(average_precision(&labels, &[4.0, 3.0, 2.0, 1.0]), Ok(1.0));
        assert_eq!(average_precision(&labels, &[7.0; 4]), Ok(0.5));
    }

    #[test]
    fn signed_zeros_tie() {
        assert_eq!(auroc(&[true, false], &[0.0, -0.0]), Ok(0.5));
        assert_eq!(auroc(&[true, false], &[-0.0, 0.0]), Ok(0.5));
        assert_eq!(average_precision(&[true, false], &[-0.0, 0.0]), Ok(0.5));
    }

    #[test]
    fn infinite_scores_are_ordered() {
        let labels = [true, false, true, false];
        let scores = [f64::INFINITY, 1e300, 0.0, f64::NEG_INFINITY];
        assert_eq!(auroc(&labels, &scores), Ok(0.75));
    }

    #[test]
    fn single_precision_scores() {
        assert_eq!(auroc(&[true, false], &[1.0f32, 0.5]), Ok(1.0));
    }

    #[test]
    fn maps_are_compared_by_position_not_by_memory_order() {
        let truth = array![[true, false, true], [false, true, false]];
        let row_major = array![[0.9, 0.6, 0.3], [0.2, 0.8, 0.1]];
        let mut column_major = Array2::zeros((2, 3).f());
        column_major.assign(&row_major);
        let expected = 8.0 / 9.0;
        assert_eq!(auroc_map(&truth, &row_major), Ok(expected));
        assert_eq!(auroc_map(&truth, &column_major), Ok(expected));
        let ap = average_precision_map(&truth, &column_major).unwrap();
        approx::assert_abs_diff_eq!(ap, (1.0 + 1.0 + 0.75) / 3.0, epsilon = 1e-15);
    }

    #[test]
    fn a_row_is_not_a_column() {
        let truth = array![[true, false]];
        let map = array![[1.0], [0.0]];
        let error = auroc_map(&truth, &map).unwrap_err();
        assert!(matches!(error, EvalError::Shape { .. }));
        assert_eq!(
            error.to_string(),
            "the shape of the map is [2, 1], expected [1, 2] to match the true map"
        );
        assert!(average_precision_map(&truth, &map).is_err());
    }

    #[test]
    fn what_cannot_be_ranked_is_refused() {
        for score in [auroc::<f64>, average_precision::<f64>] {
            assert!(matches!(
                score(&[true], &[1.0, 2.0]),
                Err(EvalError::Shape { .. })
            ));
            assert!(matches!(score(&[], &[]), Err(EvalError::Empty { .. })));
            assert_eq!(
                score(&[true, true], &[1.0, 2.0]),
                Err(EvalError::OneClass {
                    label: true,
                    count: 2
                })
            );
            assert_eq!(
                score(&[false; 3], &[1.0; 3]),
                Err(EvalError::OneClass {
                    label: false,
                    count: 3
                })
            );
            let error = score(&[true, false], &[1.0, f64::NAN]).unwrap_err();
            assert_eq!(error.to_string(), "found NaN in the scores at index [1]");
        }
    }
}
