//! Recordings as they are stored: bits of a training do not depend on it.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::Arc;

use ndarray::{Array2, Axis, concatenate, s};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::{
    Checkpoint, Config, Edges, Encoder, EncoderName, Labels, Moments, Recording, Scaling, Session,
    StoredRows, Trainer, Values,
};

const CHANNELS: usize = 5;

/// Numbers from 0 to 100, of another spread in each channel.
fn numbers<T: TryFrom<u8>>(time: usize, seed: u64) -> Vec<T>
where
    T::Error: Debug,
{
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let number = |i: usize| rng.gen_range(0..=20 * (1 + i % CHANNELS) as u8);
    let numbers = (0..time * CHANNELS).map(number);
    numbers.map(|v| T::try_from(v).unwrap()).collect()
}

fn wide<T: Copy + Into<f64>>(values: &[T]) -> Array2<f64> {
    let wide: Vec<f64> = values.iter().map(|&v| v.into()).collect();
    Array2::from_shape_vec((values.len() / CHANNELS, CHANNELS), wide).unwrap()
}

/// Means and deviations by ndarray, and the standardised recording in single precision.
fn standardised(x: &Array2<f64>) -> (Scaling, Array2<f32>) {
    let mean = x.mean_axis(Axis(0)).unwrap().to_vec();
    let scale = x.std_axis(Axis(0), 0.0).to_vec();
    let at = |(t, c): (usize, usize)| ((x[[t, c]] - mean[c]) / scale[c]) as f32;
    let scaled = Array2::from_shape_fn(x.dim(), at);
    (Scaling::Standard { mean, scale }, scaled)
}

fn trained(recording: Recording<f32>) -> (Checkpoint<f32>, Encoder<f32>) {
    let mut config = Config::hybrid(2, "z");
    config.encoder.name = EncoderName::Offset10Mse;
    config.encoder.hidden = 8;
    (config.train.steps, config.train.batch) = (6, 32);
    (config.regularizer.start, config.validation.held_out) = (2, 0.2);
    config.validation.blocks = 2;
    let z = Array2::from_shape_fn((recording.len(), 1), |(t, _)| (0.1 * t as f64).sin());
    let recording = recording.with_label("z", Labels::Continuous(z)).unwrap();
    let mut trainer = Trainer::new(config, recording).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    // with the fingerprint of the recording
    let checkpoint = trainer.checkpoint();
    (checkpoint, trainer.finish().unwrap().0)
}

/// Trains on values as they are stored and on the recording that was standardised first.
fn same_bits<T: Copy + Into<f64> + TryFrom<u8> + Debug>()
where
    T::Error: Debug,
    Values: From<Vec<T>>,
{
    let parts = [numbers::<T>(150, 1), numbers(230, 2)];
    let arrays = parts.each_ref().map(|part| wide(part));
    let x = concatenate(Axis(0), &[arrays[0].view(), arrays[1].view()]).unwrap();
    let (scaling, scaled) = standardised(&x);
    let plain = Recording::new(scaled.view()).unwrap();
    let plain = plain.with_sessions(&[150, 230]).unwrap();

    let sessions = parts.map(|part| Session::new(part, CHANNELS).unwrap());
    let moments = Moments::of(&sessions);
    let found = Scaling::Standard {
        mean: moments.means(),
        scale: moments.deviations(),
    };
    assert_eq!(found, scaling, "the bits of ndarray");
    let sessions = sessions.map(|session| session.scaled(scaling.clone()).unwrap());
    let stored = Recording::<f32>::from_sessions(sessions.into()).unwrap();
    assert_eq!(stored.sessions(), plain.sessions());
    assert_eq!(stored.samples(), plain.samples());
    assert_eq!(stored.rows(140..161), scaled.slice(s![140..161, ..]));

    let (checkpoint, encoder) = trained(stored.clone());
    assert!(
        checkpoint == trained(plain).0,
        "{}",
        std::any::type_name::<T>()
    );
    for edges in [Edges::Pad, Edges::Drop] {
        for session in stored.sessions() {
            let x = scaled.slice(s![session.clone(), ..]);
            let found = encoder.embed_rows(&stored, session.clone(), edges);
            assert_eq!(found.unwrap(), encoder.embed(x, edges).unwrap());
        }
    }
}

#[test]
fn every_type_trains_as_standardised_single_precision_does() {
    same_bits::<u8>();
    same_bits::<i16>();
    same_bits::<u16>();
    same_bits::<i32>();
    same_bits::<u32>();
    same_bits::<f32>();
    same_bits::<f64>();
}

