//! Vectors of any length, shrunk so that distances stay about the same.

/// Numbers a sketch has at most. Squared distances are right within `√(2/64)`, 18 %, in the root mean
/// square; vectors of up to this many entries are kept as they are.
const LENGTH: usize = 64;

/// A count sketch (Charikar, Chen, Farach-Colton 2002): every entry is added, with a sign, to one of few
/// sums. It is linear, and inner products of sketches have those of the vectors as their mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sketch {
    exact: bool,
    pub(crate) len: usize,
}

impl Sketch {
    /// For vectors of this many entries.
    pub(crate) fn new(entries: usize) -> Self {
        Self {
            exact: entries <= LENGTH,
            len: entries.min(LENGTH),
        }
    }

    /// Adds the sketch of a vector at the end of a list.
    pub(crate) fn push(&self, entries: impl Iterator<Item = f64>, sketches: &mut Vec<f64>) {
        if self.exact {
            return sketches.extend(entries);
        }
        let first = sketches.len();
        sketches.resize(first + self.len, 0.0);
        let sums = &mut sketches[first..];
        for (i, entry) in entries.enumerate() {
            let drawn = mixed(i as u64);
            let sum = &mut sums[(drawn >> 1) as usize % LENGTH];
            *sum += if drawn & 1 == 0 { entry } else { -entry };
        }
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): the same choice of sums and signs for ever.
fn mixed(i: u64) -> u64 {
    let z = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 40 waves of 1,000 entries: the mean squared length is right within four times
    /// `√(2/64)/√40`, 11 %, and none is off by more than five times `√(2/64)`.
    #[test]
    fn lengths_stay_about_the_same() {
        let mut ratios = Vec::new();
        for wave in 1..=40 {
            let entries = || (0..1000).map(move |i| (0.01 * f64::from(i * wave)).sin());
            let mut sketch = Vec::new();
            Sketch::new(1000).push(entries(), &mut sketch);
            let square = |x: f64| x * x;
            let exact: f64 = entries().map(square).sum();
            ratios.push(sketch.into_iter().map(square).sum::<f64>() / exact);
        }
        let mean = ratios.iter().sum::<f64>() / 40.0;
        assert!((mean - 1.0).abs() < 0.11, "{mean}");
        assert!(ratios.iter().all(|r| (r - 1.0).abs() < 0.88), "{ratios:?}");
    }

    #[test]
    fn short_vectors_are_kept() {
        let mut sketches = vec![7.0];
        Sketch::new(3).push([1.0, -2.0, 3.0].into_iter(), &mut sketches);
        assert_eq!(sketches, [7.0, 1.0, -2.0, 3.0]);
    }
}
