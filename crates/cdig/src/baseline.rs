//! Baselines: the signal an explanation starts from.

use ndarray::{ArrayD, Axis};
use xcebra_model::Scalar;

use crate::error::{CdigError, Result};
use crate::numeric::ensure_finite;

/// The signal that means "nothing there"; the attribution explains the difference from it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Baseline<A: Scalar> {
    /// All samples 0.
    #[default]
    Zero,
    /// Every sample replaced by the signal's mean along this axis (counted without the batch
    /// axis): with the time axis, the level of each channel.
    Mean(usize),
    /// A given signal, for example a mean over recordings or a resting state.
    Signal(ArrayD<A>),
}

impl<A: Scalar> Baseline<A> {
    /// The baseline of one finite, non-empty signal, of its shape.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if there is no such axis, [`CdigError::Shape`] and [`CdigError::NonFinite`] for a given
    /// signal that does not fit or is not finite.
    pub fn of(&self, signal: &ArrayD<A>) -> Result<ArrayD<A>> {
        match self {
            Self::Zero => Ok(ArrayD::zeros(signal.raw_dim())),
            Self::Mean(axis) => {
                if *axis >= signal.ndim() {
                    return Err(CdigError::parameter(
                        "the axis of the mean baseline",
                        axis,
                        format!(
                            "an axis of the signal shape {:?}, counted from 0",
                            signal.shape()
                        ),
                    ));
                }
                let axis = Axis(*axis);
                let count = signal.len_of(axis) as f64;
                let mean = signal
                    .fold_axis(axis, 0.0, |sum, x| sum + x.as_f64())
                    .mapv(|sum| A::of(sum / count))
                    .insert_axis(axis);
                let full = mean.broadcast(signal.raw_dim());
                Ok(full.expect("length 1 along the axis").to_owned())
            }
            Self::Signal(baseline) => {
                if baseline.shape() != signal.shape() {
                    return Err(CdigError::Shape {
                        what: "the baseline".into(),
                        found: baseline.shape().to_vec(),
                        expected: format!("the shape {:?} of one signal", signal.shape()),
                        advice: None,
                    });
                }
                let advice = "give a finite baseline";
                ensure_finite("the baseline", advice, baseline, A::is_finite)?;
                Ok(baseline.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_mean_is_taken_along_the_axis() {
        let signal = array![[1.0, 3.0], [5.0, 9.0]].into_dyn();
        let rows = Baseline::Mean(1).of(&signal).unwrap();
        assert_eq!(rows, array![[2.0, 2.0], [7.0, 7.0]].into_dyn());
        let columns = Baseline::Mean(0).of(&signal).unwrap();
        assert_eq!(columns, array![[3.0, 6.0], [3.0, 6.0]].into_dyn());
        assert!(Baseline::Mean(2).of(&signal).is_err());
    }

    #[test]
    fn a_given_signal_must_fit_and_be_finite() {
        let signal = array![1.0, 2.0].into_dyn();
        let baseline = |values: ArrayD<f64>| Baseline::Signal(values).of(&signal);
        assert!(baseline(array![0.0, 1.0].into_dyn()).is_ok());
        assert!(baseline(array![0.0].into_dyn()).is_err());
        let message = baseline(array![0.0, f64::NAN].into_dyn())
            .unwrap_err()
            .to_string();
        assert!(message.contains("NaN at index [1]"), "{message}");
    }
}
