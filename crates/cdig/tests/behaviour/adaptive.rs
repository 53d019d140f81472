//! The adaptive rule: tolerance, budget, attributions, counts, and how it compares with fixed rules.

use std::sync::Mutex;

use cdig::attribution::Convergence;
use cdig::domains::Fourier;
use cdig::{
    Attribution, Baseline, Domain, Explainer, Model, Path, Progress, RealFourier, Rule, Time, Watch,
};
use ndarray::{ArrayD, Axis, IxDyn, array, concatenate, stack};
use proptest::prelude::*;

use crate::models::{Activation, Network, Pointwise, Rectified, random};

fn adaptive(tolerance: f64, budget: usize) -> Rule {
    Rule::Adaptive { tolerance, budget }
}

fn explain(model: &dyn Model<f64>, domain: &dyn Domain<f64>, rule: Rule) -> Attribution<f64> {
    let shape = model.input_shape();
    Explainer::new(model)
        .baseline(Baseline::Signal(random(shape, 91)))
        .rule(rule)
        .explain(domain, (random(shape, 92) * 2.0).view())
        .unwrap()
}

fn convergence(found: &Attribution<f64>) -> &Convergence {
    found.convergence.as_ref().expect("the rule is adaptive")
}

/// Sum of absolute differences over sum of absolute values.
fn distance(found: &ArrayD<f64>, expected: &ArrayD<f64>) -> f64 {
    let difference = (found - expected).mapv(f64::abs).sum();
    difference / expected.mapv(f64::abs).sum()
}

/// Attributions on straight pieces through points in signal space, from gradients that the network
/// gives exactly, kink by kink.
fn exact(model: &Rectified, domain: &dyn Domain<f64>, points: &[&ArrayD<f64>]) -> ArrayD<f64> {
    let coefficients = |x: &ArrayD<f64>| domain.forward(x.view().insert_axis(Axis(0))).unwrap();
    let parts = points.windows(2).map(|ends| {
        let (gradient, _) = model.mean_gradient(ends[0], ends[1]);
        let change = coefficients(ends[1]) - coefficients(ends[0]);
        let rows = change.broadcast(IxDyn(
            &[&[gradient.shape()[0]], &change.shape()[1..]].concat(),
        ));
        let rows = rows.unwrap().to_owned();
        let pulled = domain.inverse_vjp(rows.view(), gradient.view()).unwrap();
        ndarray::Zip::from(&pulled)
            .and(&rows)
            .map_collect(|g, dz| (g.conj() * dz).re)
    });
    parts.reduce(|a, b| a + b).unwrap()
}

