//! The numbers of `tests/data/fourier_ig.npz`; see the README there.

use std::fs::File;

use cdig::domains::Fourier;
use cdig::{Attribution, Baseline, Domain, Explainer, Path, RealFourier, Rule, Time};
use ndarray::{Array1, Array2, ArrayD, Axis, Dimension, Ix1, Ix2, OwnedRepr, Zip, stack};
use ndarray_npy::NpzReader;
use num_complex::Complex;

use crate::models::Filters;

struct Case {
    name: &'static str,
    model: Filters<f64>,
    x: Array1<f64>,
    baseline: Array1<f64>,
    fs: f64,
}

fn load<D: Dimension>(name: &str) -> ndarray::Array<f64, D> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/fourier_ig.npz");
    let mut file = NpzReader::new(File::open(path).unwrap()).unwrap();
    file.by_name::<OwnedRepr<f64>, D>(name).unwrap()
}

impl Case {
    fn new(name: &'static str) -> Self {
        let x: Array1<f64> = load("x");
        Self {
            name,
            model: Filters {
                shape: vec![x.len()],
                weight: load("weight"),
                bias: if name == "C" {
                    load("bias_caseC")
                } else {
                    Array1::zeros(2)
                },
            },
            baseline: if name == "B" {
                load("baseline_caseB")
            } else {
                Array1::zeros(x.len())
            },
            x,
            fs: load::<Ix1>("fs")[0],
        }
    }

    fn all() -> [Self; 3] {
        ["A", "B", "C"].map(Self::new)
    }

    fn numbers(&self, what: &str) -> Array2<f64> {
        load(&format!("case{}_{what}", self.name))
    }

    fn fourier(&self) -> Fourier<f64> {
        Fourier::new(&[self.x.len()], self.fs).unwrap()
    }

    fn explainer(&self, rule: Rule) -> Explainer<'_, f64> {
        Explainer::new(&self.model)
            .baseline(Baseline::Signal(self.baseline.clone().into_dyn()))
            .rule(rule)
    }

    fn explain(&self, rule: Rule) -> Attribution<f64> {
        self.explainer(rule)
            .explain(&self.fourier(), self.x.view())
            .unwrap()
    }

    /// Positions on the straight path where a `ReLU` switches, with both ends.
    fn kinks(&self) -> Vec<f64> {
        let before = self.model.preactivation(self.baseline.as_slice().unwrap());
        let after = self.model.preactivation(self.x.as_slice().unwrap());
        let mut kinks: Vec<f64> = before
            .iter()
            .zip(&after)
            .map(|(p0, p1)| p0 / (p0 - p1))
            .filter(|alpha| (0.0..1.0).contains(alpha) && *alpha > 0.0)
            .chain([0.0, 1.0])
            .collect();
        kinks.sort_by(f64::total_cmp);
        kinks
    }

    /// The straight path cut at the kinks: the midpoint of each piece integrates it exactly.
    fn exact(&self, domain: &dyn Domain<f64>) -> Attribution<f64> {
        let both = stack![Axis(0), self.baseline, self.x].into_dyn();
        let ends = domain.forward(both.view()).unwrap();
        let (start, end) = (ends.index_axis(Axis(0), 0), ends.index_axis(Axis(0), 1));
        let points: Vec<ArrayD<Complex<f64>>> = self
            .kinks()
            .into_iter()
            .map(|alpha| &start + (&end - &start).mapv(|dz| dz * alpha))
            .collect();
        let views: Vec<_> = points.iter().map(|point| point.view()).collect();
        self.explainer(Rule::Midpoint(1))
            .path(Path::Polyline(stack(Axis(0), &views).unwrap()))
            .explain(domain, self.x.view())
            .unwrap()
    }
}

#[track_caller]
fn assert_close<D: Dimension>(
    found: &ArrayD<f64>,
    expected: &ndarray::Array<f64, D>,
    tolerance: f64,
) {
    let worst = distance(found, expected);
    assert!(
        worst <= tolerance,
        "off by {worst:e}, tolerance {tolerance:e}"
    );
}

fn distance<D: Dimension>(found: &ArrayD<f64>, expected: &ndarray::Array<f64, D>) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    Zip::from(found)
        .and(&expected.view().into_dyn())
        .fold(0.0, |worst, a, b| worst.max((a - b).abs()))
}

