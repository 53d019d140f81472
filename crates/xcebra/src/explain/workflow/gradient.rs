//! Where gradients come from, and what those of a black box cost.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use cdig::{Gradient, Rule};
use ndarray::{ArrayD, Axis, Slice};
use serde::{Deserialize, Serialize};

use super::work::Job;
use crate::{Problem, Result};

/// Pairs of perturbations at each path point unless said otherwise.
const PAIRS: usize = 200;
/// Size of the perturbations of smoothing, in root mean squares of the signals.
const SMOOTHING: f64 = 0.1;
/// Most signals in the call whose time is measured.
const TIMED: usize = 64;

/// Where gradients come from: `model`, `differences`, `differences:0.01`, `smoothing`, `smoothing:0.1:500`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub enum GradientSource {
    /// The model's own.
    #[default]
    Model,
    /// Central differences in every sample of the signal.
    Differences {
        /// Half the width of a difference, in the unit of the signal; by default the size of the signals times
        /// the cube root of the model's precision.
        step: Option<f64>,
    },
    /// Means over Gaussian perturbations.
    Smoothing {
        /// Their standard deviation, in the unit of the signal; by default a tenth of the signals' root mean square.
        sigma: Option<f64>,
        /// Pairs of perturbations, the same at every path point.
        pairs: usize,
    },
}

impl FromStr for GradientSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a source of gradients such as model, differences, differences:STEP, smoothing or \
                 smoothing:SIGMA:PAIRS, with a positive STEP and SIGMA"
            )
        };
        let size = |text: &str| -> Result<f64, String> {
            let size: f64 = text.trim().parse().map_err(|_| wrong())?;
            match size.is_finite() && size > 0.0 {
                true => Ok(size),
                false => Err(wrong()),
            }
        };
        let parts: Vec<&str> = text.trim().split(':').collect();
        match parts[..] {
            ["model"] => Ok(Self::Model),
            ["differences"] => Ok(Self::Differences { step: None }),
            ["differences", step] => Ok(Self::Differences {
                step: Some(size(step)?),
            }),
            ["smoothing"] => Ok(Self::Smoothing {
                sigma: None,
                pairs: PAIRS,
            }),
            ["smoothing", sigma] => Ok(Self::Smoothing {
                sigma: Some(size(sigma)?),
                pairs: PAIRS,
            }),
            ["smoothing", sigma, pairs] => {
                let pairs = pairs.trim().parse().ok().filter(|pairs| *pairs > 0);
                Ok(Self::Smoothing {
                    sigma: Some(size(sigma)?),
                    pairs: pairs.ok_or_else(wrong)?,
                })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for GradientSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => f.write_str("model"),
            Self::Differences { step: None } => f.write_str("differences"),
            Self::Differences { step: Some(step) } => write!(f, "differences:{step}"),
            Self::Smoothing { sigma: None, .. } => f.write_str("smoothing"),
            Self::Smoothing {
                sigma: Some(sigma),
                pairs,
            } => write!(f, "smoothing:{sigma}:{pairs}"),
        }
    }
}

impl GradientSource {
    /// With sizes that fit the signals and the precision of the model.
    pub(super) fn resolve(self, signals: &ArrayD<f64>, precision: f64, seed: u64) -> Gradient {
        let squares: f64 = signals.iter().map(|x| x * x).sum();
        let size = match (squares / signals.len().max(1) as f64).sqrt() {
            size if size.is_finite() && size > 0.0 => size,
            _ => 1.0,
        };
        match self {
            Self::Model => Gradient::Model,
            Self::Differences { step } => Gradient::FiniteDifferences {
                step: step.unwrap_or(size * precision.cbrt()),
            },
            Self::Smoothing { sigma, pairs } => Gradient::Smoothing {
                sigma: sigma.unwrap_or(SMOOTHING * size),
                pairs,
                seed,
            },
        }
    }
}