/// Euclidean distance of one output's attributions.
fn deviation(found: &ArrayD<f64>, exact: &ArrayD<f64>, output: usize) -> f64 {
    let row = |a: &ArrayD<f64>| a.index_axis(Axis(0), output).to_owned();
    (row(found) - row(exact)).mapv(|d| d * d).sum().sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Smooth models: the tolerance is met with few points, and what it promises holds against an
    /// integral by 64 Gauss–Legendre nodes, which is exact to 1e-9 here. The estimate is one of
    /// the sum of absolute errors; a factor of 30 is left for attributions that cancel in `F`.
    #[test]
    fn completeness_of_the_adaptive_rule_on_smooth_models(
        n in 2_usize..16,
        gelu in any::<bool>(),
        seed in any::<u64>(),
        digits in 2_i32..8,
    ) {
        let activation = if gelu { Activation::Gelu } else { Activation::Tanh };
        let model = Network::random(&[n], 5, 2, activation, seed);
        let domain = RealFourier::new(&[n], 1.0).unwrap();
        let tolerance = 10_f64.powi(-digits);
        let found = explain(&model, &domain, adaptive(tolerance, 500));
        let exact = explain(&model, &domain, Rule::GaussLegendre(64));
        let convergence = convergence(&found);
        prop_assert!(convergence.tolerance_met);
        prop_assert!(convergence.points <= 65, "{} points", convergence.points);
        for o in 0..2 {
            let estimate = convergence.error_estimate[o];
            let raw = convergence.quadrature_residual[o];
            prop_assert!(raw.abs() <= estimate + 1e-12);
            prop_assert!(found.residual[o].abs() <= raw.abs() + 1e-12);
            let size = exact.of_output(o).unwrap().mapv(f64::abs).sum();
            let off = (&found.of_output(o).unwrap() - &exact.of_output(o).unwrap()).mapv(f64::abs).sum();
            prop_assert!(off <= 30.0 * tolerance * size + 1e-9, "{off:e} of {size}");
        }
    }

    /// Piecewise linear models, on one piece of a path or several: attributions are those of an integral from
    /// kink to kink. The estimate is a deviation, which chance may exceed; 30 times the tolerance
    /// leaves it room.
    #[test]
    fn completeness_of_the_adaptive_rule_on_piecewise_linear_models(
        n in 2_usize..12,
        hidden in 1_usize..24,
        corner in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let model = Rectified::random(&[n], &[hidden, 2], seed);
        let domain = Fourier::new(&[n], 1.0).unwrap();
        let (start, end) = (random(&[n], seed ^ 1), random(&[n], seed ^ 2));
        let ends = domain.forward(stack![Axis(0), start, end].view()).unwrap();
        let middle = domain.forward(random(&[1, n], seed ^ 3).view()).unwrap();
        let (first, last) = (ends.slice_axis(Axis(0), (0..1).into()), ends.slice_axis(Axis(0), (1..2).into()));
        let path = if corner { Path::Polyline(concatenate![Axis(0), first, middle, last]) } else { Path::Straight };
        let (from, to) = (start.clone(), end.clone());
        let bend = domain.inverse(middle.view()).unwrap().remove_axis(Axis(0));
        let exact = match corner {
            true => exact(&model, &domain, &[&from, &bend, &to]),
            false => exact(&model, &domain, &[&from, &to]),
        };
        let found = Explainer::new(&model)
            .baseline(Baseline::Signal(start))
            .path(path)
            .rule(adaptive(1e-5, 5000))
            .explain(&domain, end.view())
            .unwrap();
        let convergence = convergence(&found);
        prop_assert!(convergence.tolerance_met, "{:?}", convergence);
        for o in 0..2 {
            let size = exact.index_axis(Axis(0), o).mapv(f64::abs).sum();
            let off = deviation(&found.attribution, &exact, o);
            prop_assert!(off <= 3e-4 * size + 1e-10, "{off:e} of {size}, {:?}", convergence);
            prop_assert!(found.residual[o].abs() <= convergence.quadrature_residual[o].abs() + 1e-11);
        }
    }
}

