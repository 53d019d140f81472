//! Null maps from models that were trained alike.

use ndarray::{Array2, Array3, Axis};
use xcebra_numeric::ensure_finite;

use crate::comparable::Frame;
use crate::error::{AttrError, Result};

/// Attributions of a model, and of others trained in the same way on resampled recordings, for the same
/// samples: how far do attributions move from one training to the next?
///
/// The attributions of an entry that is not connected are nothing but error: from finitely many
/// samples, from chance correlations between slow latents, from the seed. Trainings on recordings whose
/// blocks of time were drawn with replacement make such errors anew. The mean over samples of the
/// absolute difference between such a training and the model is thus what the entry would be without
/// a connection, and [`nulls`](Self::nulls) are null maps for [`Significance`](crate::significance::Significance): a
/// centred bootstrap test (Efron and Tibshirani 1993, chapter 16).
///
/// What is assumed: a training finds the truth up to error (an error that all trainings share looks like
/// a connection); recordings are much longer than the blocks, and blocks than their memory; and
/// the outputs are comparable: align them first if trainings determine them only up to a linear map.
/// The test is conservative: a difference holds the errors of two trainings, and a resampled
/// recording has only 63 % of the moments of the original. Differences from the mean of the resampled
/// trainings hold fewer errors, but p-values were then too small in simulations.
///
/// ```
/// use ndarray::{Array3, array};
/// use xcebra_attr::significance::Deviations;
///
/// // two samples of two inputs: the first entry is much the same in all trainings
/// let training = |e: f64| Array3::from_shape_vec((2, 2, 1), vec![3.0 + e, e, 2.0 - e, -e]);
/// let mut trainings = Deviations::new(&training(0.0)?)?;
/// for error in [0.125, -0.25] {
///     trainings.add(&training(error)?)?;
/// }
/// assert_eq!(trainings.map(), array![[2.5], [0.0]]);
/// assert_eq!(trainings.nulls(), [array![[0.125], [0.125]], array![[0.25], [0.25]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Deviations {
    own: Array3<f32>,
    nulls: Vec<Array2<f64>>,
    /// Blocks whose effects are compared, in place of single outputs.
    frame: Option<Frame>,
}

impl Deviations {
    /// Begins with the attributions of the model itself, `samples × inputs × outputs`; they are kept in
    /// single precision.
    ///
    /// # Errors
    /// [`AttrError::NoSamples`] if there are none, [`AttrError::Shape`] without inputs or outputs,
    /// [`AttrError::NonFiniteResult`] for entries beyond single precision.
    pub fn new(own: &Array3<f64>) -> Result<Self> {
        match own.dim() {
            (0, ..) => Err(AttrError::NoSamples),
            (_, 0, _) | (_, _, 0) => Err(shape(own, "inputs and outputs")),
            _ => Ok(Self {
                own: single(own)?,
                nulls: Vec::new(),
                frame: None,
            }),
        }
    }

    /// Begins with inverses of the model itself, such as those of [`TangentIng`](crate::comparable::TangentIng), whose
    /// [effects](Frame::effects) are compared block by block: maps are `inputs × blocks`. Samples that the model or the
    /// other training leaves out, all zero for a block, are left out.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`AttrError::Shape`] for other outputs than those of the frame.
    pub fn of_blocks(own: &Array3<f64>, frame: &Frame) -> Result<Self> {
        let (n, inputs, outputs) = own.dim();
        frame.require(n, inputs, outputs)?;
        Ok(Self {
            frame: Some(frame.clone()),
            ..Self::new(own)?
        })
    }

    /// Adds the attributions of another training for the same samples.
    ///
    /// # Errors
    /// [`AttrError::Shape`] if they are of another shape, [`AttrError::NonFiniteResult`] as for
    /// [`new`](Self::new).
    pub fn add(&mut self, other: &Array3<f64>) -> Result<()> {
        if other.dim() != self.own.dim() {
            let expected = format!("{:?}, those of the model", self.own.shape());
            return Err(shape(other, &expected));
        }
        let other = single(other)?;
        let null = match &self.frame {
            Some(frame) => frame.mean_difference(&self.own, Some(&other)),
            None => mean_absolute(&(other - &self.own)),
        };
        ensure_finite("the difference of two trainings", &null)?;
        self.nulls.push(null);
        Ok(())
    }

    /// Means over the samples of the model's absolute attributions, `inputs × outputs`, or of its effects, `inputs ×
    /// blocks`.
    pub fn map(&self) -> Array2<f64> {
        match &self.frame {
            Some(frame) => frame.mean_difference(&self.own, None),
            None => mean_absolute(&self.own),
        }
    }

    /// Means over the samples of absolute differences from the model, or of their effects, one map a training.
    pub fn nulls(&self) -> &[Array2<f64>] {
        &self.nulls
    }
}

/// In single precision, whose range not all numbers are within.
fn single(attributions: &Array3<f64>) -> Result<Array3<f32>> {
    let single = attributions.mapv(|v| v as f32);
    ensure_finite("the attribution of a training in single precision", &single)?;
    Ok(single)
}

fn mean_absolute(attributions: &Array3<f32>) -> Array2<f64> {
    let (samples, inputs, outputs) = attributions.dim();
    let mut sum = Array2::zeros((inputs, outputs));
    for values in attributions.axis_iter(Axis(0)) {
        sum.zip_mut_with(&values, |sum, v| *sum += f64::from(v.abs()));
    }
    sum / samples as f64
}

fn shape(found: &Array3<f64>, expected: &str) -> AttrError {
    AttrError::Shape {
        what: "the attributions of a training",
        found: found.shape().to_vec(),
        expected: expected.to_owned(),
    }
}
