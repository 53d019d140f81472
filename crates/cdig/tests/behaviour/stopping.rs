//! A signal that fails ends the work on the others.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use cdig::{CdigError, Explainer, Model, ModelError, Rule, Time};
use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, array};

/// The signal of a batch that fails ends the others: those that wait are not begun, and one that runs stops
/// after its next batch of points.
#[test]
fn one_signal_that_fails_stops_the_others() {
    struct Failing {
        evaluations: AtomicUsize,
        failed: AtomicBool,
    }
    impl Model<f64> for Failing {
        fn input_shape(&self) -> &[usize] {
            &[1]
        }
        fn output_dim(&self) -> usize {
            1
        }
        fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
            Ok(Array2::zeros((x.shape()[0], 1)))
        }
        fn vjp(
            &self,
            x: ArrayViewD<'_, f64>,
            _: ArrayView2<'_, f64>,
        ) -> Result<ArrayD<f64>, ModelError> {
            self.evaluations.fetch_add(1, Ordering::SeqCst);
            if x.iter().all(|v| *v < 0.0) {
                self.failed.store(true, Ordering::SeqCst);
                return Err(ModelError::evaluation("a signal it cannot have"));
            }
            // the others wait for it, so that they are under way when it fails
            let start = Instant::now();
            while !self.failed.load(Ordering::SeqCst) && start.elapsed().as_secs() < 20 {
                std::thread::yield_now();
            }
            Ok(ArrayD::zeros(x.raw_dim()))
        }
    }
    let signals = ArrayD::from_shape_fn(vec![50, 1], |i| if i[0] == 20 { -1.0 } else { 1.0 });
    let domain = Time::new(&[1]).unwrap();
    // enough threads that the failing signal is under way, whatever the order in which they are begun
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(50)
        .build()
        .unwrap();
    let run = |explain: &(dyn Fn(&Explainer<'_, f64>) -> CdigError + Sync)| {
        let model = Failing {
            evaluations: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        };
        let explainer = Explainer::new(&model)
            .rule(Rule::Right(20_000))
            .batch_size(1);
        let error = pool.install(|| explain(&explainer));
        assert!(
            error.to_string().contains("a signal it cannot have"),
            "{error}"
        );
        // alone, 49 signals would take 980,000
        let evaluations = model.evaluations.load(Ordering::SeqCst);
        assert!(evaluations < 490_000, "{evaluations}");
    };
    run(&|explainer| {
        explainer
            .explain_batch(&domain, signals.view())
            .unwrap_err()
    });
    let signal = array![-2.0];
    let baselines = signals.mapv(|s| if s < 0.0 { -1.0 } else { 4.0e5 });
    run(&|explainer| {
        let found = explainer.explain_expected(&domain, signal.view(), baselines.view());
        found.unwrap_err()
    });
}