/// A curve in the spectrum from one signal to another that bulges by a third one's coefficients.
fn bulging(domain: &Fourier<f64>, ends: [&ArrayD<f64>; 3]) -> Path<f64> {
    let [start, end, bulge] = ends.map(|x| {
        let z = domain.forward(x.view().insert_axis(Axis(0))).unwrap();
        z.remove_axis(Axis(0))
    });
    let change = &end - &start;
    let (from, along, side) = (start, change.clone(), bulge.clone());
    let half_turn = std::f64::consts::PI;
    Path::curve(
        move |t| {
            let bow = (half_turn * t).sin();
            &from + along.mapv(|z| z * t) + side.mapv(|z| z * bow)
        },
        move |t| {
            let bow = half_turn * (half_turn * t).cos();
            &change + bulge.mapv(|z| z * bow)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// On curves: a smooth model against 64 Gauss–Legendre nodes, exact to 1e-9 here; a `ReLU` network, whose
    /// gradient times the curve's derivative is smooth between kinks, against 8,000 midpoints,
    /// which 30 kinks leave off by about 30/8000 of one kink's share, and by far less in the mean.
    #[test]
    fn adaptive_rule_on_curves(n in 2_usize..10, kinked in any::<bool>(), seed in any::<u64>()) {
        let domain = Fourier::new(&[n], 1.0).unwrap();
        let smooth = Network::random(&[n], 5, 2, Activation::Tanh, seed);
        let rectified = Rectified::random(&[n], &[12, 2], seed);
        let (model, reference): (&dyn Model<f64>, Rule) = match kinked {
            true => (&rectified, Rule::Midpoint(8000)),
            false => (&smooth, Rule::GaussLegendre(64)),
        };
        let [start, end, bulge] = [1, 2, 3].map(|i| random(&[n], seed ^ i));
        let on_curve = |rule| {
            Explainer::new(model)
                .baseline(Baseline::Signal(start.clone()))
                .path(bulging(&domain, [&start, &end, &bulge]))
                .rule(rule)
                .explain(&domain, end.view())
                .unwrap()
        };
        let (found, exact) = (on_curve(adaptive(1e-4, 3000)), on_curve(reference));
        let convergence = convergence(&found);
        prop_assert!(convergence.tolerance_met, "{:?}", convergence);
        for o in 0..2 {
            let size = exact.attribution.index_axis(Axis(0), o).mapv(f64::abs).sum();
            let off = deviation(&found.attribution, &exact.attribution, o);
            prop_assert!(off <= 3e-3 * size + 1e-9, "{off:e} of {size}");
            let change = (found.value[o] - found.baseline_value[o]).abs();
            prop_assert!(found.residual[o].abs() <= 1e-3 * change.max(size), "{:?}", found.residual);
        }
    }
}

/// Where the kinks are known, attributions come close, too: `|x₀ − 0.3| + 2|x₁ + x₀ − 0.9|` on the way
/// from 0 to (1, 1) bends at 0.3 and at 0.45.
#[test]
fn kinks_are_closed_in_upon() {
    let model = Pointwise {
        shape: vec![2],
        value_and_gradient: |x: &[f64]| {
            let (a, b) = (x[0] - 0.3, x[0] + x[1] - 0.9);
            let (s, t) = (a.signum(), 2.0 * b.signum());
            (a.abs() + 2.0 * b.abs(), vec![s + t, t])
        },
    };
    let found = Explainer::new(&model)
        .rule(adaptive(1e-6, 200))
        .explain(&Time::new(&[2]).unwrap(), array![1.0, 1.0].view())
        .unwrap();
    let (first, second) = (0.7 - 0.3, 2.0 * (0.55 - 0.45));
    let expected = array![[first + second, second]].into_dyn();
    assert!(
        (&found.attribution - &expected)
            .iter()
            .all(|d| d.abs() < 1e-5)
    );
    let convergence = convergence(&found);
    assert!(convergence.tolerance_met);
    assert!(convergence.points <= 80, "{} points", convergence.points);
}

/// Without bias and from zero the gradient is constant but for the baseline itself, where it is 0.
#[test]
fn a_kink_at_the_baseline_costs_little() {
    let mut model = Rectified::random(&[8], &[16, 1], 3);
    model.layers.iter_mut().for_each(|(_, bias)| bias.fill(0.0));
    let signal = random(&[8], 4);
    let domain = Time::new(&[8]).unwrap();
    let found = Explainer::new(&model)
        .explain(&domain, signal.view())
        .unwrap();
    let exact = Explainer::new(&model)
        .rule(Rule::Midpoint(1))
        .explain(&domain, signal.view())
        .unwrap();
    assert!(distance(&found.attribution, &exact.attribution) < 2e-3); // the tolerance is 1e-3
    assert!(convergence(&found).tolerance_met);
    assert!(convergence(&found).points <= 40);
}

/// Networks of two hidden layers of 128 units, 90 to 150 kinks on the path, each rule with as many
/// points, against the integral from kink to kink. Mean of the logarithm of the error over networks:
/// with far fewer points than kinks luck decides between rules, on one network.
#[test]
fn adaptive_is_the_best_rule_on_rectified_networks() {
    let domain = RealFourier::new(&[32], 32.0).unwrap();
    let (start, end) = (random(&[32], 91), random(&[32], 92) * 2.0);
    let models: Vec<(Rectified, ArrayD<f64>)> = (1..=8)
        .map(|seed| {
            let model = Rectified::random(&[32], &[128, 128, 1], seed);
            let (_, pieces) = model.mean_gradient(&start, &end);
            assert!((90..160).contains(&pieces), "{pieces}");
            let exact = exact(&model, &domain, &[&start, &end]);
            (model, exact)
        })
        .collect();
    let error = |rule: Rule| {
        let logarithms = models.iter().map(|(model, exact)| {
            let found = explain(model, &domain, rule);
            let points = found.convergence.as_ref().map_or(0, |c| c.points);
            assert!(points <= 1000);
            distance(&found.attribution, exact).max(1e-15).ln()
        });
        (logarithms.sum::<f64>() / models.len() as f64).exp()
    };
    // how many times smaller the error must be than that of the best fixed rule
    for (points, ratio) in [(50, 1.0), (100, 1.5), (200, 4.0), (500, 100.0), (1000, 1e6)] {
        let ours = error(adaptive(0.0, points));
        for rule in [
            Rule::Midpoint(points),
            Rule::Trapezoid(points - 1),
            Rule::Right(points),
            Rule::GaussLegendre(points),
        ] {
            let theirs = error(rule);
            let message = format!("{points} points: {ours:e}, {rule}: {theirs:e}");
            assert!(ratio * ours < theirs, "{message}");
        }
    }
}

/// The estimate is of the order of the error, over networks and budgets: in the root mean square of
/// the logarithm within a factor of 4.
#[test]
fn the_error_estimate_is_of_the_order_of_the_error() {
    let domain = RealFourier::new(&[32], 32.0).unwrap();
    let (start, end) = (random(&[32], 91), random(&[32], 92) * 2.0);
    let mut squares = Vec::new();
    for seed in 1..=6 {
        let model = Rectified::random(&[32], &[128, 128, 1], seed);
        let exact = exact(&model, &domain, &[&start, &end]);
        for budget in [30, 60, 120, 240] {
            let found = explain(&model, &domain, adaptive(0.0, budget));
            let off = deviation(&found.attribution, &exact, 0);
            let estimate = convergence(&found).error_estimate[0];
            squares.push((estimate / off).ln().powi(2));
        }
    }
    let spread = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
    assert!(spread < 4.0_f64.ln(), "{squares:?}");
}

#[test]
fn the_budget_holds_and_a_tolerance_that_is_not_met_is_said() {
    let model = Rectified::random(&[32], &[128, 128, 3], 1);
    let domain = RealFourier::new(&[32], 32.0).unwrap();
    for budget in [5, 6, 17, 40] {
        let found = explain(&model, &domain, adaptive(1e-9, budget));
        assert!(!convergence(&found).tolerance_met);
        assert!(convergence(&found).points <= budget);
        assert_eq!(found.evaluations.gradients, 3 * convergence(&found).points);
        assert_eq!(found.evaluations.values, 2 + convergence(&found).points);
    }
    // a piece of a path has at least five points
    assert_eq!(
        convergence(&explain(&model, &domain, adaptive(1e-9, 1))).points,
        5
    );
    let met = explain(&model, &domain, adaptive(0.05, 5000));
    assert!(convergence(&met).tolerance_met);
    for o in 0..3 {
        let change = (met.value[o] - met.baseline_value[o]).abs();
        // the range on the path may be larger than the change by any factor, but not by ten here
        assert!(convergence(&met).error_estimate[o] <= 0.05 * change.max(1.0));
    }
}

/// Same seedless choices, same order of sums: the same bits for any number of threads. The dense
/// layers may round differently in other batches, so other batch sizes agree to rounding, with the
/// tolerance of decisions that rounding may tip.
#[test]
fn adaptive_gives_the_same_bits_for_any_number_of_threads() {
    let model = Rectified::random(&[4, 16], &[64, 2], 1);
    let domain = Fourier::new(&[4, 16], 1.0).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let signals = random(&[5, 4, 16], 7);
            let explainer = Explainer::new(&model).rule(adaptive(1e-3, 100));
            explainer.explain_batch(&domain, signals.view()).unwrap()
        })
    };
    let alone = run(1);
    for threads in [2, 5] {
        for (a, b) in alone.iter().zip(run(threads)) {
            assert_eq!(a.attribution, b.attribution);
            assert_eq!(a.convergence, b.convergence);
        }
    }
}

