//! Completeness and path independence over random smooth models, signals, domains and paths.

use std::f64::consts::PI;

use cdig::domains::Fourier;
use cdig::{Attribution, Baseline, Domain, Explainer, Path, RealFourier, Rule, Time};
use ndarray::{ArrayD, Axis, concatenate, stack};
use num_complex::Complex;
use proptest::prelude::*;

use crate::models::{Activation, Network, random};

/// Smooth models of signals in `[−1, 1]`: the integrand is analytic in a strip at least as wide as
/// the path is long, where Gauss–Legendre converges geometrically; 64 nodes reach rounding. The
/// tolerance is relative to the sum of absolute attributions and values.
const TOLERANCE: f64 = 1e-9;
const SMOOTH: Rule = Rule::GaussLegendre(64);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Time,
    Fourier,
    RealFourier,
}

#[derive(Debug, Clone, Copy)]
enum Layout {
    Time,
    ChannelsTime,
    TimeChannels,
}

/// One random question.
#[derive(Debug, Clone)]
struct Scene {
    kind: Kind,
    layout: Layout,
    steps: usize,
    channels: usize,
    activation: Activation,
    seed: u64,
}

fn scenes() -> impl Strategy<Value = Scene> {
    (
        prop_oneof![
            Just(Kind::Time),
            Just(Kind::Fourier),
            Just(Kind::RealFourier)
        ],
        prop_oneof![
            Just(Layout::Time),
            Just(Layout::ChannelsTime),
            Just(Layout::TimeChannels)
        ],
        1_usize..18,
        1_usize..4,
        prop_oneof![Just(Activation::Tanh), Just(Activation::Gelu)],
        any::<u64>(),
    )
        .prop_map(|(kind, layout, steps, channels, activation, seed)| Scene {
            kind,
            layout,
            steps,
            channels,
            activation,
            seed,
        })
}

impl Scene {
    fn shape(&self) -> (Vec<usize>, usize) {
        match self.layout {
            Layout::Time => (vec![self.steps], 0),
            Layout::ChannelsTime => (vec![self.channels, self.steps], 1),
            Layout::TimeChannels => (vec![self.steps, self.channels], 0),
        }
    }

    fn domain(&self) -> Box<dyn Domain<f64>> {
        let (shape, axis) = self.shape();
        match self.kind {
            Kind::Time => Box::new(Time::new(&shape).unwrap().along(axis).unwrap()),
            Kind::Fourier => Box::new(Fourier::new(&shape, 1.0).unwrap().along(axis).unwrap()),
            Kind::RealFourier => {
                Box::new(RealFourier::new(&shape, 1.0).unwrap().along(axis).unwrap())
            }
        }
    }

    fn model(&self) -> Network {
        Network::random(&self.shape().0, 5, 3, self.activation, self.seed)
    }

    fn baseline(&self) -> ArrayD<f64> {
        random(&self.shape().0, self.seed.wrapping_add(1))
    }

    fn signal(&self) -> ArrayD<f64> {
        random(&self.shape().0, self.seed.wrapping_add(2))
    }

    /// Coefficients `(2, …)` of baseline and signal.
    fn ends(&self) -> ArrayD<Complex<f64>> {
        let both = stack(Axis(0), &[self.baseline().view(), self.signal().view()]).unwrap();
        self.domain().forward(both.view()).unwrap()
    }

    /// Complex coefficients of about the size of the signal's: for the two-sided spectrum not
    /// conjugate symmetric, for the others with imaginary parts that stand for nothing.
    fn detour(&self, which: u64) -> ArrayD<Complex<f64>> {
        let ends = self.ends();
        let size = (ends.iter().map(Complex::norm_sqr).sum::<f64>() / ends.len() as f64).sqrt();
        let part = |i: u64| {
            let seed = self.seed.wrapping_add(10 + 2 * which + i);
            random(&ends.shape()[1..], seed) * size
        };
        let mut detour = part(0).mapv(|a| Complex::new(a, 0.0));
        detour.zip_mut_with(&part(1), |z, &b| z.im = b);
        detour
    }

    /// A polyline with corners off the straight line.
    fn polyline(&self, corners: u64) -> Path<f64> {
        let ends = self.ends();
        let mut points = vec![ends.index_axis(Axis(0), 0).to_owned()];
        points.extend((0..corners).map(|i| self.detour(i)));
        points.push(ends.index_axis(Axis(0), 1).to_owned());
        let rows: Vec<_> = points
            .iter()
            .map(|p| p.view().insert_axis(Axis(0)))
            .collect();
        Path::Polyline(concatenate(Axis(0), &rows).unwrap())
    }