/// What gradients without the model's help cost, in words; none for the model's own.
///
/// One call of the model is timed, so the time is an estimate.
pub(super) fn cost(job: &Job<'_>) -> Result<Option<String>> {
    let (model, signals) = (job.subject.model(), job.signals);
    let inputs: usize = model.input_shape().iter().product();
    let (how, each) = match job.gradient {
        Gradient::FiniteDifferences { step } => {
            (format!("central differences (step {step:.3e})"), 2 * inputs)
        }
        Gradient::Smoothing { sigma, pairs, .. } => (
            format!("smoothing (standard deviation {sigma:.3e}, {pairs} pairs)"),
            2 * pairs,
        ),
        _ => return Ok(None),
    };
    let explanations = signals.len() * job.start.len();
    let points = job.points()?;
    let most = match job.rule {
        Rule::Adaptive { .. } => "at most ",
        _ => "",
    };
    // a value at each point too, for the rule that looks where the output changes
    let evaluations = points
        .saturating_mul(each + usize::from(!most.is_empty()))
        .saturating_add(2)
        .saturating_mul(explanations);
    let timed = Slice::from(0..signals.len().min(TIMED));
    let batch = signals.values.slice_axis(Axis(0), timed);
    let start = Instant::now();
    let values = model.forward(batch.view())?;
    let seconds = start.elapsed().as_secs_f64() / values.nrows().max(1) as f64;
    Ok(Some(format!(
        "gradients by {how} take {each} evaluations of the model at each path point, and there are {most}{points} \
         points for each of {}: {most}{evaluations} evaluations, {most}about {} on one thread",
        match explanations {
            1 => "1 explanation".to_owned(),
            n => format!("{n} explanations"),
        },
        duration(seconds * evaluations as f64)
    )))
}

/// A time for a reader.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "a second".to_owned(),
        s if s < 120.0 => format!("{s:.0} seconds"),
        s if s < 7200.0 => format!("{:.0} minutes", s / 60.0),
        s => format!("{:.0} hours", s / 3600.0),
    }
}

/// What to do if a model has no gradient of its own.
pub(super) fn without_gradient(problem: Problem) -> Problem {
    problem.advise(
        "take gradients from values alone with --gradient differences or --gradient smoothing",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_written_as_they_are_parsed() {
        for text in [
            "model",
            "differences",
            "differences:0.01",
            "smoothing",
            "smoothing:0.5:30",
        ] {
            let parsed: GradientSource = text.parse().unwrap();
            assert_eq!(parsed.to_string(), text);
        }
        for text in [
            "",
            "none",
            "differences:0",
            "differences:-1",
            "differences:x",
            "smoothing:1:0",
            "smoothing:nan",
            "smoothing:1:2:3",
            "model:1",
        ] {
            assert!(text.parse::<GradientSource>().is_err(), "{text}");
        }
    }

    /// Signals of size 2 in single precision: 2 · (2⁻²³)^(1/3).
    #[test]
    fn steps_fit_signals_and_precision() {
        let signals = ArrayD::from_elem(vec![3, 4], -2.0);
        let step = |source: GradientSource| source.resolve(&signals, 2.0_f64.powi(-23), 7);
        let differences = step(GradientSource::Differences { step: None });
        let Gradient::FiniteDifferences { step: found } = differences else {
            panic!("{differences:?}")
        };
        assert!((found - 2.0 * 2.0_f64.powf(-23.0 / 3.0)).abs() < 1e-15);
        let smoothing = step("smoothing".parse().unwrap());
        let expected = Gradient::Smoothing {
            sigma: 0.2,
            pairs: PAIRS,
            seed: 7,
        };
        assert_eq!(smoothing, expected);
        let silent = ArrayD::zeros(vec![1, 4]);
        let silent = GradientSource::Differences { step: None }.resolve(&silent, 1e-15, 0);
        assert_eq!(
            silent,
            Gradient::FiniteDifferences {
                step: 1e-15_f64.cbrt()
            }
        );
    }
}
