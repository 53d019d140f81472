//! Precision and recall over all thresholds of an attribution (Crabbé, van der Schaar 2021).

use crate::check::{finite_values, parameter, same_shape};
use crate::error::{EvalError, Result};

/// Area under the precision curve (AUP): `∫_0^1 P(τ) dτ`, where `P(τ)` is the share of truly
/// salient elements among those with a score of at least `τ` (Crabbé, van der Schaar 2021,
/// "Explaining Time Series Predictions with Dynamic Masks").
///
/// Scores are in `[0, 1]`, see [`unit_scores`]. The integral is exact: the curve is a step function.
/// Above the largest score nothing is selected, and nothing wrongly: precision counts as 1 there, as
/// in scikit-learn.
///
/// # Errors
/// [`EvalError::Shape`] if the lengths differ, [`EvalError::Empty`], [`EvalError::NotFinite`],
/// [`EvalError::Parameter`] if a score is outside `[0, 1]`, [`EvalError::OneClass`] unless some
/// elements are salient and some are not.
pub fn area_under_precision<S: Copy + Into<f64>>(salient: &[bool], scores: &[S]) -> Result<f64> {
    let mut ranked = checked(salient, scores)?;
    ranked.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut area = 1.0 - ranked[0].0;
    let (mut selected, mut hits) = (0.0, 0.0);
    for (i, &(score, label)) in ranked.iter().enumerate() {
        selected += 1.0;
        hits += f64::from(label);
        // from this score down to the next the selection stays as it is; between ties for no time
        let next = ranked.get(i + 1).map_or(0.0, |(next, _)| *next);
        area += hits / selected * (score - next);
    }
    Ok(area)
}

/// Area under the recall curve (AUR): `∫_0^1 R(τ) dτ`, where `R(τ)` is the share of truly salient
/// elements that have a score of at least `τ` (Crabbé, van der Schaar 2021).
///
/// The integral is exact: it is the mean score of the salient elements. A method that marks everything
/// has a high one, so read it together with [`area_under_precision`].
///
/// # Errors
/// As [`area_under_precision`].
pub fn area_under_recall<S: Copy + Into<f64>>(salient: &[bool], scores: &[S]) -> Result<f64> {
    let pairs = checked(salient, scores)?;
    let found = pairs.iter().filter(|(_, label)| *label);
    let (sum, count) = found.fold((0.0, 0.0), |(sum, n), (score, _)| (sum + score, n + 1.0));
    Ok(sum / count)
}

/// Scores moved and scaled to `[0, 1]`, lowest to highest, as thresholds of them need it.
///
/// # Errors
/// [`EvalError::Empty`], [`EvalError::NotFinite`], [`EvalError::Constant`] if all are equal.
pub fn unit_scores<S: Copy + Into<f64>>(scores: &[S]) -> Result<Vec<f64>> {
    let scores = finite_values("the scores", scores)?;
    let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low == high {
        return Err(EvalError::Constant {
            what: "the scores",
            score: "a threshold",
        });
    }
    // halves, lest the difference of huge scores overflow; 0 and 1 exactly at the ends
    let range = 0.5 * high - 0.5 * low;
    let scaled = scores.iter().map(|v| (0.5 * v - 0.5 * low) / range);
    Ok(scaled.collect())
}

