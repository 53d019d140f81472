//! How well decoded labels match the true ones.

use std::f64::consts::PI;

use ndarray::Array1;
use serde_json::{Value, json};
use xcebra_eval::{R2Average, accuracy, balanced_accuracy, median_error, r2, r2_per_output};

use super::Target;
use crate::answer::{number, numbers};
use crate::{Problem, Result};

/// Scores of a decoded label, by its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Scores {
    /// Of numbers.
    Numbers {
        /// R² over all columns: the share of their variance that is decoded.
        r2: f64,
        /// R² of each column.
        r2_per_column: Vec<f64>,
        /// Median distance between true and decoded values; of one column the median absolute error.
        median_error: f64,
    },
    /// Of angles.
    Angle {
        /// R² of cosine and sine together.
        r2: f64,
        /// Median absolute error in radians, the short way round.
        median_error: f64,
    },
    /// Of classes.
    Classes {
        /// Share of the samples.
        accuracy: f64,
        /// Mean over the classes of the share of their samples.
        balanced_accuracy: f64,
    },
}

impl Scores {
    /// Of true and decoded labels of one kind.
    pub(super) fn of(truth: &Target, decoded: &Target) -> Result<Self> {
        match (truth, decoded) {
            (Target::Numbers(truth), Target::Numbers(decoded)) => Ok(Self::Numbers {
                r2: r2(truth, decoded, R2Average::VarianceWeighted)?,
                r2_per_column: r2_per_output(truth, decoded)?.to_vec(),
                median_error: median_error(truth, decoded)?,
            }),
            (Target::Angle(truth), Target::Angle(decoded)) => {
                let turns = (truth - decoded)
                    .mapv(short_way)
                    .insert_axis(ndarray::Axis(1));
                let (truth, decoded) = (Target::on_circle(truth), Target::on_circle(decoded));
                Ok(Self::Angle {
                    r2: r2(&truth, &decoded, R2Average::VarianceWeighted)?,
                    median_error: median_error(&(&turns * 0.0), &turns)?,
                })
            }
            (Target::Classes { ids: truth, .. }, Target::Classes { ids: decoded, .. }) => {
                Ok(Self::Classes {
                    accuracy: accuracy(truth, decoded)?,
                    balanced_accuracy: balanced_accuracy(truth, decoded)?,
                })
            }
            _ => Err(Problem::data(
                "the true and the decoded label are of different kinds",
                "compare labels of one kind",
            )),
        }
    }

    /// The score that shuffles are compared by: R², or the balanced accuracy.
    pub fn main(&self) -> f64 {
        match self {
            Self::Numbers { r2, .. } | Self::Angle { r2, .. } => *r2,
            Self::Classes {
                balanced_accuracy, ..
            } => *balanced_accuracy,
        }
    }

    /// What the [main](Self::main) score is called.
    pub fn main_name(&self) -> &'static str {
        match self {
            Self::Numbers { .. } | Self::Angle { .. } => "R²",
            Self::Classes { .. } => "balanced accuracy",
        }
    }

    /// Each score by its name in words.
    pub(super) fn named(&self) -> Vec<(String, f64)> {
        let named = |name: &str, value: f64| (name.to_owned(), value);
        match self {
            Self::Numbers {
                r2,
                r2_per_column,
                median_error,
            } => {
                let mut all = vec![named("R²", *r2)];
                if r2_per_column.len() > 1 {
                    let columns = r2_per_column.iter().enumerate();
                    all.extend(columns.map(|(k, r2)| (format!("R² of column {k}"), *r2)));
                }
                all.push(named("median error", *median_error));
                all
            }
            Self::Angle { r2, median_error } => vec![
                named("R² on the circle", *r2),
                named("median error (rad)", *median_error),
            ],
            Self::Classes {
                accuracy,
                balanced_accuracy,
            } => vec![
                named("accuracy", *accuracy),
                named("balanced accuracy", *balanced_accuracy),
            ],
        }
    }

    pub(super) fn json(&self) -> Result<Value> {
        Ok(match self {
            Self::Numbers {
                r2,
                r2_per_column,
                median_error,
            } => json!({
                "r2": number("r2", *r2)?,
                "r2_per_column": numbers("r2_per_column", r2_per_column)?,
                "median_error": number("median_error", *median_error)?,
            }),
            Self::Angle { r2, median_error } => json!({
                "r2": number("r2", *r2)?,
                "median_error": number("median_error", *median_error)?,
            }),
            Self::Classes {
                accuracy,
                balanced_accuracy,
            } => json!({
                "accuracy": number("accuracy", *accuracy)?,
                "balanced_accuracy": number("balanced_accuracy", *balanced_accuracy)?,
            }),
        })
    }
}

/// The size of a turn, at most half a circle.
fn short_way(turn: f64) -> f64 {
    let turn = turn.rem_euclid(2.0 * PI);
    turn.min(2.0 * PI - turn)
}

/// The mean of decoded and true angles is no angle; for pictures, decoded ones are brought within half a turn of the
/// true ones.
pub(super) fn near(truth: &Array1<f64>, decoded: &Array1<f64>) -> Array1<f64> {
    let turn = |(t, d): (&f64, &f64)| t + (d - t + PI).rem_euclid(2.0 * PI) - PI;
    truth.iter().zip(decoded).map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_compared_the_short_way_round() {
        let target = |angles: &[f64]| Target::Angle(Array1::from(angles.to_vec()));
        let truth = target(&[0.1, 3.1, 1.0]);
        let decoded = target(&[2.0 * PI - 0.1, -3.1, 1.0 + 4.0 * PI]);
        let Scores::Angle { median_error, .. } = Scores::of(&truth, &decoded).unwrap() else {
            panic!("angles have scores of angles");
        };
        // errors 0.2, 2 π − 6.2 and 0
        assert!((median_error - (2.0 * PI - 6.2)).abs() < 1e-14);
        let beside = near(
            &Array1::from(vec![0.1]),
            &Array1::from(vec![2.0 * PI - 0.1]),
        );
        assert!((beside[0] + 0.1).abs() < 1e-14);
    }
}