/// 64-bit integers are rounded to double precision, as `as` rounds them.
#[test]
fn wide_integers_are_rounded_once() {
    let values: Vec<i64> = (0..40).map(|i| (1 << 60) + 3 * i * i - 7 * i).collect();
    let expected: Vec<f64> = values.iter().map(|&v| v as f64 + 0.5).collect();
    let physical = Scaling::Physical {
        offset: vec![0.5; 4],
        gain: vec![1.0; 4],
    };
    let session = Session::new(values, 4).unwrap().scaled(physical).unwrap();
    let error = Recording::<f64>::from_sessions(vec![session]);
    // in 10 samples around 2^60 nothing is left of such steps
    assert!(error.unwrap_err().to_string().contains("but for rounding"));
    assert!(expected.iter().all(|v| *v >= 1e18));
    let values: Vec<u64> = (0..40).map(|i| u64::MAX - (i * i) * (1 << 52)).collect();
    let expected: Vec<f32> = values.iter().map(|&v| v as f64 as f32).collect();
    let session = Session::new(values, 4).unwrap();
    let recording = Recording::<f32>::from_sessions(vec![session]).unwrap();
    assert!(recording.samples().iter().eq(&expected));
}

/// Physical values of an integer recorder, standardised after that: `offset + gain · v` comes first, in
/// double precision.
#[test]
fn scalings_follow_each_other() {
    let digital = numbers::<i16>(90, 3);
    let offset = vec![-0.3, 1.7, 0.0, 12.5, 1e-3];
    let gain = vec![0.1, 1.0 / 3.0, 2.0, 0.7, 1e-5];
    let x = wide(&digital);
    let physical = Array2::from_shape_fn(x.dim(), |(t, c)| offset[c] + gain[c] * x[[t, c]]);
    let (standard, scaled) = standardised(&physical);
    let session = Session::new(digital, CHANNELS).unwrap();
    let session = session.scaled(Scaling::Physical { offset, gain }).unwrap();
    let moments = Moments::of([&session]);
    let (mean, scale) = (moments.means(), moments.deviations());
    assert_eq!(Scaling::Standard { mean, scale }, standard);
    let session = session.scaled(standard).unwrap();
    let recording = Recording::<f32>::from_sessions(vec![session]).unwrap();
    assert_eq!(recording.samples(), scaled);
}

#[test]
fn nothing_is_copied_that_can_be_shared() {
    let values = numbers::<u8>(60, 4)
        .iter()
        .map(|&v| f32::from(v))
        .collect::<Vec<_>>();
    let at = values.as_ptr();
    let labels = Arc::new(Labels::Discrete((0..60).map(|t| t % 3).collect()));
    let recording = Recording::from_vec(values, CHANNELS)
        .unwrap()
        .with_label("class", Arc::clone(&labels))
        .unwrap();
    let clone = recording.clone();
    for recording in [&recording, &clone] {
        assert_eq!(recording.samples().as_ptr(), at);
        let label = recording.shared_label("class").unwrap();
        assert!(Arc::ptr_eq(&label, &labels));
    }
    let bare = clone.without_labels();
    assert_eq!(bare.samples().as_ptr(), at);
    assert_eq!((bare.labels().count(), recording.labels().count()), (0, 1));
    // one part of a session of single precision is standardised where it stands
    let values = numbers::<u8>(60, 4)
        .iter()
        .map(|&v| f32::from(v))
        .collect::<Vec<_>>();
    let at = values.as_ptr();
    let (scaling, _) = standardised(&wide(&values));
    let session = Session::new(values, CHANNELS)
        .unwrap()
        .scaled(scaling)
        .unwrap();
    let recording = Recording::<f32>::from_sessions(vec![session]).unwrap();
    assert_eq!(recording.samples().as_ptr(), at);
}

#[test]
fn unusable_sessions_are_refused() {
    let refused = |sessions: Vec<Session>, words: &str| {
        let error = Recording::<f32>::from_sessions(sessions)
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{error}");
    };
    let session = |values: Vec<i16>, channels| Session::new(values, channels).unwrap();
    refused(vec![], "0 samples");
    refused(vec![session(vec![1, 2], 2)], "1 samples");
    refused(
        vec![session(vec![1, 2, 3, 4], 2), session(vec![1, 2, 3], 3)],
        "session 1",
    );
    refused(
        vec![session(vec![1, 2, 3, 4], 2), session(vec![], 2)],
        "session 1 is 0 samples",
    );
    // constant over all sessions, though none of one sample can vary
    refused(
        vec![session(vec![1, 2], 2), session(vec![2, 2], 2)],
        "channel 1 is 2",
    );
    assert!(
        Recording::<f32>::from_sessions(vec![session(vec![1, 2], 2), session(vec![2, 3], 2)])
            .is_ok()
    );
    let message = |result: xcebra_core::Result<Session>| result.unwrap_err().to_string();
    assert!(message(Session::new(vec![1_u8; 5], 2)).contains("5 values of 2 channels"));
    assert!(message(Session::new(vec![1_u8; 5], 0)).contains("no channels"));
    for (mean, scale) in [
        (vec![0.0], vec![1.0, 1.0]),
        (vec![0.0, f64::NAN], vec![1.0, 1.0]),
        (vec![0.0, 0.0], vec![1.0, 0.0]),
    ] {
        let scaled = session(vec![1, 2], 2).scaled(Scaling::Standard { mean, scale });
        assert!(message(scaled).contains("scaling of the channels"));
    }
    // values that single precision cannot hold are found in the place where they are
    let mut values = vec![0.0, 1.0, 1.0, 0.0, 2.0, 3.0];
    values[3] = 1e300;
    let first = Session::new(vec![5.0, 6.0], 2).unwrap();
    refused(
        vec![first, Session::new(values, 2).unwrap()],
        "sample 2 of channel 1 is inf",
    );
}