/// Both domains from one set of points. The general route looks at coefficients where the shared one looks at
/// samples, so it finds points of its own; both come close to the integral from kink to kink.
#[test]
fn adaptive_serves_affine_domains_together() {
    let model = Rectified::random(&[24], &[40, 2], 1);
    let (time, spectrum) = (
        Time::new(&[24]).unwrap(),
        RealFourier::new(&[24], 1.0).unwrap(),
    );
    let (start, end) = (random(&[24], 1), random(&[24], 2));
    let explainer = Explainer::new(&model)
        .baseline(Baseline::Signal(start.clone()))
        .rule(adaptive(1e-6, 300));
    let domains: [&dyn Domain<f64>; 2] = [&time, &spectrum];
    let found = explainer.explain_many(&domains, end.view()).unwrap();
    assert_eq!(found[0].convergence, found[1].convergence);
    assert_eq!(
        found[0].evaluations.values,
        2 + convergence(&found[0]).points
    );
    let ends = spectrum
        .forward(stack![Axis(0), start, end].view())
        .unwrap();
    let general = Explainer::new(&model)
        .baseline(Baseline::Signal(start.clone()))
        .rule(adaptive(1e-6, 300))
        .path(Path::Polyline(ends))
        .explain(&spectrum, end.view())
        .unwrap();
    let of_samples = exact(&model, &time, &[&start, &end]);
    let of_frequencies = exact(&model, &spectrum, &[&start, &end]);
    assert!(distance(&found[0].attribution, &of_samples) < 1e-5);
    assert!(distance(&found[1].attribution, &of_frequencies) < 1e-5);
    assert!(distance(&general.attribution, &of_frequencies) < 1e-5);
}

