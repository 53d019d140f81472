//! The decoders, and what each can decode.

use ndarray::Array2;
use xcebra_eval::{Knn, LinearRegression, LogisticRegression, Metric};

use super::Target;
use crate::{Problem, Result};

/// How a label is decoded from an array. All but the first are scikit-learn's, of the same names and parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decoder {
    /// The mean, or the vote, of the nearest samples.
    Neighbours {
        /// How many.
        count: usize,
        /// What "near" means.
        metric: Metric,
    },
    /// A linear map by least squares.
    Linear,
    /// A linear map with a penalty `alpha` on its squared coefficients.
    Ridge {
        /// The weight of the penalty.
        alpha: f64,
    },
    /// A linear map with a penalty `alpha` on the size of its coefficients, most of which become 0.
    Lasso {
        /// The weight of the penalty.
        alpha: f64,
    },
    /// Logistic regression of classes.
    Logistic {
        /// The weight of the data against the penalty.
        c: f64,
    },
}

impl Default for Decoder {
    /// Three nearest neighbours, as in CEBRA. Distances are Euclidean; where all samples have length 1, as in an
    /// embedding with the cosine, the neighbours are those of the cosine.
    fn default() -> Self {
        Self::Neighbours {
            count: 3,
            metric: Metric::Euclidean,
        }
    }
}

impl Decoder {
    /// The name in flags, answers and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Neighbours { .. } => "knn",
            Self::Linear => "linear",
            Self::Ridge { .. } => "ridge",
            Self::Lasso { .. } => "lasso",
            Self::Logistic { .. } => "logistic",
        }
    }

    /// With its parameters, for a reader.
    pub fn in_words(&self) -> String {
        match self {
            Self::Neighbours { count: 1, metric } => {
                format!("the nearest neighbour{}", by(*metric))
            }
            Self::Neighbours { count, metric } => {
                format!("{count} nearest neighbours{}", by(*metric))
            }
            Self::Linear => "a linear map".to_owned(),
            Self::Ridge { alpha } => format!("ridge regression (alpha = {alpha})"),
            Self::Lasso { alpha } => format!("the lasso (alpha = {alpha})"),
            Self::Logistic { c } => format!("logistic regression (C = {c})"),
        }
    }

    /// The decoded label of some samples, from samples whose label is known.
    pub(super) fn decode(
        &self,
        (known, label): (&Array2<f64>, &Target),
        samples: &Array2<f64>,
    ) -> Result<Target> {
        match label {
            Target::Numbers(values) => Ok(Target::Numbers(self.numbers(known, values, samples)?)),
            Target::Angle(angles) => {
                let points = self.numbers(known, &Target::on_circle(angles), samples)?;
                let angle = points
                    .rows()
                    .into_iter()
                    .map(|point| point[1].atan2(point[0]));
                Ok(Target::Angle(angle.collect()))
            }
            Target::Classes { ids, names } => Ok(Target::Classes {
                ids: self.classes(known, ids, samples)?,
                names: names.clone(),
            }),
        }
    }

    fn numbers(
        &self,
        known: &Array2<f64>,
        values: &Array2<f64>,
        samples: &Array2<f64>,
    ) -> Result<Array2<f64>> {
        let model = match *self {
            Self::Neighbours { count, metric } => {
                return Ok(Knn::new(count)
                    .metric(metric)
                    .regress(known, values, samples)?);
            }
            Self::Linear => LinearRegression::fit(known, values),
            Self::Ridge { alpha } => LinearRegression::ridge(known, values, alpha),
            Self::Lasso { alpha } => LinearRegression::lasso(known, values, alpha),
            Self::Logistic { .. } => {
                return Err(Problem::setting(
                    "logistic regression decodes classes, and the label holds numbers",
                    "decode it with knn, ridge or lasso, or say that it holds classes",
                ));
            }
        };
        Ok(model?.predict(samples)?)
    }

    fn classes(
        &self,
        known: &Array2<f64>,
        ids: &[usize],
        samples: &Array2<f64>,
    ) -> Result<Vec<usize>> {
        match *self {
            Self::Neighbours { count, metric } => Ok(Knn::new(count)
                .metric(metric)
                .classify(known, ids, samples)?),
            Self::Logistic { c } => Ok(LogisticRegression::fit(known, ids, c)?.classify(samples)?),
            Self::Linear | Self::Ridge { .. } | Self::Lasso { .. } => Err(Problem::setting(
                format!(
                    "{} decodes numbers, and the label holds classes",
                    self.name()
                ),
                "decode it with knn or logistic, or say that it holds numbers",
            )),
        }
    }
}

fn by(metric: Metric) -> &'static str {
    match metric {
        Metric::Euclidean => "",
        Metric::Cosine => " by the cosine",
    }
}