#[test]
fn what_cannot_be_trained_on_can_be_embedded() {
    let session = |values: Vec<u8>| Session::new(values, 2).unwrap();
    let one = Recording::<f32>::to_embed(vec![session(vec![3, 4])]).unwrap();
    let still = Recording::<f32>::to_embed(vec![session(vec![1, 2, 3, 2])]).unwrap();
    assert_eq!(
        (one.len(), still.rows(1..2)),
        (1, ndarray::aview2(&[[3.0, 2.0]]).into())
    );
    for (recording, words) in [
        (one, "1 samples"),
        (still, "channel 1 is 2 at every sample"),
    ] {
        let error = Trainer::new(Config::default(), recording).err().unwrap();
        assert!(error.to_string().contains(words), "{error}");
    }
    let varying = session((0..200).map(|i| (i * i % 91) as u8).collect());
    assert!(
        Trainer::new(
            Config::default(),
            Recording::<f32>::to_embed(vec![varying]).unwrap()
        )
        .is_ok()
    );
    let infinite = Session::new(vec![0.0, f32::INFINITY], 1).unwrap();
    let error = Recording::<f32>::to_embed(vec![infinite]).unwrap_err();
    assert!(
        error.to_string().contains("sample 1 of channel 0 is inf"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However samples are cut into parts, and these into sessions, rows are those of the whole.
    #[test]
    fn rows_of_any_parts_are_those_of_the_whole(
        lengths in prop::collection::vec(1_usize..40, 1..6), ends in (0_usize..120, 0_usize..120),
    ) {
        let time: usize = lengths.iter().sum();
        prop_assume!(time > 12);
        let values = numbers::<i32>(time, 9);
        let whole = wide(&values).mapv(|v| v as f32);
        let mut rest = values.as_slice();
        let sessions = lengths.iter().map(|&len| {
            let (part, more) = rest.split_at(len * CHANNELS);
            rest = more;
            Session::new(part.to_vec(), CHANNELS).unwrap()
        });
        let recording = Recording::<f32>::from_sessions(sessions.collect()).unwrap();
        let (a, b) = (ends.0.min(time), ends.1.min(time));
        let range = a.min(b)..a.max(b);
        prop_assert_eq!(recording.rows(range.clone()), whole.slice(s![range, ..]));
    }

    /// Means and deviations have ndarray's bits for any numbers and blocks.
    #[test]
    fn moments_are_those_of_ndarray(time in 1_usize..3000, channels in 1_usize..9, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let x = Array2::from_shape_fn((time, channels), |_| rng.gen_range(-1e3..1e5));
        let session = Session::new(x.iter().copied().collect::<Vec<f64>>(), channels).unwrap();
        let moments = Moments::of([&session]);
        prop_assert_eq!(moments.means(), x.mean_axis(Axis(0)).unwrap().to_vec());
        prop_assert_eq!(moments.deviations(), x.std_axis(Axis(0), 0.0).to_vec());
    }
}

/// Rows that are computed when they are asked for, as others are read.
#[derive(Debug)]
struct Asked(Vec<u8>);

impl StoredRows for Asked {
    fn samples(&self) -> usize {
        self.0.len() / CHANNELS
    }

    fn channels(&self) -> usize {
        CHANNELS
    }

    fn append(&self, samples: std::ops::Range<usize>, out: &mut Vec<f64>) {
        let places = samples.start * CHANNELS..samples.end * CHANNELS;
        out.extend(self.0[places].iter().map(|&v| f64::from(v)));
    }
}

#[test]
fn rows_that_are_not_in_memory_give_the_same_bits() {
    let values = numbers::<u8>(300, 4);
    let (scaling, scaled) = standardised(&wide(&values));
    let session = Session::stored(Arc::new(Asked(values))).unwrap();
    assert_eq!((session.len(), session.channels()), (300, CHANNELS));
    let moments = Moments::of([&session]);
    let session = session.scaled(scaling.clone()).unwrap();
    let stored = Recording::<f32>::from_sessions(vec![session]).unwrap();
    assert_eq!(stored.rows(7..200), scaled.slice(s![7..200, ..]));
    let Scaling::Standard { mean, .. } = scaling else {
        panic!("{scaling:?}");
    };
    assert_eq!(moments.means(), mean);
    let plain = trained(Recording::new(scaled.view()).unwrap());
    let found = trained(stored);
    assert_eq!(found.0, plain.0);
    assert_eq!(
        found.1.to_safetensors().unwrap(),
        plain.1.to_safetensors().unwrap()
    );
}