fn checked<S: Copy + Into<f64>>(salient: &[bool], scores: &[S]) -> Result<Vec<(f64, bool)>> {
    same_shape(
        "the scores",
        &[scores.len()],
        "the labels",
        &[salient.len()],
    )?;
    let scores = finite_values("the scores", scores)?;
    if let Some(outside) = scores.iter().find(|v| !(0.0..=1.0).contains(*v)) {
        parameter("a score", outside, false, "0 to 1 (see `unit_scores`)")?;
    }
    if salient.iter().all(|&label| label == salient[0]) {
        return Err(EvalError::OneClass {
            label: salient[0],
            count: salient.len(),
        });
    }
    Ok(scores.into_iter().zip(salient.iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALIENT: [bool; 5] = [true, false, true, false, false];

    #[test]
    fn areas_by_hand() {
        let scores = [0.8, 0.6, 0.6, 0.1, 0.0];
        // precision: 1 above 0.6, 2/3 down to 0.1, 1/2 down to 0
        let expected = 0.4 + 0.5 * 2.0 / 3.0 + 0.1 * 0.5;
        let found = area_under_precision(&SALIENT, &scores).unwrap();
        assert!((found - expected).abs() < 1e-15);
        let found = area_under_recall(&SALIENT, &scores).unwrap();
        assert!((found - 0.7).abs() < 1e-15);
    }

    #[test]
    fn areas_are_the_limits_of_sums_over_thresholds() {
        let salient: Vec<bool> = (0..40).map(|i| i % 3 == 0 || i > 30).collect();
        let scores: Vec<f64> = (0..40).map(|i| (i as f64).sin().abs().sqrt()).collect();
        let n = 100_000;
        let (mut precision, mut recall) = (0.0, 0.0);
        for step in 0..n {
            let threshold = (f64::from(step) + 0.5) / f64::from(n);
            let count = |mask: &dyn Fn(usize) -> bool| (0..40).filter(|&i| mask(i)).count() as f64;
            let selected = count(&|i| scores[i] >= threshold);
            let hits = count(&|i| scores[i] >= threshold && salient[i]);
            precision += if selected == 0.0 {
                1.0
            } else {
                hits / selected
            };
            recall += hits / count(&|i| salient[i]);
        }
        // each of the 40 steps may fall anywhere within 1e-5
        let found = area_under_precision(&salient, &scores).unwrap();
        assert!((found - precision / f64::from(n)).abs() < 2e-4);
        let found = area_under_recall(&salient, &scores).unwrap();
        assert!((found - recall / f64::from(n)).abs() < 2e-4);
    }

    #[test]
    fn a_perfect_mask_has_both_areas_one() {
        let scores = SALIENT.map(f64::from);
        assert_eq!(area_under_precision(&SALIENT, &scores), Ok(1.0));
        assert_eq!(area_under_recall(&SALIENT, &scores), Ok(1.0));
        // marking everything: precision is the share of salient elements, recall 1
        let all = [1.0f32; 5];
        let precision = area_under_precision(&SALIENT, &all).unwrap();
        assert!((precision - 0.4).abs() < 1e-15);
        assert_eq!(area_under_recall(&SALIENT, &all), Ok(1.0));
    }

    #[test]
    fn scores_are_scaled_to_the_unit_interval() {
        assert_eq!(unit_scores(&[-2.0, 0.0, 6.0]), Ok(vec![0.0, 0.25, 1.0]));
        assert_eq!(unit_scores(&[-f64::MAX, f64::MAX]), Ok(vec![0.0, 1.0]));
        assert!(matches!(
            unit_scores(&[2.0; 3]),
            Err(EvalError::Constant { .. })
        ));
        assert!(unit_scores::<f64>(&[]).is_err());
    }

    #[test]
    fn what_has_no_thresholds_is_refused() {
        for area in [area_under_precision::<f64>, area_under_recall::<f64>] {
            let error = area(&[true, false], &[0.5, 1.5]).unwrap_err();
            assert_eq!(
                error.to_string(),
                "a score is 1.5, expected 0 to 1 (see `unit_scores`)"
            );
            assert!(matches!(
                area(&[true], &[0.5, 0.5]),
                Err(EvalError::Shape { .. })
            ));
            assert!(matches!(area(&[], &[]), Err(EvalError::Empty { .. })));
            assert!(area(&[true, false], &[f64::NAN, 0.5]).is_err());
            let error = area(&[true, true], &[0.1, 0.5]).unwrap_err();
            assert!(matches!(error, EvalError::OneClass { label: true, .. }));
        }
    }
}
