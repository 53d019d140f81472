//! Batches, threads, progress, and each sample on its own.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Head, Mlp, close, per_sample, uniform};
use ndarray::{Array2, Array3, ArrayD, ArrayView2, ArrayViewD, Axis};
use xcebra_attr::map::InverseSummary;
use xcebra_attr::method::{Attributions, Batch, Method};
use xcebra_attr::{
    AttrError, AttributionMap, Block, Methods, Options, Piece, Samples, attribute,
    attribute_blocks, blocks, gather_blocks,
};
use xcebra_model::{Model, ModelError, Progress, Scalar, Watch};
use xcebra_numeric::{Packer, Unpacker};

fn maps(model: &dyn Model<f64>, x: &Array2<f64>, batch_size: usize) -> Vec<AttributionMap> {
    let options = Options::new().batch_size(batch_size);
    attribute(model, x, &Methods::all(), &options).unwrap()
}

/// Methods that need Jacobians only.
fn gradients() -> Methods<f64> {
    "ing,neuron-gradient".parse().unwrap()
}

fn bits(map: &AttributionMap) -> Vec<u64> {
    let condition = map.inverses().and_then(InverseSummary::condition);
    let condition = condition.map_or(vec![], |c| vec![c.min, c.geometric_mean, c.max]);
    let arrays = [map.values(), map.signed(), map.max_abs()];
    let errors = map.standard_errors().into_iter().flatten();
    let entries = arrays.into_iter().flatten().chain(&condition).chain(errors);
    entries.map(|v| v.to_bits()).collect()
}

/// Outputs clipped now and then, so that both ways of inverting are met.
fn encoder() -> Mlp<f64> {
    Mlp::random(&[9], 16, 3, 11).with_head(Head::Clipped(0.8))
}

/// Blocks that several processes could have made, packed on the way.
#[test]
fn blocks_add_up_to_the_maps_of_one_pass() {
    let (encoder, x, methods) = (encoder(), uniform((203, 9), 12), Methods::all());
    let options = Options::new().batch_size(10);
    let whole = attribute(&encoder, &x, &methods, &options).unwrap();
    let count = blocks(&encoder, &x, &methods, &options).unwrap();
    assert_eq!(count, 6);
    let mut kept: Vec<Option<Vec<f64>>> = vec![None; count];
    for part in [&[3, 5][..], &[0], &[1, 2, 4]] {
        let mut keep = |block: usize, found: Block| {
            let mut packer = Packer::new();
            found.pack(&mut packer);
            kept[block] = Some(packer.finish());
            Ok(())
        };
        attribute_blocks(&encoder, &x, &methods, &options, part, &mut keep).unwrap();
    }
    let unpacked = |numbers: &Option<Vec<f64>>| {
        let numbers = numbers.as_ref().unwrap();
        let mut unpacker = Unpacker::new(numbers);
        let block = Block::unpack(&mut unpacker, methods.len()).unwrap();
        assert!(unpacker.is_empty());
        let cut = Block::unpack(&mut Unpacker::new(&numbers[1..]), methods.len());
        assert!(cut.is_none());
        Ok(block)
    };
    let all = kept.iter().map(unpacked);
    let gathered = gather_blocks(&encoder, &x, &methods, &options, all).unwrap();
    let all_bits = |maps: &[AttributionMap]| maps.iter().flat_map(bits).collect::<Vec<_>>();
    assert_eq!(all_bits(&gathered), all_bits(&whole));
    for (one, other) in gathered.iter().zip(&whole) {
        assert_eq!(one.completeness(), other.completeness());
        assert_eq!(one.samples(), 203);
    }
    let few = kept.iter().take(4).map(unpacked);
    assert!(gather_blocks(&encoder, &x, &methods, &options, few).is_err());
    let none = attribute_blocks(&encoder, &x, &methods, &options, &[6], &mut |_, _| Ok(()));
    assert!(matches!(none, Err(AttrError::Parameter { .. })));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let x = uniform((203, 9), 12);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let maps = pool.install(|| maps(&encoder(), &x, 32));
        maps.iter().flat_map(bits).collect::<Vec<_>>()
    };
    let alone = run(1);
    assert_eq!(alone, run(2));
    assert_eq!(alone, run(3));
}

/// Sums in another order, of 103 terms: a few units in the last place.
#[test]
fn the_batch_size_changes_no_digit_that_counts() {
    let x = uniform((103, 9), 12);
    let at_once = maps(&encoder(), &x, 103);
    for batch_size in [1, 7, 50, 10_000] {
        for (a, b) in maps(&encoder(), &x, batch_size).iter().zip(&at_once) {
            let size = b.max_abs().iter().fold(1.0, |a: f64, &b| a.max(b));
            close(a.values(), b.values(), 1e-13 * size);
            close(a.signed(), b.signed(), 1e-13 * size);
            close(a.max_abs(), b.max_abs(), 1e-13 * size);
            let ranks = |map: &AttributionMap| map.inverses().map(|i| i.rank_counts().to_vec());
            assert_eq!(ranks(a), ranks(b));
        }
    }
}

/// A recording whose windows exist only while they are looked at.
struct Windows {
    recording: Array2<f64>,
    shape: [usize; 2],
    largest: AtomicUsize,
}

impl Samples<f64> for Windows {
    fn len(&self) -> usize {
        self.recording.nrows() + 1 - self.shape[1]
    }

    fn sample_shape(&self) -> &[usize] {
        &self.shape
    }

    fn batch(&self, range: Range<usize>) -> Result<ArrayD<f64>, AttrError> {
        self.largest.fetch_max(range.len(), Ordering::Relaxed);
        let [channels, time] = self.shape;
        Ok(
            Array3::from_shape_fn((range.len(), channels, time), |(i, c, t)| {
                self.recording[[range.start + i + t, c]]
            })
            .into_dyn(),
        )
    }
}