/// An output that ends where it began still has attributions, and a scale: its range on the path.
#[test]
fn no_net_change_is_no_reason_to_go_on_for_ever() {
    let hill = Pointwise {
        shape: vec![1],
        value_and_gradient: |x: &[f64]| {
            let t = 12.0 * (x[0] - 0.5);
            let value = 1.0 / t.cosh();
            (value, vec![-12.0 * value * t.tanh()])
        },
    };
    let found = Explainer::new(&hill)
        .explain(&Time::new(&[1]).unwrap(), array![1.0].view())
        .unwrap();
    assert!(convergence(&found).tolerance_met);
    assert!(convergence(&found).error_estimate[0] <= 1e-4);
    assert!(convergence(&found).points < 500);
}

#[test]
fn progress_of_the_adaptive_rule_ends_at_its_total() {
    let model = Rectified::random(&[8], &[16, 1], 3);
    let last = Mutex::new(None);
    let signals = random(&[2, 8], 1);
    let report = |progress: Progress<'_>| {
        *last.lock().unwrap() = Some((progress.done, progress.total));
    };
    Explainer::new(&model)
        .watch(Watch::new().on_progress(&report))
        .explain_batch(&Time::new(&[8]).unwrap(), signals.view())
        .unwrap();
    let last = last.lock().unwrap().unwrap();
    assert!(last.0 > 0 && last.0 <= last.1);
}

/// Sums of outputs are sums of explanations; fixed nodes, so only rounding differs.
#[test]
fn a_sum_of_outputs_is_explained_as_one() {
    let model = Network::random(&[9], 6, 4, Activation::Tanh, 1);
    let domain = RealFourier::new(&[9], 1.0).unwrap();
    let signal = random(&[9], 1);
    let explainer = || Explainer::new(&model).rule(Rule::Midpoint(20));
    let all = explainer().explain(&domain, signal.view()).unwrap();
    let sum = explainer()
        .output_sum([(3, 1.0), (1, -0.5)])
        .explain(&domain, signal.view())
        .unwrap();
    let expected = &all.of_output(3).unwrap() - &(0.5 * &all.of_output(1).unwrap());
    let found = sum.attribution.index_axis(Axis(0), 0);
    assert!((&found - &expected).iter().all(|d| d.abs() < 1e-14));
    assert_eq!(sum.outputs, [3, 1]);
    assert_eq!(sum.weights.as_deref(), Some(&[1.0, -0.5][..]));
    assert_eq!(sum.evaluations.gradients, 20);
    assert!(sum.of_output(3).is_none());
    assert!((sum.value[0] - (all.value[3] - 0.5 * all.value[1])).abs() < 1e-14);
    let refined = Explainer::new(&model)
        .output_sum([(3, 1.0), (1, -0.5)])
        .explain(&domain, signal.view())
        .unwrap();
    assert!(convergence(&refined).tolerance_met);
    assert_eq!(refined.evaluations.gradients, convergence(&refined).points);
}
