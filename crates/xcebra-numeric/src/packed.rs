//! Lists of numbers in one list, for results that another process takes up to the last bit.

/// Packs lists of numbers, one after the other and each with its length before it.
///
/// ```
/// use xcebra_numeric::{Packer, Unpacker};
///
/// let mut packer = Packer::new();
/// packer.list([0.1, f64::INFINITY]);
/// packer.number(3.0);
/// let packed = packer.finish();
///
/// let mut unpacker = Unpacker::new(&packed);
/// assert_eq!(unpacker.list(), Some(&[0.1, f64::INFINITY][..]));
/// assert_eq!(unpacker.number(), Some(3.0));
/// assert!(unpacker.is_empty());
/// assert_eq!(unpacker.number(), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Packer(Vec<f64>);

impl Packer {
    /// Nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a list.
    pub fn list(&mut self, values: impl IntoIterator<Item = f64>) {
        let at = self.0.len();
        self.0.push(0.0);
        self.0.extend(values);
        // a length is below 2^53, so exact
        self.0[at] = (self.0.len() - at - 1) as f64;
    }

    /// Adds one number.
    pub fn number(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Adds a list that may be missing.
    pub fn optional<I: IntoIterator<Item = f64>>(&mut self, values: Option<I>) {
        self.number(f64::from(u8::from(values.is_some())));
        if let Some(values) = values {
            self.list(values);
        }
    }

    /// What was packed.
    pub fn finish(self) -> Vec<f64> {
        self.0
    }
}

/// Takes lists out again, in their order. Every answer is `None` where there is no such list.
#[derive(Clone, Debug)]
pub struct Unpacker<'a>(&'a [f64]);

impl<'a> Unpacker<'a> {
    /// Of what was packed.
    pub fn new(packed: &'a [f64]) -> Self {
        Self(packed)
    }

    /// The next list.
    pub fn list(&mut self) -> Option<&'a [f64]> {
        let length = self.count()?;
        let (list, left) = self.0.split_at_checked(length)?;
        self.0 = left;
        Some(list)
    }

    /// The next list, if it has this length.
    pub fn list_of(&mut self, length: usize) -> Option<&'a [f64]> {
        self.list().filter(|list| list.len() == length)
    }

    /// The next number.
    pub fn number(&mut self) -> Option<f64> {
        let (&first, left) = self.0.split_first()?;
        self.0 = left;
        Some(first)
    }

    /// The next number, if it is a count.
    pub fn count(&mut self) -> Option<usize> {
        let count = self.number()?;
        (count >= 0.0 && count.fract() == 0.0 && count < 2_f64.powi(53)).then_some(count as usize)
    }

    /// The next list that may be missing.
    pub fn optional(&mut self) -> Option<Option<&'a [f64]>> {
        match self.number()? {
            0.0 => Some(None),
            1.0 => self.list().map(Some),
            _ => None,
        }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_packed_is_refused() {
        for damaged in [&[-1.0][..], &[0.5], &[f64::NAN], &[2.0, 1.0], &[1e300, 1.0]] {
            assert_eq!(Unpacker::new(damaged).list(), None, "{damaged:?}");
        }
        assert_eq!(Unpacker::new(&[2.0, 1.0, 1.0]).list_of(1), None);
        assert_eq!(Unpacker::new(&[3.0]).optional(), None);
    }

    #[test]
    fn lists_that_may_be_missing() {
        let mut packer = Packer::new();
        packer.optional(None::<[f64; 0]>);
        packer.optional(Some([1.5]));
        packer.optional(Some([]));
        let packed = packer.finish();
        let mut unpacker = Unpacker::new(&packed);
        assert_eq!(unpacker.optional(), Some(None));
        assert_eq!(unpacker.optional(), Some(Some(&[1.5][..])));
        assert_eq!(unpacker.optional(), Some(Some(&[][..])));
        assert!(unpacker.is_empty());
    }
}
