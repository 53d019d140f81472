//! Linear, piecewise linear, steep and jumping models: no result that is not a number, no *tolerance
//! met* that is none, and jumps are told.

use cdig::domains::{Dct, Fourier, Stft, Wavelet, WaveletFamily, Window};
use cdig::{Attribution, Baseline, Domain, Explainer, Path, RealFourier, Rule, Time};
use ndarray::{ArrayD, Axis, IxDyn, stack};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_model::{Model, Scalar};
use xcebra_numeric::ensure_finite;

use crate::models::Pointwise;
use crate::ridge::{Curve, Ridges};

const TOLERANCE: f64 = 1e-3;

/// A signal with the distribution of most recordings: no sample is 0 by chance, some are large.
fn signal<A: Scalar>(n: usize, seed: u64) -> ArrayD<A> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = || (0..6).map(|_| rng.gen_range(-1.0..1.0)).sum::<f64>() / 2.0_f64.sqrt();
    ArrayD::from_shape_simple_fn(IxDyn(&[n]), || A::of(normal()))
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![
        3 => Just(Rule::default()),
        1 => (5_usize..60).prop_map(|budget| Rule::Adaptive { tolerance: 1e-3, budget }),
        1 => Just(Rule::Adaptive { tolerance: 0.0, budget: 60 }),
        1 => (1_usize..40).prop_map(Rule::Midpoint),
        1 => (1_usize..40).prop_map(Rule::Trapezoid),
        1 => (1_usize..40).prop_map(Rule::Right),
        1 => (1_usize..40).prop_map(Rule::GaussLegendre),
    ]
}

fn curves() -> impl Strategy<Value = Curve> {
    prop_oneof![
        Just(Curve::Linear),
        Just(Curve::Rectified),
        Just(Curve::Clipped),
        (1.0_f64..6.0).prop_map(|digits| Curve::Steep(10.0_f64.powf(digits))),
        Just(Curve::Step),
        Just(Curve::Sign),
        Just(Curve::Round),
        Just(Curve::Floor),
    ]
}

/// Every domain with its straight path; the last ones have coefficients of another number than samples.
fn domain<A: Scalar>(which: usize, n: usize) -> Box<dyn Domain<A>> {
    match which {
        0 => Box::new(Time::new(&[n]).unwrap()),
        1 => Box::new(Fourier::new(&[n], 1.0).unwrap()),
        2 => Box::new(RealFourier::new(&[n], 1.0).unwrap()),
        3 => Box::new(Dct::new(&[n], 1.0).unwrap()),
        4 => Box::new(Stft::new(&[n], 1.0, &Window::Hann.samples(8), 4).unwrap()),
        _ => Box::new(Wavelet::new(&[n], 1.0, WaveletFamily::Daubechies(2), 2).unwrap()),
    }
}

/// What rounding may make of a result, from the weights alone: 64 roundings, or the root of the number of
/// samples if that is more, of products of the lengths of weights and signals, of which there are
/// three (two values and a sum). A result's own `rounding` must not be larger than four times that, because it
/// counts lengths of differences, too.
fn rounding<A: Scalar>(model: &Ridges<A>, start: &ArrayD<A>, end: &ArrayD<A>) -> f64 {
    let length = |x: &mut dyn Iterator<Item = A>| x.map(|v| v.as_f64().powi(2)).sum::<f64>().sqrt();
    let reach = length(&mut start.iter().copied()) + length(&mut end.iter().copied());
    let each = model.ridges.iter().map(|ridge| {
        let weights = length(&mut ridge.weights.iter().copied());
        ridge.height.as_f64() * (weights * reach + ridge.offset.as_f64().abs() + 1.0)
    });
    let roundings = 64.0_f64.max((start.len() as f64).sqrt());
    3.0 * roundings * A::epsilon().as_f64() * each.sum::<f64>()
}

/// What must hold of any result of any model.
fn check<A: Scalar>(found: &Attribution<A>, allowance: f64) -> Result<(), TestCaseError> {
    prop_assert!(ensure_finite("attribution", &found.attribution).is_ok());
    let residual = &found.value - &found.baseline_value - found.total();
    prop_assert!(ensure_finite("residual", &residual).is_ok());
    prop_assert_eq!(&residual, &found.residual);
    let Some(convergence) = &found.convergence else {
        return Ok(());
    };
    prop_assert!(ensure_finite("estimate", &convergence.error_estimate).is_ok());
    prop_assert!(ensure_finite("jumps", &convergence.jumps).is_ok());
    let Rule::Adaptive { tolerance, .. } = found.rule else {
        unreachable!("other rules have no convergence");
    };
    if convergence.tolerance_met {
        let change = (found.value[0] - found.baseline_value[0]).abs();
        let allowed = (tolerance * change).max(allowance);
        prop_assert!(
            residual[0].abs() <= allowed,
            "{residual} of {change}: {convergence:?}"
        );
    }
    Ok(())
}