#[test]
fn windows_can_be_cut_on_the_way() {
    let recording = uniform((130, 3), 7);
    let windows = Windows {
        shape: [3, 4],
        largest: AtomicUsize::new(0),
        recording,
    };
    let unrolled = windows.batch(0..127).unwrap();
    windows.largest.store(0, Ordering::Relaxed);
    let model = Mlp::<f64>::random(&[3, 4], 8, 2, 8);
    let options = Options::new().batch_size(10);
    let methods = "ing,smooth-grad,gradient-shap,feature-ablation(baseline=mean)";
    let methods: Methods<f64> = methods.parse().unwrap();
    let lazily = attribute(&model, &windows, &methods, &options).unwrap();
    assert_eq!(windows.largest.load(Ordering::Relaxed), 10);
    let at_once = attribute(&model, &unrolled, &methods, &options).unwrap();
    for (lazily, at_once) in lazily.iter().zip(&at_once) {
        assert_eq!(bits(lazily), bits(at_once));
    }
}

/// Counts how often it is asked for Jacobians.
struct Counting(Mlp<f64>, AtomicUsize);

impl Model<f64> for Counting {
    fn input_shape(&self) -> &[usize] {
        self.0.input_shape()
    }
    fn output_dim(&self) -> usize {
        self.0.output_dim()
    }
    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        self.0.forward(x)
    }
    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        self.0.vjp(x, cotangent)
    }
    fn jacobian(&self, x: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>, ModelError> {
        self.1.fetch_add(x.shape()[0], Ordering::Relaxed);
        self.0.jacobian(x)
    }
}

/// A method from outside the crate, which needs no Jacobian.
struct ValueTimesInput;

impl<A: Scalar> Method<A> for ValueTimesInput {
    fn name(&self) -> &str {
        "value-times-input"
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions, AttrError> {
        let x = batch.x();
        let n = x.shape()[0];
        let y = batch.model().forward(x.view());
        let y = y.map_err(|source| batch.model_error(source))?;
        let values = Array3::from_shape_fn((n, y.ncols(), x.shape()[1]), |(i, k, j)| {
            (y[[i, k]] * x[[i, j]]).as_f64()
        });
        Ok(Attributions::new(values))
    }
}

#[test]
fn methods_share_jacobians_and_new_ones_fit_in() {
    let model = Counting(encoder(), AtomicUsize::new(0));
    let x = uniform((50, 9), 1);
    let options = Options::new().batch_size(16);
    let shared = "ing,neuron-gradient,input-x-gradient".parse().unwrap();
    attribute(&model, &x, &shared, &options).unwrap();
    assert_eq!(model.1.swap(0, Ordering::Relaxed), 50);
    let methods = Methods::new().with(ValueTimesInput);
    let map = attribute(&model, &x, &methods, &Options::new())
        .unwrap()
        .remove(0);
    assert_eq!(model.1.load(Ordering::Relaxed), 0);
    let y = model.forward(x.view().into_dyn()).unwrap();
    close(map.signed(), &(x.t().dot(&y) / 50.0), 1e-14);
}

#[test]
fn progress_is_told_and_can_be_stopped() {
    let x = uniform((100, 9), 1);
    let told = Mutex::new(Vec::new());
    let report = |progress: Progress<'_>| {
        assert_eq!(progress.task, "attribute");
        told.lock().unwrap().push((progress.done, progress.total));
    };
    let options = Options::new()
        .batch_size(10)
        .watch(Watch::new().on_progress(&report));
    attribute(&encoder(), &x, &gradients(), &options).unwrap();
    let told = told.lock().unwrap();
    assert_eq!((told[0], told[told.len() - 1]), ((0, 100), (100, 100)));
    assert!(told.is_sorted());

    // the second question comes after the first batch
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) > 0;
    let options = Options::new()
        .batch_size(10)
        .watch(Watch::new().stop_when(&stop));
    let error = attribute(&encoder(), &x, &gradients(), &options).unwrap_err();
    assert!(
        matches!(
            error,
            AttrError::Cancelled {
                done: 1..100,
                total: 100
            }
        ),
        "{error}"
    );
}

#[test]
fn public_types_are_send_and_sync() {
    fn thread_safe<T: Send + Sync>() {}
    thread_safe::<AttributionMap>();
    thread_safe::<Methods<f32>>();
    thread_safe::<AttrError>();
    thread_safe::<xcebra_attr::inverse::Tolerance>();
}

/// What the sink is given, aggregated, is the map.
#[test]
fn each_sample_can_be_had_in_order() {
    let x = uniform((103, 9), 5);
    let options = Options::new().batch_size(8);
    let found = per_sample(&encoder(), &x, &Methods::all(), &options);
    let maps = maps(&encoder(), &x, 8);
    for (found, map) in found.iter().zip(&maps) {
        assert_eq!(found.dim(), (103, 9, 3));
        let size = map.max_abs().iter().fold(1.0, |a: f64, &b| a.max(b));
        close(
            &found.mean_axis(Axis(0)).unwrap(),
            map.signed(),
            1e-13 * size,
        );
        let largest = found.fold_axis(Axis(0), 0.0, |a: &f64, b| a.max(b.abs()));
        close(&largest, map.max_abs(), 1e-15);
    }
    let refuse = |piece: &Piece<'_>| match piece.first_sample {
        0..24 => Ok(()),
        _ => Err(AttrError::sink("disk full of maps")),
    };
    let error = attribute(&encoder(), &x, &gradients(), &options.sink(&refuse)).unwrap_err();
    assert!(error.to_string().contains("disk full of maps"), "{error}");
}