/// The same arithmetic in the same precision; attributions reach 2.6 and 1e-12 leaves room for
/// rounding in 300 summed gradients and another FFT.
#[test]
fn reference_300_right_riemann_steps() {
    for case in Case::all() {
        let found = case.explain("right:300".parse().unwrap());
        assert_close(&found.attribution, &case.numbers("right300_f64"), 1e-12);
    }
}

/// Values at both ends agree to rounding; so does the residual, which is what the rule missed.
#[test]
fn reference_values_and_residual() {
    for case in Case::all() {
        let found = case.explain(Rule::Right(300));
        let (value, base) = (
            load::<Ix1>(&format!("case{}_F_x", case.name)),
            load::<Ix1>(&format!("case{}_F_base", case.name)),
        );
        assert_close(&found.value.clone().into_dyn(), &value, 1e-13);
        assert_close(&found.baseline_value.clone().into_dyn(), &base, 1e-13);
        let residual = value - base - case.numbers("right300_f64").sum_axis(Axis(1));
        assert_close(&found.residual.into_dyn(), &residual, 1e-12);
    }
}

/// The authors' library works in float32: 300 summed gradients and an FFT over 256 steps leave
/// errors of the order of 1e-5 on attributions up to 2.6.
#[test]
fn reference_authors_library_in_single_precision() {
    for case in Case::all() {
        let expected = case.numbers("lib300");
        assert_close(&case.explain(Rule::Right(300)).attribution, &expected, 2e-5);

        let single = |x: &Array1<f64>| x.mapv(|x| x as f32);
        let model = Filters {
            shape: case.model.shape.clone(),
            weight: case.model.weight.mapv(|w| w as f32),
            bias: single(&case.model.bias),
        };
        let found = Explainer::new(&model)
            .baseline(Baseline::Signal(single(&case.baseline).into_dyn()))
            .rule(Rule::Right(300))
            .explain(
                &Fourier::new(&[256], case.fs).unwrap(),
                single(&case.x).view(),
            )
            .unwrap();
        assert_close(&found.attribution, &expected, 2e-5);
    }
}

/// Without bias and from zero the model is positively homogeneous: its gradient is constant on the
/// path, so every rule that leaves out the kink at the baseline itself is exact up to rounding.
#[test]
fn reference_homogeneous_case_is_exact_with_every_rule() {
    let case = Case::new("A");
    for rule in [
        "right:1",
        "right:300",
        "midpoint:1",
        "midpoint:50",
        "gauss-legendre:1",
        "gauss-legendre:64",
    ] {
        let found = case.explain(rule.parse().unwrap());
        assert_close(&found.attribution, &case.numbers("ref"), 1e-12);
        assert_close(&found.residual.into_dyn(), &Array1::zeros(2), 1e-12);
    }
}

/// The exact integral, by the general route along a polyline cut at the kinks: attributions up to
/// 2.6 in the Fourier domain, and in the time domain, where the attribution over `x − x'` is the
/// mean gradient.
#[test]
fn reference_exact_integral_between_kinks() {
    for case in Case::all() {
        let pieces = load_count(&format!("case{}_pieces", case.name));
        assert_eq!(case.kinks().len() - 1, pieces, "case {}", case.name);
        let fourier = case.exact(&case.fourier());
        assert_close(&fourier.attribution, &case.numbers("ref"), 1e-12);
        assert_close(&fourier.residual.into_dyn(), &Array1::zeros(2), 1e-12);

        let time = case.exact(&Time::new(&[256]).unwrap());
        assert_close(&time.attribution, &case.numbers("time_ig"), 1e-12);
        let product = case.numbers("grad_mean") * (&case.x - &case.baseline);
        assert_close(&time.attribution, &product, 1e-12);
    }
}

/// On the straight path the time-domain attribution over `x − x'` is the path mean of the gradient.
/// Where the rule is exact (case A) that is the reference to rounding.
#[test]
fn reference_mean_gradient() {
    let case = Case::new("A");
    let domain = Time::new(&[256]).unwrap();
    let found = case
        .explainer(Rule::Midpoint(10))
        .explain(&domain, case.x.view())
        .unwrap();
    assert_close(&found.attribution, &case.numbers("time_ig"), 1e-12);
    let change = &case.x - &case.baseline;
    assert!(change.iter().all(|dx| dx.abs() > 1e-6));
    let mean = &found.attribution / &change;
    // dividing by small changes amplifies rounding: 1e-15 / 1e-6
    assert_close(&mean, &case.numbers("grad_mean"), 1e-9);
}