/// Linear models of one kind: random weights, whose change of `F` is often far below its terms.
fn linear<A: Scalar>(n: usize, which: usize, rule: Rule, seed: u64) -> Result<(), TestCaseError> {
    let (start, end) = match seed % 2 {
        0 => (ArrayD::zeros(IxDyn(&[n])), signal::<A>(n, seed)),
        _ => (signal::<A>(n, seed ^ 1), signal::<A>(n, seed ^ 2)),
    };
    let mut model = Ridges::random(&[Curve::Linear], &start, &end, seed ^ 3);
    model.ridges[0].offset = A::of((seed % 3) as f64);
    let domain = domain::<A>(which, n);
    let explainer = Explainer::new(&model)
        .baseline(Baseline::Signal(start.clone()))
        .rule(rule);
    let found = explainer.explain(&*domain, end.view()).unwrap();
    let allowance = rounding(&model, &start, &end);
    check(&found, allowance)?;
    prop_assert!(
        found.rounding[0] <= 4.0 * allowance,
        "{} {allowance}",
        found.rounding
    );
    let residual = found.residual[0].abs();
    prop_assert!(
        residual <= found.rounding[0],
        "{residual} > {}",
        found.rounding
    );
    prop_assert_eq!(found.relative_residual()[0], 0.0);
    if let Some(convergence) = &found.convergence {
        prop_assert!(convergence.tolerance_met, "{convergence:?}");
        prop_assert_eq!(convergence.jumps[0], 0.0);
        prop_assert_eq!(convergence.points, 5);
    }
    if which == 0 {
        let exact = model.exact(&start, &end);
        for (found, exact) in found.attribution.iter().zip(&exact) {
            // a product, and weights of up to 60 nodes that add up to 1 but for their rounding
            let tolerance = 8.0 * A::epsilon().as_f64() * exact.abs() + 1e-13 * exact.abs();
            prop_assert!((found - exact).abs() <= tolerance, "{found} {exact}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// 60 times 50 signals of two samples, where products cancel most.
    #[test]
    fn linear_models_of_two_samples_are_exact(seed in 0..u64::MAX / 2) {
        for i in 0..50 {
            linear::<f64>(2, 0, Rule::default(), seed + i)?;
        }
    }

    #[test]
    fn linear_models_are_exact_with_every_rule_in_every_domain(
        n in 16_usize..80,
        which in 0_usize..6,
        rule in rules(),
        seed in 0..u64::MAX / 2,
    ) {
        for i in 0..6 {
            linear::<f64>(n, which, rule, seed + i)?;
            linear::<f32>(n, which, rule, seed + i)?;
        }
    }

    /// Along a path that does not share gradients between domains.
    #[test]
    fn linear_models_are_exact_on_the_general_route(
        n in 16_usize..40,
        which in 0_usize..6,
        rule in rules(),
        seed in any::<u64>(),
    ) {
        let (start, end) = (signal::<f32>(n, seed ^ 1), signal::<f32>(n, seed ^ 2));
        let model = Ridges::random(&[Curve::Linear], &start, &end, seed);
        let domain = domain::<f32>(which, n);
        let ends = domain.forward(stack![Axis(0), start, end].view()).unwrap();
        let explainer = Explainer::new(&model)
            .baseline(Baseline::Signal(start.clone()))
            .path(Path::Polyline(ends))
            .rule(rule);
        let found = explainer.explain(&*domain, end.view()).unwrap();
        check(&found, rounding(&model, &start, &end))?;
        prop_assert!(found.residual[0].abs() <= found.rounding[0], "{:?}", found.residual);
        prop_assert!(found.convergence.is_none_or(|c| c.tolerance_met));
    }

    /// Any mixture of curves, with any rule, in any domain and precision.
    #[test]
    fn no_result_is_less_than_a_number_and_no_tolerance_is_met_that_is_not(
        n in 16_usize..48,
        which in 0_usize..6,
        curves in prop::collection::vec(curves(), 1..4),
        rule in rules(),
        zero in any::<bool>(),
        seed in any::<u64>(),
    ) {
        fn run<A: Scalar>(n: usize, which: usize, curves: &[Curve], rule: Rule, zero: bool, seed: u64) -> Result<(), TestCaseError> {
            let start = if zero { ArrayD::zeros(IxDyn(&[n])) } else { signal::<A>(n, seed ^ 1) };
            let end = signal::<A>(n, seed ^ 2);
            let model = Ridges::random(curves, &start, &end, seed);
            let domain = domain::<A>(which, n);
            let explainer = Explainer::new(&model).baseline(Baseline::Signal(start)).rule(rule);
            let found = explainer.explain(&*domain, end.view()).unwrap();
            check(&found, found.rounding[0])?;
            // double precision leaves no room for excuses, however steep the curves are
            let rounding = found.rounding[0];
            let precise = A::epsilon().as_f64() < 1e-10;
            prop_assert!(!precise || rounding < 1e-7, "{rounding}");
            Ok(())
        }
        run::<f64>(n, which, &curves, rule, zero, seed)?;
        run::<f32>(n, which, &curves, rule, zero, seed)?;
    }

    /// Continuous curves: complete, and each sample has its share in closed form. The estimate is a
    /// deviation, which chance may exceed; 30 times the tolerance leaves it room.
    #[test]
    fn steep_and_piecewise_linear_models_are_complete(
        n in 1_usize..40,
        curves in prop::collection::vec(curves(), 1..4),
        seed in any::<u64>(),
    ) {
        let curves: Vec<Curve> = curves.into_iter().filter(|c| !c.jumps()).collect();
        prop_assume!(!curves.is_empty());
        let (start, end) = (signal::<f64>(n, seed ^ 1), signal::<f64>(n, seed ^ 2));
        let model = Ridges::random(&curves, &start, &end, seed);
        let explainer = Explainer::new(&model).baseline(Baseline::Signal(start.clone()));
        let found = explainer.explain(&Time::new(&[n]).unwrap(), end.view()).unwrap();
        let convergence = found.convergence.as_ref().unwrap();
        prop_assert_eq!(convergence.jumps[0], 0.0);
        let exact = model.exact(&start, &end);
        // the tolerance is relative to the change; attributions of samples or of ridges that cancel are
        // larger, and may take more points than there are
        let change = (found.value[0] - found.baseline_value[0]).abs();
        let all: f64 = model.ridges.iter().map(|ridge| {
            let one = Ridges { shape: model.shape.clone(), ridges: vec![ridge.clone()] };
            one.exact(&start, &end).mapv(f64::abs).sum()
        }).sum();
        prop_assert!(
            convergence.tolerance_met || change < 0.3 * all,
            "{change} of {all}: {convergence:?}"
        );
        prop_assert!(found.residual[0].abs() <= 1e-9 * all, "{}", found.residual);
        let row = found.attribution.index_axis(Axis(0), 0);
        let off = (&row - &exact).mapv(|d| d * d).sum().sqrt();
        prop_assert!(off <= 30.0 * TOLERANCE * all, "{off:e} of {all}: {convergence:?}");
    }

    /// Jumps beside a smooth part: the smooth part is attributed as without them, and what is missing is
    /// in the jumps.
    #[test]
    fn jumps_are_told_and_leave_the_rest_alone(
        n in 1_usize..40,
        jumping in prop::collection::vec(prop_oneof![Just(Curve::Step), Just(Curve::Sign)], 1..4),
        seed in any::<u64>(),
    ) {
        let (start, end) = (signal::<f64>(n, seed ^ 1), signal::<f64>(n, seed ^ 2));
        let smooth = Ridges::random(&[Curve::Steep(2.0)], &start, &end, seed);
        let mut model = Ridges::random(&jumping, &start, &end, seed ^ 3);
        let in_jumps: Vec<f64> = model.ridges.iter().map(|ridge| {
            let project = |x: &ArrayD<f64>| ridge.offset + x.iter().zip(&ridge.weights).map(|(x, w)| x * w).sum::<f64>();
            ridge.height * (ridge.curve.at(project(&end)) - ridge.curve.at(project(&start)))
        }).collect();
        model.ridges.extend(smooth.ridges.clone());
        let explainer = Explainer::new(&model).baseline(Baseline::Signal(start.clone()));
        let found = explainer.explain(&Time::new(&[n]).unwrap(), end.view()).unwrap();
        let convergence = found.convergence.as_ref().unwrap();
        let (net, all) = (in_jumps.iter().sum::<f64>(), in_jumps.iter().map(|j| j.abs()).sum::<f64>());
        // the smooth part's own error
        let exact = smooth.exact(&start, &end);
        let slack = 30.0 * TOLERANCE * exact.mapv(f64::abs).sum() + 1e-9;
        prop_assert!(!convergence.tolerance_met);
        prop_assert!((convergence.jumps[0] - all).abs() <= slack, "{all} {convergence:?}");
        prop_assert!((found.residual[0] - net).abs() <= slack, "{net} {:?}", found.residual);
        let off = (&found.attribution.index_axis(Axis(0), 0) - &exact).mapv(|d| d * d).sum().sqrt();
        prop_assert!(off <= slack, "{off:e}: {convergence:?}");
        prop_assert!(convergence.points <= 500);
    }

    /// Models of rounded numbers, from one step on the path to a million, jump, and nothing can be attributed.
    #[test]
    fn rounded_models_jump(
        n in 1_usize..20,
        floor in any::<bool>(),
        digits in 0.0_f64..6.0,
        seed in any::<u64>(),
    ) {
        let (start, end) = (signal::<f64>(n, seed ^ 1), signal::<f64>(n, seed ^ 2));
        let curve = if floor { Curve::Floor } else { Curve::Round };
        let mut model = Ridges::random(&[curve], &start, &end, seed);
        let steps = 10.0_f64.powf(digits);
        let ridge = &mut model.ridges[0];
        let change: f64 = (&end - &start).iter().zip(&ridge.weights).map(|(x, w)| x * w).sum();
        ridge.weights.mapv_inplace(|w| w * steps / change.abs());
        let explainer = Explainer::new(&model).baseline(Baseline::Signal(start.clone()));
        let found = explainer.explain(&Time::new(&[n]).unwrap(), end.view()).unwrap();
        let convergence = found.convergence.as_ref().unwrap();
        prop_assert!(found.attribution.iter().all(|a| *a == 0.0));
        let change = found.value[0] - found.baseline_value[0];
        prop_assert_eq!(found.residual[0], change);
        if change != 0.0 {
            prop_assert!(!convergence.tolerance_met);
            // all jumps go one way
            prop_assert!((convergence.jumps[0] - change.abs()).abs() <= 1e-9 * change.abs(), "{change} {convergence:?}");
            prop_assert!((found.jump_share()[0] - 1.0).abs() < 1e-9);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]

    #[test]
    fn linear_models_of_long_signals_are_exact(seed in 0..u64::MAX / 2) {
        for n in [1, 256, 1024, 4096, 16_384] {
            for (i, which) in [(0, 0), (1, 2)] {
                linear::<f64>(n.max(16 * which), which, Rule::default(), seed + i)?;
                linear::<f32>(n.max(16 * which), which, Rule::default(), seed + i)?;
            }
        }
    }

    #[test]
    fn jumps_and_steep_places_of_long_signals(seed in any::<u64>(), digits in 1.0_f64..6.0) {
        let n = 16_384;
        let (start, end) = (ArrayD::zeros(IxDyn(&[n])), signal::<f64>(n, seed));
        let time = Time::new(&[n]).unwrap();
        let steep = Ridges::random(&[Curve::Steep(10.0_f64.powf(digits))], &start, &end, seed);
        let found = Explainer::new(&steep).explain(&time, end.view()).unwrap();
        prop_assert!(found.convergence.unwrap().tolerance_met);
        let step = Ridges::random(&[Curve::Step], &start, &end, seed);
        let found = Explainer::new(&step).explain(&time, end.view()).unwrap();
        let convergence = found.convergence.unwrap();
        prop_assert!(!convergence.tolerance_met && convergence.jumps[0] > 0.1);
    }
}

fn pointwise(
    model: impl Fn(&[f64]) -> (f64, Vec<f64>) + Send + Sync,
    signal: &[f64],
) -> Attribution<f64> {
    let shape = vec![signal.len()];
    let domain = Time::new(&shape).unwrap();
    let model = Pointwise {
        shape,
        value_and_gradient: model,
    };
    let signal = ndarray::Array1::from(signal.to_vec());
    Explainer::new(&model)
        .explain(&domain, signal.view())
        .unwrap()
}

/// `tanh(l) + [|l| > 0.1]` with `l` the sum of samples, −0.8: the jump is 298 % of the change, because the
/// two go opposite ways.
#[test]
fn a_jump_against_the_rest_is_told_with_its_share() {
    let l = |x: &[f64]| x.iter().sum::<f64>();
    let model = move |x: &[f64]| {
        let jump = f64::from(u8::from(l(x).abs() > 0.1));
        (l(x).tanh() + jump, vec![1.0 - l(x).tanh().powi(2); x.len()])
    };
    let found = pointwise(model, &[0.3, -0.9, -0.4, 0.2]);
    let convergence = found.convergence.as_ref().unwrap();
    let change = 1.0 - 0.8_f64.tanh();
    assert!(!convergence.tolerance_met);
    assert!((convergence.jumps[0] - 1.0).abs() < 1e-3, "{convergence:?}");
    assert!((found.residual[0] - 1.0).abs() < 1e-3);
    assert!((found.relative_residual()[0] - 1.0 / change).abs() < 1e-2);
    // it does not take the whole budget to know that
    assert!(convergence.points < 200, "{convergence:?}");
}

/// Up and down again: there is no change, so no share, but it is known that attributions miss both.
#[test]
fn jumps_that_cancel_are_told() {
    let model = |x: &[f64]| (f64::from(u8::from(x[0] > 0.3 && x[0] < 0.7)), vec![0.0]);
    let found = pointwise(model, &[1.0]);
    let convergence = found.convergence.as_ref().unwrap();
    assert_eq!(found.residual[0], 0.0);
    assert!(!convergence.tolerance_met);
    assert_eq!(convergence.jumps[0], 2.0);
    assert_eq!(found.jump_share()[0], f64::INFINITY);
}

#[test]
fn constant_models_have_no_attribution_and_nothing_is_missing() {
    for level in [0.0, 3.0, 1e300] {
        let found = pointwise(|x: &[f64]| (level, vec![0.0; x.len()]), &[1.0, -2.0]);
        assert!(found.attribution.iter().all(|a| *a == 0.0));
        assert!(found.convergence.as_ref().unwrap().tolerance_met);
        assert_eq!(found.relative_residual()[0], 0.0);
        assert_eq!(found.jump_share()[0], 0.0);
    }
}

/// `sin(2πx)` from 0 to 1: no change, but for each sample there and back again.
#[test]
fn a_round_trip_is_complete() {
    let tau = std::f64::consts::TAU;
    let model = |x: &[f64]| ((tau * x[0]).sin(), vec![tau * (tau * x[0]).cos()]);
    let found = pointwise(model, &[1.0]);
    assert!(found.convergence.as_ref().unwrap().tolerance_met);
    assert!(found.residual[0].abs() < 1e-12);
}

/// Outputs of any size: squares of these would overflow or vanish.
#[test]
fn tiny_and_huge_outputs_are_explained_as_others_are() {
    let bent = |t: f64| {
        (
            t.tanh() + (t - 0.3).abs(),
            1.0 - t.tanh().powi(2) + (t - 0.3).signum(),
        )
    };
    let explain = |unit: f64| {
        let model = move |x: &[f64]| (unit * bent(x[0]).0, vec![unit * bent(x[0]).1]);
        pointwise(model, &[1.0])
    };
    let usual = explain(1.0);
    // powers of two change no digit
    for exponent in [-960, -600, -200, 200, 600, 960] {
        let unit = 2.0_f64.powi(exponent);
        let found = explain(unit);
        assert_eq!(&found.attribution / unit, usual.attribution, "{exponent}");
        let (a, b) = (
            found.convergence.unwrap(),
            usual.convergence.clone().unwrap(),
        );
        assert_eq!((a.points, a.tolerance_met), (b.points, b.tolerance_met));
        assert_eq!(a.error_estimate / unit, b.error_estimate);
    }
}

/// A gradient and a change whose product overflows.
#[test]
fn results_that_overflow_are_refused() {
    let model = Pointwise {
        shape: vec![2],
        value_and_gradient: |x: &[f64]| ((x[0] / 1e300).tanh(), vec![1e200, -1e200]),
    };
    let signal = ndarray::array![1e200, 1e200];
    for rule in [Rule::default(), Rule::Midpoint(3)] {
        let explainer = Explainer::new(&model as &dyn Model<f64>).rule(rule);
        let error = explainer.explain(&Time::new(&[2]).unwrap(), signal.view());
        let message = error.unwrap_err().to_string();
        assert!(
            message.contains("finite") && !message.contains("remove"),
            "{message}"
        );
    }
}
