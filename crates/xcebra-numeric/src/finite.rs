//! The last check before numbers are handed out: none may be infinite or NaN.

use std::fmt::Display;

use ndarray::{ArrayRef, Dimension, IntoDimension, NdFloat};
use num_complex::Complex;
use thiserror::Error;

/// Entries of an array that is checked by [`ensure_finite`].
pub trait Entry: Copy + Display {
    /// Whether the entry is neither infinite nor NaN; integers and truth values always are.
    fn finite(self) -> bool;
}

macro_rules! floats {
    ($($float:ty),*) => {$(
        impl Entry for $float {
            fn finite(self) -> bool {
                self.is_finite()
            }
        }
    )*};
}

macro_rules! always_finite {
    ($($entry:ty),*) => {$(
        impl Entry for $entry {
            fn finite(self) -> bool {
                true
            }
        }
    )*};
}

impl<A: NdFloat + Entry> Entry for Complex<A> {
    fn finite(self) -> bool {
        self.re.finite() && self.im.finite()
    }
}

floats!(f32, f64);
always_finite!(bool, i8, i16, i32, i64, u8, u16, u32, u64);

/// A result that is infinite or NaN, although everything it was computed from was finite.
///
/// The inputs of a computation are checked before it starts. When this error appears, the data are finite, and the
/// numbers of the model or the method left the range of floating point.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{what} is {value} at index {index:?} ({count} of {total} entries are not finite), although the data are \
     finite: the model or the method overflows or is undefined there"
)]
pub struct NonFinite {
    /// Which array.
    pub what: String,
    /// Index of the first such entry.
    pub index: Vec<usize>,
    /// That entry.
    pub value: String,
    /// How many entries are not finite.
    pub count: usize,
    /// How many entries there are.
    pub total: usize,
}

/// Index and value of the first entry, in row-major order, that is infinite or NaN.
///
/// ```
/// use ndarray::array;
/// use xcebra_numeric::first_not_finite;
///
/// let (index, value) = first_not_finite(&array![[1.0, 2.0], [f64::INFINITY, 0.0]]).unwrap();
/// assert_eq!((index, value), (vec![1, 0], f64::INFINITY));
/// ```
pub fn first_not_finite<T: Entry, D: Dimension>(array: &ArrayRef<T, D>) -> Option<(Vec<usize>, T)> {
    // a plain pass first: iterators with an index are several times slower
    if array.iter().all(|value| value.finite()) {
        return None;
    }
    let found = array.indexed_iter().find(|(_, value)| !value.finite());
    found.map(|(index, &value)| (index.into_dimension().slice().to_vec(), value))
}

/// Refuses an array with an entry that is infinite or NaN.
///
/// Called as the last step before a result is returned, printed or written, so that no computation
/// succeeds with values that are not numbers.
///
/// ```
/// use ndarray::array;
/// use xcebra_numeric::ensure_finite;
///
/// assert!(ensure_finite("the map", &array![[1.0, 2.0]]).is_ok());
/// let error = ensure_finite("the map", &array![[1.0, f64::NAN]]).unwrap_err();
/// assert_eq!((error.index, error.count, error.total), (vec![0, 1], 1, 2));
/// ```
///
/// # Errors
/// [`NonFinite`] with the first such entry and how many there are.
pub fn ensure_finite<T: Entry, D: Dimension>(
    what: &str,
    array: &ArrayRef<T, D>,
) -> Result<(), NonFinite> {
    let Some((index, value)) = first_not_finite(array) else {
        return Ok(());
    };
    Err(NonFinite {
        what: what.to_owned(),
        index,
        value: value.to_string(),
        count: array.iter().filter(|value| !value.finite()).count(),
        total: array.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, IxDyn, arr0, array};

    #[test]
    fn the_first_entry_is_named_and_all_are_counted() {
        let mut values = Array::<f32, _>::zeros(IxDyn(&[2, 3, 4]));
        assert_eq!(ensure_finite("x", &values), Ok(()));
        values[[1, 0, 2]] = f32::NEG_INFINITY;
        values[[1, 2, 3]] = f32::NAN;
        let error = ensure_finite("x", &values).unwrap_err();
        assert_eq!(error.index, [1, 0, 2]);
        assert_eq!((error.count, error.total), (2, 24));
        let message = error.to_string();
        assert!(message.starts_with("x is -inf at index [1, 0, 2] (2 of 24 entries"));
        assert!(message.contains("the data are finite"), "{message}");
    }

    #[test]
    fn every_kind_of_entry_is_checked() {
        assert!(ensure_finite("x", &arr0(f64::INFINITY)).is_err());
        assert!(ensure_finite("x", &array![Complex::new(0.0, f64::NAN)]).is_err());
        assert!(ensure_finite("x", &array![Complex::new(f32::NAN, 0.0)]).is_err());
        assert!(ensure_finite("x", &array![Complex::new(1.0, -2.0)]).is_ok());
        assert!(ensure_finite("x", &array![true, false]).is_ok());
        assert!(ensure_finite("x", &array![i64::MIN, i64::MAX]).is_ok());
        assert!(ensure_finite("x", &array![f64::MAX, f64::MIN_POSITIVE, -0.0]).is_ok());
    }
}
