//! In which domain do few coefficients carry the output?

use ndarray::{Array1, ArrayD, ArrayView, ArrayView1, ArrayViewD, Axis, Dimension};
use num_complex::Complex;
use xcebra_model::Scalar;
use xcebra_numeric::{area, ensure_finite, exchange, geometric_counts, ranking};

use crate::attribution::Attribution;
use crate::domain::Domain;
use crate::error::Result;
use crate::explain::Explainer;
use crate::integrand::inverse;
use crate::probe::Probe;

/// Points of a deletion curve, besides its start.
const STEPS: usize = 20;
/// Share of the absolute attribution that counts as carrying the output.
const CARRIED: f64 = 0.9;

/// A domain's explanation of one signal, with what it says about the choice of the domain.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DomainScore<A: Scalar> {
    /// The explanation.
    pub attribution: Attribution<A>,
    /// For each output, how few coefficients carry it.
    pub concentration: Vec<Concentration>,
    /// For each output, how fast it falls when they are taken away; none for an output that is the same for
    /// signal and baseline, and has nothing to fall from.
    pub deletion: Vec<Option<Deletion>>,
    /// Model values computed for the deletion curves.
    pub evaluations: usize,
}

/// How unequally absolute attribution is spread over coefficients.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Concentration {
    /// Share of the sum of absolute attributions in the `k + 1` largest, rising to 1; all 0 if there
    /// is no attribution.
    pub curve: Vec<f64>,
    /// Gini coefficient: 0 if all coefficients carry the same, near 1 if one carries all.
    pub gini: f64,
    /// How many coefficients hold 90 % of the absolute attribution. Domains differ in their number of
    /// coefficients: compare domains by `gini`.
    pub carriers: usize,
}

/// The output while the most attributed coefficients are replaced by the baseline's, one after the other.
///
/// It tests the ranking against the model itself: high attribution to coefficients the model does not
/// need gives a flat curve, however concentrated it is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Deletion {
    /// How many coefficients are replaced at each point.
    pub replaced: Vec<usize>,
    /// `(F − F(x')) / (F(x) − F(x'))`: 1 at first, 0 at last.
    pub remaining: Vec<f64>,
    /// Area under the curve over the number of replaced coefficients, relative to all of them; small is
    /// good.
    pub area: f64,
}

impl<A: Scalar> Explainer<'_, A> {
    /// Explains one signal in several domains and puts those first in which few coefficients carry the
    /// output: descending in the Gini coefficient of absolute attribution, averaged over outputs.
    ///
    /// The Gini coefficient looks at shares of the coefficients, not at numbers of them, so that domains
    /// are compared on a common footing: 129 complex frequencies, 256 real samples and 561 coefficients
    /// of a redundant transform describe the same signal, and writing every coefficient twice does not
    /// change it (Hurley and Rickard, "Comparing measures of sparsity", IEEE Trans. Inf. Theory 55, 2009,
    /// property D3 "cloning"). A domain without any attribution comes last.
    ///
    /// # Errors
    /// As [`explain_many`](Self::explain_many).
    pub fn choose<D: Dimension>(
        &self,
        domains: &[&dyn Domain<A>],
        signal: ArrayView<'_, A, D>,
    ) -> Result<Vec<DomainScore<A>>> {
        let found = self.explain_many(domains, signal)?;
        let mut scores = Vec::with_capacity(found.len());
        for (domain, attribution) in domains.iter().zip(found) {
            scores.push(self.score(*domain, attribution)?);
        }
        let gini =
            |score: &DomainScore<A>| -> f64 { score.concentration.iter().map(|c| c.gini).sum() };
        scores.sort_by(|a, b| gini(b).total_cmp(&gini(a)));
        Ok(scores)
    }

    fn score(&self, domain: &dyn Domain<A>, attribution: Attribution<A>) -> Result<DomainScore<A>> {
        let mut probe = Probe::new(self.model, &self.selection, self.gradient, self.batch_size)?;
        let mut concentration = Vec::new();
        let mut deletion = Vec::new();
        for (row, shares) in attribution.attribution.outer_iter().enumerate() {
            concentration.push(Concentration::of(shares.view()));
            let ends = (attribution.value[row], attribution.baseline_value[row]);
            if ends.0 == ends.1 {
                deletion.push(None);
                continue;
            }
            let sizes: Vec<f64> = shares.iter().map(|a| a.abs()).collect();
            let curve = deletion_points(&attribution, &ranking(&sizes));
            let mut values = Vec::with_capacity(curve.replaced.len());
            for points in curve.points.axis_chunks_iter(Axis(0), self.batch_size) {
                let signals = inverse(domain, points, |_| 0.0)?;
                values.extend(probe.values(signals.view())?.column(row).iter().copied());
            }
            let found = Deletion::new(curve.replaced, &Array1::from(values), ends, shares.len());
            let remaining = ArrayView1::from(&found.remaining);
            ensure_finite("the deletion curve", &remaining)?;
            deletion.push(Some(found));
        }
        Ok(DomainScore {
            attribution,
            concentration,
            deletion,
            evaluations: probe.evaluations.values,
        })
    }
}

