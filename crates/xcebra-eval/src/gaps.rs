//! How far apart an attribution map keeps connected and unconnected pairs.

use ndarray::ArrayRef2;

use crate::check::{finite_flat, same_shape};
use crate::error::{EvalError, Result};

/// Largest, mean and smallest of some entries of a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The largest.
    pub max: f64,
    /// Their mean.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
}

/// Connected against unconnected entries of a map. Unlike a ranking, gaps depend on the map's scale:
/// compare maps in the same units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaps {
    /// Entries where the true map is true.
    pub connected: Spread,
    /// Entries where it is false.
    pub unconnected: Spread,
}

impl Gaps {
    /// Largest connected minus largest unconnected entry.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.connected.max - self.unconnected.max
    }

    /// Mean connected minus mean unconnected entry.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.connected.mean - self.unconnected.mean
    }

    /// Smallest connected minus smallest unconnected entry.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.connected.min - self.unconnected.min
    }

    /// Smallest connected minus largest unconnected entry: positive exactly if one threshold parts
    /// them, that is, if the [auROC](crate::auroc_map) is 1.
    #[must_use]
    pub fn min_max(&self) -> f64 {
        self.connected.min - self.unconnected.max
    }
}

/// Gaps of an attribution map against the true map, both (inputs, latents): the quantities that
/// CEBRA reports as `gap_max`, `gap_mean`, `gap_min` and `gap_minmax`.
///
/// Pass absolute values: attributions of either sign speak for a connection.
///
/// # Errors
/// [`EvalError::Shape`] if the shapes differ, [`EvalError::Empty`], [`EvalError::NotFinite`], and
/// [`EvalError::OneClass`] unless there are connected and unconnected entries.
///
/// ```
/// use ndarray::array;
///
/// let truth = array![[true, false], [true, true]];
/// let map = array![[0.9, 0.2], [0.5, 0.4]];
/// let gaps = xcebra_eval::gaps(&truth, &map)?;
/// assert_eq!(gaps.max(), 0.9 - 0.2);
/// assert_eq!(gaps.min_max(), 0.4 - 0.2);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn gaps<S: Copy + Into<f64>>(truth: &ArrayRef2<bool>, map: &ArrayRef2<S>) -> Result<Gaps> {
    same_shape("the map", map.shape(), "the true map", truth.shape())?;
    let values = finite_flat("the map", map)?;
    let spread = |class: bool| {
        let entries = truth.iter().zip(&values);
        let entries = entries.filter(|(connected, _)| **connected == class);
        let entries: Vec<f64> = entries.map(|(_, &value)| value).collect();
        if entries.is_empty() {
            return Err(EvalError::OneClass {
                label: !class,
                count: values.len(),
            });
        }
        Ok(Spread {
            max: entries.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mean: entries.iter().sum::<f64>() / entries.len() as f64,
            min: entries.iter().copied().fold(f64::INFINITY, f64::min),
        })
    };
    Ok(Gaps {
        connected: spread(true)?,
        unconnected: spread(false)?,
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn gaps_by_hand() {
        let truth = array![[true, true, false], [false, true, false]];
        let map = array![[0.5f32, 2.0, 0.75], [0.25, 1.0, -1.0]];
        let gaps = gaps(&truth, &map).unwrap();
        let mean = 3.5 / 3.0;
        assert_eq!((gaps.connected.max, gaps.connected.min), (2.0, 0.5));
        assert_eq!(gaps.connected.mean, mean);
        assert_eq!((gaps.unconnected.max, gaps.unconnected.min), (0.75, -1.0));
        assert_eq!(gaps.unconnected.mean, 0.0);
        assert_eq!(gaps.max(), 1.25);
        assert_eq!(gaps.mean(), mean);
        assert_eq!(gaps.min(), 1.5);
        assert_eq!(gaps.min_max(), -0.25);
    }

    #[test]
    fn what_has_no_gap_is_refused() {
        let map = array![[1.0, 2.0]];
        let error = gaps(&array![[true, true]], &map).unwrap_err();
        let expected = EvalError::OneClass {
            label: true,
            count: 2,
        };
        assert_eq!(error, expected);
        assert!(gaps(&array![[false, false]], &map).is_err());
        assert!(gaps(&array![[true], [false]], &map).is_err());
        assert!(gaps(&array![[true, false]], &array![[1.0, f64::NAN]]).is_err());
        let none = Array2::from_elem((0, 2), true);
        let error = gaps(&none, &Array2::<f64>::zeros((0, 2))).unwrap_err();
        assert!(matches!(error, EvalError::Empty { .. }));
    }
}
