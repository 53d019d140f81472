//! Settings of the explainer, counts and progress.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cdig::attribution::Evaluations;
use cdig::domains::Fourier;
use cdig::{
    Baseline, CdigError, Domain, Explainer, Model, ModelError, Path, Progress, RealFourier, Rule,
    Time, Watch,
};
use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, array, stack};

use crate::laws::Logarithm;
use crate::models::{Activation, Network, product, random};

const SHAPE: [usize; 2] = [2, 6];

fn model() -> Network {
    Network::random(&SHAPE, 4, 3, Activation::Tanh, 5)
}

fn fourier() -> Fourier<f64> {
    Fourier::new(&SHAPE, 6.0).unwrap()
}

/// Counts the samples that pass through a model.
struct Counted {
    model: Network,
    values: AtomicUsize,
    gradients: AtomicUsize,
    largest_batch: AtomicUsize,
}

impl Counted {
    fn new(model: Network) -> Self {
        Self {
            model,
            values: AtomicUsize::new(0),
            gradients: AtomicUsize::new(0),
            largest_batch: AtomicUsize::new(0),
        }
    }

    fn evaluations(&self) -> Evaluations {
        Evaluations {
            values: self.values.load(Ordering::Relaxed),
            gradients: self.gradients.load(Ordering::Relaxed),
        }
    }
}

impl Model<f64> for Counted {
    fn input_shape(&self) -> &[usize] {
        self.model.input_shape()
    }
    fn output_dim(&self) -> usize {
        self.model.output_dim()
    }
    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        self.values.fetch_add(x.shape()[0], Ordering::Relaxed);
        self.model.forward(x)
    }
    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        self.gradients.fetch_add(x.shape()[0], Ordering::Relaxed);
        self.largest_batch
            .fetch_max(x.shape()[0], Ordering::Relaxed);
        self.model.vjp(x, cotangent)
    }
}

#[test]
fn several_affine_domains_cost_the_evaluations_of_one() {
    let model = Counted::new(model());
    let (time, two) = (Time::new(&SHAPE).unwrap(), fourier());
    let one = RealFourier::new(&SHAPE, 6.0).unwrap();
    let found = Explainer::new(&model)
        .rule(Rule::Midpoint(10))
        .batch_size(4)
        .explain_many(&[&time, &two, &one], random(&SHAPE, 1).view())
        .unwrap();
    let expected = Evaluations {
        values: 2,
        gradients: 3 * 10,
    };
    assert_eq!(model.evaluations(), expected);
    assert_eq!(model.largest_batch.load(Ordering::Relaxed), 4);
    let names: Vec<&str> = found.iter().map(|result| result.domain.as_str()).collect();
    assert_eq!(names, ["time", "fourier", "rfft"]);
    assert!(found.iter().all(|result| result.evaluations == expected));
}

/// Each domain alone gives the same bits as all together.
#[test]
fn domains_together_are_as_domains_alone() {
    let model = model();
    let signal = random(&SHAPE, 1).mapv(|x| x + 1.5);
    let base = random(&SHAPE, 2).mapv(|x| x + 1.5);
    let explainer = Explainer::new(&model)
        .baseline(Baseline::Signal(base))
        .rule(Rule::GaussLegendre(20));
    let (time, logarithm) = (Time::new(&SHAPE).unwrap(), Logarithm::new(&SHAPE));
    let domains: [&dyn Domain<f64>; 3] = [&logarithm, &time, &fourier()];
    let together = explainer.explain_many(&domains, signal.view()).unwrap();
    for (domain, found) in domains.iter().zip(&together) {
        let alone = explainer.explain(*domain, signal.view()).unwrap();
        assert_eq!(alone.attribution, found.attribution);
        // smooth model and domain, 20 nodes
        assert!(
            found.residual.iter().all(|r| r.abs() < 1e-12),
            "{}",
            found.residual
        );
    }
    // the general route pays for itself
    assert_eq!(together[0].evaluations.gradients, 2 * 3 * 20);
    assert_eq!(explainer.planned_points(&domains).unwrap(), 2 * 20);
    assert_eq!(explainer.planned_points(&domains[1..]).unwrap(), 20);
}

#[test]
fn chosen_outputs_are_rows_of_all() {
    let counted = Counted::new(model());
    let signal = random(&SHAPE, 1);
    let all = Explainer::new(&counted)
        .rule(Rule::Midpoint(128))
        .explain(&fourier(), signal.view())
        .unwrap();
    let before = counted.evaluations().gradients;
    let some = Explainer::new(&counted)
        .rule(Rule::Midpoint(128))
        .outputs([2, 0])
        .explain(&fourier(), signal.view())
        .unwrap();
    assert_eq!(counted.evaluations().gradients - before, 2 * 128);
    assert_eq!(some.outputs, [2, 0]);
    assert_eq!(some.attribution.shape(), [2, 2, 6]);
    for k in [2, 0] {
        assert_eq!(some.of_output(k), all.of_output(k));
    }
    assert!(some.of_output(1).is_none());
    assert_eq!(some.value[0], all.value[2]);
    assert_eq!(some.residual[1], all.residual[0]);
}

/// The network works on each sample alone, but matrix products may round differently for other
/// batch sizes; 1e-14 is that rounding.
#[test]
fn batch_size_and_threads_do_not_matter() {
    let model = model();
    let signal = random(&SHAPE, 1);
    let explain = |batch| {
        let explainer = Explainer::new(&model)
            .rule(Rule::Midpoint(128))
            .batch_size(batch);
        explainer
            .explain(&fourier(), signal.view())
            .unwrap()
            .attribution
    };
    let whole = explain(1000);
    for batch in [1, 7, 128] {
        let difference = (&explain(batch) - &whole).mapv(f64::abs);
        assert!(difference.iter().all(|&d| d < 1e-14), "batch {batch}");
    }
    // exact: the sums have a fixed order
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        assert_eq!(pool.install(|| explain(1000)), whole, "{threads} threads");
    }
}

