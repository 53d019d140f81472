//! Where the samples come from.

use std::ops::Range;

use ndarray::{Array2, ArrayBase, ArrayD, Axis, Data, Dimension, Slice};
use xcebra_model::Scalar;
use xcebra_numeric::first_not_finite;

use crate::error::{AttrError, Result};

/// A sequence of samples that can be read in pieces, so that a recording need not be unrolled into
/// windows as a whole.
///
/// Implemented for arrays `(n, …sample_shape)`. Pieces are asked for from several threads, in any
/// order.
pub trait Samples<A>: Sync {
    /// Number of samples.
    fn len(&self) -> usize;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shape of one sample.
    fn sample_shape(&self) -> &[usize];

    /// The samples of `range` as an array `(range.len(), …sample_shape)`.
    ///
    /// # Errors
    /// [`AttrError::Samples`] if they cannot be read, [`AttrError::Parameter`] if `range` reaches
    /// beyond the last sample.
    fn batch(&self, range: Range<usize>) -> Result<ArrayD<A>>;
}

impl<A, S, D> Samples<A> for ArrayBase<S, D>
where
    A: Scalar,
    S: Data<Elem = A> + Sync,
    D: Dimension,
{
    fn len(&self) -> usize {
        self.shape().first().copied().unwrap_or(0)
    }

    fn sample_shape(&self) -> &[usize] {
        self.shape().get(1..).unwrap_or(&[])
    }

    fn batch(&self, range: Range<usize>) -> Result<ArrayD<A>> {
        let n = Samples::len(self);
        if range.end > n || range.start > range.end {
            let expected = format!("a range within 0..{n}");
            return Err(AttrError::parameter(
                "range",
                format!("{range:?}"),
                expected,
            ));
        }
        Ok(self
            .slice_axis(Axis(0), Slice::from(range))
            .to_owned()
            .into_dyn())
    }
}

/// Fails unless a batch, whose first sample is the `first` of all, has samples of `shape` and is
/// finite.
pub(crate) fn check<A: Scalar>(batch: &ArrayD<A>, shape: &[usize], first: usize) -> Result<()> {
    if batch.shape().get(1..) != Some(shape) {
        return Err(AttrError::Shape {
            what: "a batch of samples",
            found: batch.shape().to_vec(),
            expected: format!("samples by {shape:?}"),
        });
    }
    let mut values = batch.iter().enumerate();
    match values.find(|(_, v)| !v.is_finite()) {
        None => Ok(()),
        Some((at, value)) => {
            let inputs: usize = shape.iter().product();
            Err(AttrError::NonFiniteSample {
                sample: first + at / inputs,
                input: at % inputs,
                value: value.as_f64(),
            })
        }
    }
}

/// Fails unless all outputs `(n, outputs)` are finite.
pub(crate) fn finite(what: &str, a: Array2<f64>) -> Result<Array2<f64>> {
    match first_not_finite(&a) {
        Some((index, value)) => Err(AttrError::NonFinite {
            what: what.to_owned(),
            sample: index[0],
            output: index[1],
            input: 0,
            value,
        }),
        None => Ok(a),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr0};

    use super::*;

    #[test]
    fn arrays_are_samples_along_their_first_axis() {
        let x = Array3::from_shape_fn((4, 2, 3), |(i, _, _)| i as f32);
        let samples: &dyn Samples<f32> = &x.view();
        assert_eq!((samples.len(), samples.sample_shape()), (4, &[2, 3][..]));
        let batch = samples.batch(1..3).unwrap();
        assert_eq!(batch.shape(), [2, 2, 3]);
        assert_eq!((batch[[0, 0, 0]], batch[[1, 1, 2]]), (1.0, 2.0));
        assert!(samples.batch(3..5).is_err());
        assert!(samples.batch(0..0).unwrap().is_empty());
    }

    #[test]
    fn a_number_holds_no_samples() {
        let scalar = arr0(1.0_f64);
        assert!(Samples::is_empty(&scalar));
        assert!(scalar.batch(0..1).is_err());
    }
}
