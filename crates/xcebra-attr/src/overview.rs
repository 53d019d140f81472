//! What some methods need to know of all samples: moments, and a background.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use crate::error::{AttrError, Result};
use crate::samples::{Samples, check};

/// What a method needs to know of all samples before it looks at one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Mean and standard deviation of each input: one more pass over the samples.
    pub moments: bool,
    /// Some samples drawn at random, see
    /// [`Options::background`](crate::Options::background).
    pub background: bool,
}

impl Needs {
    /// What either needs.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            moments: self.moments || other.moments,
            background: self.background || other.background,
        }
    }
}

/// What is known of all samples; inputs are flattened.
#[derive(Clone, Debug)]
pub struct Overview<A> {
    moments: Option<[Array1<A>; 2]>,
    background: Option<Array2<A>>,
}

impl<A: Scalar> Overview<A> {
    /// Looks through `samples`, of which there is at least one, `piece` at a time; `report` is called
    /// between pieces.
    pub(crate) fn gather(
        samples: &dyn Samples<A>,
        needs: Needs,
        (draws, seed): (usize, u64),
        piece: usize,
        report: impl Fn() -> Result<()>,
    ) -> Result<Self> {
        let moments = needs
            .moments
            .then(|| moments(samples, piece, report))
            .transpose()?;
        let background = needs
            .background
            .then(|| background(samples, draws, seed))
            .transpose()?;
        Ok(Self {
            moments,
            background,
        })
    }

    /// Means of the inputs.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] if the method did not say that it needs moments.
    pub fn mean(&self) -> Result<ArrayView1<'_, A>> {
        Ok(self.known_moments()?[0].view())
    }

    /// Standard deviations of the inputs, over all samples.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] if the method did not say that it needs moments.
    pub fn standard_deviation(&self) -> Result<ArrayView1<'_, A>> {
        Ok(self.known_moments()?[1].view())
    }

    /// Some of the samples, drawn at random without replacement, in order; all of them if there are
    /// few. `(drawn, inputs)`.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] if the method did not say that it needs a background.
    pub fn background(&self) -> Result<ArrayView2<'_, A>> {
        let background = self.background.as_ref();
        background
            .map(|known| known.view())
            .ok_or_else(|| undeclared("a background"))
    }

    fn known_moments(&self) -> Result<&[Array1<A>; 2]> {
        self.moments.as_ref().ok_or_else(|| undeclared("moments"))
    }
}

fn undeclared(what: &str) -> AttrError {
    let expected = format!("a method that asks for {what} in Method::needs");
    AttrError::parameter("the attribution method", "another one", expected)
}

/// Means and standard deviations by the recurrence of Welford (1962), in `f64`.
fn moments<A: Scalar>(
    samples: &dyn Samples<A>,
    piece: usize,
    report: impl Fn() -> Result<()>,
) -> Result<[Array1<A>; 2]> {
    let inputs = samples.sample_shape().iter().product();
    let (mut mean, mut squares) = (vec![0.0; inputs], vec![0.0; inputs]);
    let total = samples.len();
    let mut count = 0.0;
    for first in (0..total).step_by(piece) {
        report()?;
        let batch = samples.batch(first..(first + piece).min(total))?;
        check(&batch, samples.sample_shape(), first)?;
        for sample in batch.axis_iter(Axis(0)) {
            count += 1.0;
            let entries = mean.iter_mut().zip(&mut squares).zip(&sample);
            for ((mean, squares), value) in entries {
                let off = value.as_f64() - *mean;
                *mean += off / count;
                *squares += off * (value.as_f64() - *mean);
            }
        }
    }
    let deviation = squares
        .iter()
        .map(|s| A::of((s / f64::max(count, 1.0)).sqrt()));
    Ok([
        mean.iter().map(|&m| A::of(m)).collect(),
        deviation.collect(),
    ])
}

fn background<A: Scalar>(samples: &dyn Samples<A>, draws: usize, seed: u64) -> Result<Array2<A>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let total = samples.len();
    let mut chosen = index::sample(&mut rng, total, draws.min(total)).into_vec();
    chosen.sort_unstable();
    let inputs = samples.sample_shape().iter().product();
    let mut background = Array2::zeros((chosen.len(), inputs));
    for (mut row, &i) in background.outer_iter_mut().zip(&chosen) {
        let one = samples.batch(i..i + 1)?;
        check(&one, samples.sample_shape(), i)?;
        row.iter_mut().zip(&one).for_each(|(row, &v)| *row = v);
    }
    Ok(background)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn moments_are_those_of_all_samples_and_the_background_some_of_them() {
        let x = Array2::from_shape_fn((3000, 2), |(i, j)| 1e3 + (i % 3) as f64 * (j + 1) as f64);
        let needs = Needs {
            moments: true,
            background: true,
        };
        let overview = Overview::gather(&x, needs, (7, 1), 100, || Ok(())).unwrap();
        let sd = (2.0_f64 / 3.0).sqrt();
        for (mean, expected) in overview.mean().unwrap().iter().zip([1001.0, 1002.0]) {
            assert!((mean - expected).abs() < 1e-10);
        }
        for (found, expected) in overview
            .standard_deviation()
            .unwrap()
            .iter()
            .zip([sd, 2.0 * sd])
        {
            assert!((found - expected).abs() < 1e-10);
        }
        assert_eq!(overview.background().unwrap().dim(), (7, 2));

        let few = Overview::gather(&array![[1.0], [2.0]], needs, (7, 1), 100, || Ok(())).unwrap();
        assert_eq!(few.background().unwrap(), array![[1.0], [2.0]]);
        let nothing = Overview::gather(&x, Needs::default(), (7, 1), 100, || Ok(())).unwrap();
        assert!(nothing.mean().is_err() && nothing.background().is_err());
    }
}