/// A polyline of ten pieces with one node each still goes through the model in one batch.
#[test]
fn batches_run_across_the_pieces_of_a_path() {
    let model = Counted::new(model());
    let domain = fourier();
    let mut signals = random(&[11, 2, 6], 1);
    signals.index_axis_mut(Axis(0), 0).fill(0.0);
    let end = signals.index_axis(Axis(0), 10).to_owned();
    let explainer = Explainer::new(&model)
        .rule(Rule::Midpoint(1))
        .path(Path::Polyline(domain.forward(signals.view()).unwrap()));
    let found = explainer.explain(&domain, end.view()).unwrap();
    assert_eq!(found.evaluations.gradients, 3 * 10);
    assert_eq!(model.largest_batch.load(Ordering::Relaxed), 10);
}

#[test]
fn a_batch_of_signals_is_explained_one_by_one() {
    let model = model();
    let signals = random(&[3, 2, 6], 1);
    let explainer = Explainer::new(&model)
        .baseline(Baseline::Mean(1))
        .rule(Rule::Midpoint(8));
    let found = explainer.explain_batch(&fourier(), signals.view()).unwrap();
    assert_eq!(found.len(), 3);
    for (found, signal) in found.iter().zip(signals.outer_iter()) {
        let alone = explainer.explain(&fourier(), signal).unwrap();
        assert_eq!(found.attribution, alone.attribution);
        // the mean over time has no frequency but 0 Hz, which does not change
        let dc = found.attribution.index_axis(Axis(2), 0).to_owned();
        assert!(dc.iter().all(|a| a.abs() < 1e-14));
    }
    let none = ArrayD::<f64>::zeros(vec![0, 2, 6]);
    assert!(
        explainer
            .explain_batch(&fourier(), none.view())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn bands_are_summed_to_the_whole() {
    let model = model();
    let domain = RealFourier::new(&SHAPE, 6.0)
        .unwrap()
        .bands([("slow", 0.0..1.5), ("fast", 1.5..3.0)])
        .unwrap();
    let found = Explainer::new(&model)
        .explain(&domain, random(&SHAPE, 1).view())
        .unwrap();
    let grouped = found.by_group(1).unwrap();
    assert_eq!(grouped.names, ["slow", "fast", "other"]); // Nyquist, 3 Hz, is in no band
    assert_eq!(grouped.sums.shape(), [3, 2, 3]);
    let slow = found
        .attribution
        .slice_axis(Axis(2), (0..2).into())
        .sum_axis(Axis(2));
    assert_eq!(grouped.sums.index_axis(Axis(2), 0), slow);
    let sums = grouped
        .sums
        .sum_axis(Axis(2))
        .sum_axis(Axis(1))
        .into_raw_vec_and_offset()
        .0;
    for (sum, total) in sums.iter().zip(&found.total()) {
        assert!((sum - total).abs() < 1e-14);
    }
    assert!(found.by_group(0).is_err(), "channels have no groups");
    assert!(found.by_group(2).is_err());
}

#[test]
fn progress_is_told_and_can_stop_the_work() {
    let model = model();
    let told = Mutex::new(Vec::new());
    let signals = stack![Axis(0), random(&SHAPE, 1), random(&SHAPE, 2)];
    let report = |progress: Progress<'_>| {
        assert_eq!(progress.task, "explain");
        told.lock().unwrap().push((progress.done, progress.total));
    };
    let explainer = Explainer::new(&model)
        .rule(Rule::Midpoint(10))
        .batch_size(6)
        .watch(Watch::new().on_progress(&report));
    explainer.explain_batch(&fourier(), signals.view()).unwrap();
    // the two signals may take turns, but each has batches of 6 and 4 points
    let told = told.lock().unwrap().clone();
    assert!(told.iter().all(|(_, total)| *total == 20));
    let mut steps: Vec<u64> = told.iter().map(|(done, _)| *done).collect();
    assert_eq!(steps.last(), Some(&20));
    for i in (1..steps.len()).rev() {
        steps[i] -= steps[i - 1];
    }
    steps.sort_unstable();
    assert_eq!(steps, [4, 4, 6, 6]);

    let stop = || true;
    let stopped = Explainer::new(&model)
        .rule(Rule::Midpoint(10))
        .batch_size(6)
        .watch(Watch::new().stop_when(&stop))
        .explain(&fourier(), random(&SHAPE, 1).view());
    assert!(
        matches!(stopped, Err(CdigError::Cancelled { done: 6, total: 10 })),
        "{stopped:?}"
    );
}

#[test]
fn relative_residuals_divide_by_the_change_of_the_output() {
    let model = product();
    let found = Explainer::new(&model)
        .rule(Rule::Right(10))
        .explain(&Time::new(&[2]).unwrap(), array![2.0, 3.0].view())
        .unwrap();
    // right Riemann sum of 2α over ten steps is 1.1
    assert!((found.relative_residual()[0] - 0.1).abs() < 1e-14);
    assert!((found.residual[0] + 0.6).abs() < 1e-14);
    assert_eq!(found.value[0], 6.0);
    assert_eq!(found.baseline_value[0], 0.0);
    assert_eq!(found.rule.to_string(), "right:10");
}
