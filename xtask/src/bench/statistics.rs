//! Summaries of measured times.

/// Least, middle and greatest of some times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

/// The spread of at least one time.
pub fn spread(times: &[f64]) -> Option<Spread> {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (n, min, max) = (sorted.len(), *sorted.first()?, *sorted.last()?);
    Some(Spread {
        min,
        median: (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0,
        max,
    })
}

#[cfg(test)]
mod tests {
    use super::{Spread, spread};

    #[test]
    fn of_even_and_odd_numbers() {
        let of = |min, median, max| Some(Spread { min, median, max });
        assert_eq!(spread(&[3.0, 1.0, 2.0]), of(1.0, 2.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), of(1.0, 2.5, 4.0));
        assert_eq!(spread(&[]), None);
    }
}