/// The gradient jumps at some 250 kinks, so the error of any rule of equal steps is bounded by a
/// multiple of the step and need not fall steadily, but must fall at least in proportion to the
/// step overall. Largest error of an attribution with 10, 100 and 1000 midpoint steps: case B
/// 1.9e-2, 4.4e-4, 1.1e-4; case C 4.4e-2, 2.0e-3, 6.4e-5. Right Riemann is first order with a
/// large constant: 6, 25 and 12 times (B), 2.7, 7 and 22 times (C) as far off.
#[test]
fn reference_midpoint_errors_fall_with_the_number_of_steps() {
    for name in ["B", "C"] {
        let case = Case::new(name);
        let reference = case.numbers("ref");
        let error = |rule| distance(&case.explain(rule).attribution, &reference);
        let first = error(Rule::Midpoint(10));
        let mut last = first;
        for steps in [100, 1000] {
            let midpoint = error(Rule::Midpoint(steps));
            assert!(midpoint < last, "{name}, {steps} steps: {midpoint:e}");
            assert!(
                midpoint * steps as f64 <= first * 10.0,
                "{name}, {steps} steps: {midpoint:e}"
            );
            assert!(
                midpoint < error(Rule::Right(steps)),
                "{name}, {steps} steps"
            );
            last = midpoint;
        }
    }
}

/// The adaptive rule against the exact integral. Its tolerance is on the sum of absolute errors of `F`
/// over the path, relative to `F(x) − F(x')`; absolute errors of attributions add up to that order,
/// for which a factor of 10 relative to the sum of absolute attributions is left.
#[test]
fn reference_adaptive_rule_to_its_tolerance() {
    for case in Case::all() {
        let reference = case.numbers("ref");
        for tolerance in [1e-3, 1e-4] {
            let budget = 3000;
            let found = case.explain(Rule::Adaptive { tolerance, budget });
            let convergence = found.convergence.as_ref().unwrap();
            assert!(convergence.tolerance_met, "{convergence:?}");
            for (o, expected) in reference.outer_iter().enumerate() {
                let row = found.of_output(o).unwrap();
                let off: f64 = row.iter().zip(&expected).map(|(a, b)| (a - b).abs()).sum();
                let size: f64 = expected.iter().map(|a| a.abs()).sum();
                let name = case.name;
                assert!(
                    off <= 10.0 * tolerance * size,
                    "{name}, output {o}: {off:e} of {size}"
                );
                let change = found.value[o] - found.baseline_value[o];
                assert!(found.residual[o].abs() <= tolerance * change.abs());
            }
        }
    }
}

/// The one-sided spectrum carries +k and −k together; a `(time, 1)` signal gives the same numbers
/// as `(time)`.
#[test]
fn reference_one_sided_and_time_first() {
    for mut case in Case::all() {
        let expected = case.numbers("right300_f64");
        case.model.shape = vec![256, 1];
        let domain = RealFourier::new(&[256, 1], case.fs)
            .unwrap()
            .along(0)
            .unwrap();
        let column = |x: &Array1<f64>| x.clone().insert_axis(Axis(1)).into_dyn();
        let found = Explainer::new(&case.model)
            .baseline(Baseline::Signal(column(&case.baseline)))
            .rule(Rule::Right(300))
            .explain(&domain, column(&case.x).view())
            .unwrap();
        let found = found
            .attribution
            .index_axis(Axis(2), 0)
            .into_dimensionality::<Ix2>()
            .unwrap();
        for ((o, k), value) in found.indexed_iter() {
            let pair = if k == 0 || k == 128 {
                expected[[o, k]]
            } else {
                expected[[o, k]] + expected[[o, 256 - k]]
            };
            assert!((value - pair).abs() <= 1e-12);
        }
    }
}

fn load_count(name: &str) -> usize {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/fourier_ig.npz");
    let mut file = NpzReader::new(File::open(path).unwrap()).unwrap();
    let count = file.by_name::<OwnedRepr<i64>, Ix1>(name).unwrap();
    usize::try_from(count[0]).unwrap()
}
