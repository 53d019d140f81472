//! Attribution of independent components: which one is asked for, and which one is named.

use ndarray::{Array2, ArrayD, Axis, Slice};
use xcebra::cdig::Attribution;
use xcebra::cdig::domains::Basis;
use xcebra::eval::pearson;

use super::WINDOW;
use crate::case_study::share;
use crate::error::Result;
use crate::statistics::Estimate;

/// The samples from `start` on as one signal `(channels, time)`.
pub(super) fn window(x: &Array2<f64>, start: usize) -> ArrayD<f64> {
    let part = x.slice_axis(Axis(0), Slice::from(start..start + WINDOW));
    part.t().to_owned().into_dyn()
}

/// All seconds of a recording (time, channels), one after the other.
pub(super) fn seconds(x: &Array2<f64>) -> Vec<ArrayD<f64>> {
    (0..x.nrows() / WINDOW)
        .map(|i| window(x, i * WINDOW))
        .collect()
}

/// As many independent components of a recording (time, channels) as it has channels.
pub(super) fn components(x: &Array2<f64>) -> Result<Basis> {
    let seconds = seconds(x);
    let views: Vec<_> = seconds.iter().map(|s| s.view()).collect();
    let stacked = ndarray::stack(Axis(0), &views).expect("seconds of one shape");
    Ok(Basis::ica(stacked.view(), 0, x.ncols(), 0)?)
}

/// The component of a recording (time, channels) whose course is most like a given one, and the size of
/// their correlation.
pub(super) fn most_alike(ica: &Basis, x: &Array2<f64>, course: &[f64]) -> Result<(usize, f64)> {
    let sources = x.dot(&ica.unmixing().t());
    let mut best = (0, 0.0);
    for (component, own) in sources.columns().into_iter().enumerate() {
        let alike = pearson(&own.to_vec(), course)?.abs();
        if alike > best.1 {
            best = (component, alike);
        }
    }
    Ok(best)
}

/// How often, and how much, one component is named.
pub(super) struct Named {
    component: usize,
    shares: Vec<f64>,
    hits: usize,
}

impl Named {
    pub(super) fn new(component: usize) -> Self {
        Self {
            component,
            shares: Vec::new(),
            hits: 0,
        }
    }

    /// Adds an explanation of one output in components over time; returns the sums over time.
    pub(super) fn add(&mut self, found: &Attribution<f64>) -> Vec<f64> {
        let row = found.attribution.index_axis(Axis(0), 0);
        let sums: Vec<f64> = row.sum_axis(Axis(1)).into_iter().collect();
        let total: f64 = sums.iter().map(|a| a.abs()).sum();
        self.shares.push(sums[self.component].abs() / total);
        self.hits += usize::from(largest(&sums) == self.component);
        sums
    }

    pub(super) fn windows(&self) -> usize {
        self.shares.len()
    }

    /// Share of windows in which it has most of the attribution.
    pub(super) fn rate(&self) -> Option<f64> {
        share(self.hits, self.windows())
    }

    /// Its share of the absolute attribution of components.
    pub(super) fn share(&self) -> Result<Estimate> {
        Estimate::of(&self.shares)
    }
}

/// Where the number of largest size is.
pub(super) fn largest(values: &[f64]) -> usize {
    let all = values.iter().enumerate();
    all.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
        .map_or(0, |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn seconds_are_cut_out_channels_first() {
        let x = Array2::from_shape_fn((2 * WINDOW + 5, 3), |(t, c)| (10 * t + c) as f64);
        let all = seconds(&x);
        assert_eq!(all.len(), 2);
        assert_eq!(all[1].shape(), [3, WINDOW]);
        assert_eq!(all[1][[2, 4]], (10 * (WINDOW + 4) + 2) as f64);
    }

    #[test]
    fn the_component_most_like_a_source_is_that_source() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        // uniform noise is far from normal
        let sources = Array2::from_shape_simple_fn((10 * WINDOW, 3), || rng.gen_range(-1.0..1.0));
        let mixing = array![[1.0, 0.4, -0.2], [0.3, -1.0, 0.5], [-0.6, 0.2, 0.9]];
        let x = sources.dot(&mixing.t());
        let ica = components(&x).unwrap();
        let mut found = Vec::new();
        for source in 0..3 {
            let course = sources.column(source).mapv(|v: f64| -v).to_vec();
            let (component, alike) = most_alike(&ica, &x, &course).unwrap();
            assert!(alike > 0.98, "{alike}");
            found.push(component);
        }
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2]);
    }

    #[test]
    fn the_largest_counts_without_its_sign() {
        assert_eq!(largest(&[1.0, -3.0, 2.0]), 1);
    }
}