impl Concentration {
    /// Of attributions of any shape.
    pub fn of(attribution: ArrayViewD<'_, f64>) -> Self {
        let mut sizes: Vec<f64> = attribution.iter().map(|a| a.abs()).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let (n, total) = (sizes.len(), sizes.iter().sum::<f64>());
        if total == 0.0 {
            return Self {
                curve: vec![0.0; n],
                gini: 0.0,
                carriers: 0,
            };
        }
        let mut sum = 0.0;
        let curve: Vec<f64> = sizes
            .iter()
            .map(|size| {
                sum += size;
                sum / total
            })
            .collect();
        // rounding may leave the last sum below the total, but not by a tenth
        let carriers = 1 + curve.iter().take_while(|share| **share < CARRIED).count();
        let area: f64 = curve.iter().sum();
        Self {
            gini: (2.0 * area - (n + 1) as f64) / n as f64,
            carriers: carriers.min(n),
            curve,
        }
    }
}

impl Deletion {
    fn new(replaced: Vec<usize>, values: &Array1<f64>, ends: (f64, f64), len: usize) -> Self {
        let (value, baseline) = ends;
        let remaining: Vec<f64> = values
            .iter()
            .map(|v| (v - baseline) / (value - baseline))
            .collect();
        let counts: Vec<f64> = replaced.iter().map(|&k| k as f64).collect();
        Self {
            area: area(&counts, &remaining) / len as f64,
            replaced,
            remaining,
        }
    }
}

struct DeletionPoints<A> {
    replaced: Vec<usize>,
    points: ArrayD<Complex<A>>,
}

/// Coefficients with more and more of the first in order replaced.
fn deletion_points<A: Scalar>(found: &Attribution<A>, order: &[usize]) -> DeletionPoints<A> {
    let replaced = geometric_counts(order.len(), STEPS);
    let mut shape = vec![replaced.len()];
    shape.extend_from_slice(found.coefficients.shape());
    let signal: Vec<Complex<A>> = found.coefficients.iter().copied().collect();
    let baseline: Vec<Complex<A>> = found.baseline_coefficients.iter().copied().collect();
    let mut rows = Vec::with_capacity(replaced.len() * order.len());
    exchange(&signal, &baseline, order, &replaced, &mut rows);
    DeletionPoints {
        replaced,
        points: ArrayD::from_shape_vec(shape, rows).expect("one entry a coefficient"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use ndarray::array;
    use proptest::prelude::*;

    /// Closed forms: all equal, one for all, and 3, 1 of 4 (Gini ½ (1 − …) by hand).
    #[test]
    fn concentration_of_known_spreads() {
        let equal = Concentration::of(array![1.0, -1.0, 1.0, -1.0].into_dyn().view());
        assert_abs_diff_eq!(equal.gini, 0.0, epsilon = 1e-15);
        assert_eq!(equal.carriers, 4);
        assert_eq!(equal.curve, [0.25, 0.5, 0.75, 1.0]);
        let single = Concentration::of(array![0.0, 0.0, -7.0, 0.0].into_dyn().view());
        assert_abs_diff_eq!(single.gini, 0.75, epsilon = 1e-15); // (n − 1)/n
        assert_eq!(single.carriers, 1);
        // sorted shares 0.75, 0.25, 0, 0: mean absolute difference over twice the mean
        let mixed = Concentration::of(array![[1.0, 0.0], [0.0, 3.0]].into_dyn().view());
        assert_abs_diff_eq!(mixed.gini, 0.625, epsilon = 1e-15);
        assert_eq!(mixed.carriers, 2);
        let none = Concentration::of(array![0.0, 0.0].into_dyn().view());
        assert_eq!((none.gini, none.carriers), (0.0, 0));
    }

    proptest! {
        /// The mean absolute difference over twice the mean, which is its definition, whatever the order;
        /// and writing every coefficient several times, halves with either sign, changes nothing.
        #[test]
        fn gini_does_not_depend_on_the_number_of_coefficients(
            values in prop::collection::vec(-10.0..10.0_f64, 1..40),
            copies in 1..5_usize,
        ) {
            let once = Concentration::of(Array1::from(values.clone()).into_dyn().view());
            let n = values.len() as f64;
            let pairs = values.iter().flat_map(|a| values.iter().map(|b| (a.abs() - b.abs()).abs()));
            let mean = values.iter().map(|a| a.abs()).sum::<f64>() / n;
            let expected = pairs.sum::<f64>() / (2.0 * n * n * mean);
            // sums of up to 1600 terms
            prop_assert!((once.gini - expected).abs() < 1e-10, "{} {expected}", once.gini);
            let share = |v: &f64| [v / copies as f64, -v / copies as f64];
            let cloned: Array1<f64> = values
                .iter()
                .flat_map(|v| (0..copies).flat_map(move |_| share(v)))
                .collect();
            let cloned = Concentration::of(cloned.into_dyn().view());
            prop_assert!((once.gini - cloned.gini).abs() < 1e-10);
        }
    }

    #[test]
    fn the_area_of_a_deletion_is_that_of_its_trapezoids() {
        let values = array![5.0, 3.0, 1.0];
        let deletion = Deletion::new(vec![0, 1, 4], &values, (5.0, 1.0), 4);
        assert_eq!(deletion.remaining, [1.0, 0.5, 0.0]);
        assert_eq!(deletion.area, (0.75 + 3.0 * 0.25) / 4.0);
    }
}
