//! Recordings of which it is known whether there is something to find.

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_files::{DataArray, Values};
use xcebra_model::Watch;

use super::{Chance, ChanceSettings, chance};
use crate::{Arrays, Data, FitFile, LabelArray, Shuffle};

const TIME: usize = 600;

/// Random walks in a box, (time, count).
fn walks(count: usize, random: &mut ChaCha8Rng) -> Array2<f64> {
    let mut z = Array2::<f64>::zeros((TIME, count));
    for t in 1..TIME {
        for k in 0..count {
            z[[t, k]] = (z[[t - 1, k]] + random.gen_range(-0.3..0.3)).clamp(-1.0, 1.0);
        }
    }
    z
}

/// Six channels that are a function of two latents, the label `z`, which is the first of them, and the label `other`,
/// which has nothing to do with the channels.
fn arrays(seed: u64) -> Arrays {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let z = walks(2, &mut random);
    let mixing = Array2::from_shape_fn((2, 6), |_| random.gen_range(-1.0..1.0));
    let x = z.dot(&mixing).mapv(f64::tanh);
    let other = walks(1, &mut random);
    let label = |values: Array2<f64>| {
        let values = DataArray::in_memory("label", Values::F64(values.into_dyn()));
        vec![LabelArray::Numbers(Box::new(values))]
    };
    let first = z.column(0).to_owned().insert_axis(Axis(1));
    Arrays {
        sessions: vec![DataArray::in_memory("x", Values::F64(x.into_dyn()))],
        labels: BTreeMap::from([
            ("z".to_owned(), label(first)),
            ("other".to_owned(), label(other)),
        ]),
    }
}

/// The channels of each sample in the place of those of any other, each channel for itself.
fn scattered(arrays: &Arrays, seed: u64) -> Arrays {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut x = arrays.sessions[0].values.to_float::<f64>();
    for mut channel in x.axis_iter_mut(Axis(1)) {
        for t in (1..TIME).rev() {
            channel.swap([t], [random.gen_range(0..=t)]);
        }
    }
    Arrays {
        sessions: vec![DataArray::in_memory("x", Values::F64(x))],
        ..arrays.clone()
    }
}

fn found(arrays: Arrays, objective: &str, shuffle: Shuffle) -> Chance {
    let sets = [
        "train.steps=60",
        "train.batch=64",
        "train.learning_rate=3e-3",
        "encoder.outputs=2",
        "regularizer.weight=0.0",
        objective,
    ];
    let settings = FitFile::parse("", &sets.map(str::to_owned)).unwrap();
    let data = Data::of_arrays(arrays, &settings).unwrap();
    let how = ChanceSettings {
        shuffle,
        ..ChanceSettings::default()
    };
    chance(&settings, &data, &how, &Watch::new()).unwrap()
}

const BY_LABEL: &str = "objective.0.positives={kind=\"time-delta\", label=\"z\"}";
const BY_OTHER: &str = "objective.0.positives={kind=\"time-delta\", label=\"other\"}";
const BY_TIME: &str = "objective.0.positives={kind=\"time\"}";

#[test]
fn a_label_that_channels_carry_is_found() {
    for shuffle in [Shuffle::Labels, Shuffle::Columns] {
        let found = found(arrays(1), BY_LABEL, shuffle);
        assert_eq!((found.unit, found.blocks), ("bits", 20));
        assert!(found.is_above_chance(), "{}", found.sentence());
        assert!(
            found
                .sentence()
                .starts_with("The training finds more than chance: ")
        );
    }
    let supervised = found(
        arrays(1),
        "objective.0={loss=\"mse\", label=\"z\", dims=[0, 1]}",
        Shuffle::Labels,
    );
    assert_eq!(supervised.unit, "loss");
    // a loss is not negative, and its sign is changed
    assert!(supervised.score < 0.0);
    assert!(supervised.is_above_chance(), "{}", supervised.sentence());
}

/// If there is nothing to find, p is one of 20 values, each as likely: of ten recordings more than three seem to carry
/// it with a probability of 0.001.
#[test]
fn a_label_that_has_nothing_to_do_with_the_channels_is_not_found() {
    let runs = (0..10).map(|seed| found(arrays(seed), BY_OTHER, Shuffle::Labels));
    let (above, others): (Vec<Chance>, Vec<Chance>) = runs.partition(Chance::is_above_chance);
    assert!(above.len() <= 3, "{}", above.len());
    for found in others {
        let sentence = found.sentence();
        assert!(
            sentence.starts_with("The training is no better than chance: "),
            "{sentence}"
        );
    }
}

#[test]
fn channels_that_were_shuffled_before_carry_nothing() {
    for (objective, blocks) in [(BY_LABEL, 20), (BY_TIME, TIME)] {
        let found = found(scattered(&arrays(3), 4), objective, Shuffle::Columns);
        assert_eq!(found.blocks, blocks);
        assert!(!found.is_above_chance(), "{}", found.sentence());
    }
    let found = found(arrays(3), BY_TIME, Shuffle::Columns);
    assert!(found.is_above_chance(), "{}", found.sentence());
}