    /// `γ(α) = z' + α dz + sin(πα) u + α² (1 − α) v` with complex `u`, `v`.
    fn curve(&self) -> Path<f64> {
        let ends = self.ends();
        let start = ends.index_axis(Axis(0), 0).to_owned();
        let change = &ends.index_axis(Axis(0), 1) - &start;
        let (u, v) = (self.detour(100), self.detour(101));
        let (change2, u2, v2) = (change.clone(), u.clone(), v.clone());
        let real = |x: f64| Complex::new(x, 0.0);
        Path::curve(
            move |a| {
                &start
                    + &change.mapv(|z| z * a)
                    + u.mapv(|z| z * (PI * a).sin())
                    + v.mapv(|z| z * (a * a * (1.0 - a)))
            },
            move |a| {
                &change2 + &(&u2 * real(PI * (PI * a).cos())) + &v2 * real(2.0 * a - 3.0 * a * a)
            },
        )
    }

    fn explain(&self, path: Path<f64>) -> Attribution<f64> {
        let model = self.model();
        Explainer::new(&model)
            .baseline(Baseline::Signal(self.baseline()))
            .path(path)
            .rule(SMOOTH)
            .explain(&*self.domain(), self.signal().view())
            .unwrap()
    }
}

fn scale(found: &Attribution<f64>) -> f64 {
    let sizes = [&found.value, &found.baseline_value].map(|v| v.mapv(f64::abs).sum());
    sizes[0] + sizes[1] + found.attribution.mapv(f64::abs).sum()
}

fn assert_complete(found: &Attribution<f64>) -> Result<(), TestCaseError> {
    let bound = TOLERANCE * scale(found);
    prop_assert!(
        found.residual.iter().all(|r| r.abs() <= bound),
        "{:?} > {bound:e}",
        found.residual
    );
    // the reported residual is what it says
    let residual = &found.value - &found.baseline_value - found.total();
    prop_assert_eq!(&residual, &found.residual);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn completeness_on_the_straight_path(scene in scenes()) {
        assert_complete(&scene.explain(Path::Straight))?;
    }

    #[test]
    fn completeness_on_random_polylines(scene in scenes(), corners in 1_u64..4) {
        assert_complete(&scene.explain(scene.polyline(corners)))?;
    }

    #[test]
    fn completeness_on_random_complex_curves(scene in scenes()) {
        assert_complete(&scene.explain(scene.curve()))?;
    }

    #[test]
    fn path_independence_of_the_total(scene in scenes(), corners in 1_u64..4) {
        let straight = scene.explain(Path::Straight);
        let polyline = scene.explain(scene.polyline(corners));
        let curve = scene.explain(scene.curve());
        let bound = TOLERANCE * (scale(&straight) + scale(&polyline) + scale(&curve));
        for other in [&polyline, &curve] {
            for (a, b) in straight.total().iter().zip(&other.total()) {
                prop_assert!((a - b).abs() <= bound, "{a} and {b} differ by more than {bound:e}");
            }
        }
    }

    /// The shared mean gradient and the general route give the same single attributions: a
    /// polyline through the two ends is the straight path.
    #[test]
    fn both_routes_agree_on_the_straight_path(scene in scenes()) {
        let shared = scene.explain(Path::Straight);
        let general = scene.explain(Path::Polyline(scene.ends()));
        prop_assert_eq!(shared.evaluations, general.evaluations);
        let bound = 1e-12 * scale(&shared);
        for (a, b) in shared.attribution.iter().zip(&general.attribution) {
            prop_assert!((a - b).abs() <= bound, "{a} and {b} differ by more than {bound:e}");
        }
    }

    /// The total does not depend on the domain.
    #[test]
    fn completeness_gives_every_domain_the_total_of_the_time_domain(scene in scenes()) {
        let here = scene.explain(Path::Straight);
        let time = Scene { kind: Kind::Time, ..scene }.explain(Path::Straight);
        let bound = 1e-12 * (scale(&here) + scale(&time));
        for (a, b) in here.total().iter().zip(&time.total()) {
            prop_assert!((a - b).abs() <= bound, "{a} and {b} differ by more than {bound:e}");
        }
    }
}

/// What one coefficient receives does depend on the path, and on what grounds: for `f(x) = x₀ x₁`
/// from 0 to (1, 1), the straight path gives ½ to each, the path along the axes all to the second.
#[test]
fn path_independence_does_not_hold_for_single_attributions() {
    let model = crate::models::product();
    let domain = Time::new(&[2]).unwrap();
    let signal = ndarray::array![1.0, 1.0];
    let straight = Explainer::new(&model)
        .rule(Rule::GaussLegendre(1))
        .explain(&domain, signal.view())
        .unwrap();
    let real = |x: f64| Complex::new(x, 0.0);
    let corner = ndarray::array![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]].mapv(real);
    let bent = Explainer::new(&model)
        .rule(Rule::GaussLegendre(1))
        .path(Path::Polyline(corner.into_dyn()))
        .explain(&domain, signal.view())
        .unwrap();
    // linear integrands of small integers: exact in binary
    assert_eq!(straight.attribution, ndarray::array![[0.5, 0.5]].into_dyn());
    assert_eq!(bent.attribution, ndarray::array![[0.0, 1.0]].into_dyn());
    assert_eq!(straight.residual[0], 0.0);
    assert_eq!(bent.residual[0], 0.0);
}
