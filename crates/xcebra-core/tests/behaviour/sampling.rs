//! Distributions of positives.

use ndarray::Array2;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::sampling::{Discrete, Positives, References, Time, TimeDelta};
use xcebra_core::{Labels, Recording};

fn recording(lengths: &[usize], label: Labels) -> Recording<f32> {
    let total: usize = lengths.iter().sum();
    let x = Array2::from_shape_fn((total, 1), |(t, _)| t as f32);
    let recording = Recording::new(x.view())
        .unwrap()
        .with_label("y", label)
        .unwrap();
    recording.with_sessions(lengths).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn time_positives_stay_in_their_session(
        lengths in prop::collection::vec(1_usize..30, 1..6), offset in 1_usize..8, seed: u64,
    ) {
        let total: usize = lengths.iter().sum();
        prop_assume!(total >= 2 && lengths.iter().any(|&l| l > offset));
        let label = Labels::Discrete((0..total as i64).collect());
        let recording = recording(&lengths, label);
        let time = Time::new(offset).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let references = References::new(&recording.pieces(), time.lookahead()).unwrap();
        let drawn = references.draw(200, &mut rng);
        let positives = time.draw(&drawn, &mut rng);
        for (r, p) in drawn.iter().zip(&positives) {
            prop_assert_eq!(*p, r + offset);
            let home = |t: usize| recording.sessions().iter().position(|s| s.contains(&t));
            prop_assert!(home(*p).is_some() && home(*p) == home(*r));
        }
    }

    #[test]
    fn discrete_positives_share_the_class(classes in prop::collection::vec(0_i64..4, 2..60), seed: u64) {
        prop_assume!(classes.iter().any(|c| *c != classes[0]));
        let n = classes.len();
        let recording = recording(&[n], Labels::Discrete(classes.clone()));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let references: Vec<usize> = (0..n).collect();
        let positives = Discrete::new(&recording, &recording.pieces(), "y").unwrap().draw(&references, &mut rng);
        for (r, p) in references.iter().zip(positives) {
            prop_assert_eq!(classes[*r], classes[p]);
        }
    }
}

/// Two sessions whose labels move by +1 and −1 a step, and jump by 1000 between them: with label
/// differences within sessions only, every positive lies `delta` labels away from its reference.
#[test]
fn time_delta_never_takes_a_difference_across_sessions() {
    let rising = (0..100).map(f64::from);
    let falling = (0..100).map(|t| 1000.0 - f64::from(t));
    let label = Array2::from_shape_vec((200, 1), rising.chain(falling).collect()).unwrap();
    let recording = recording(&[100, 100], Labels::Continuous(label.clone()));
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for delta in [1, 3] {
        let positives = TimeDelta::new(&recording, &recording.pieces(), "y", delta).unwrap();
        let inner = (delta..100 - delta).chain(100 + delta..200 - delta);
        let references: Vec<usize> = inner.cycle().take(5000).collect();
        let (mut up, mut down) = (0, 0);
        for (r, p) in references.iter().zip(positives.draw(&references, &mut rng)) {
            let difference = label[[p, 0]] - label[[*r, 0]];
            if difference == delta as f64 {
                up += 1;
            } else if difference == -(delta as f64) {
                down += 1;
            } else {
                panic!("{difference}")
            }
        }
        // 5000 fair coins: five standard deviations are 177
        assert!((2323..2677).contains(&up), "{up} up, {down} down");
    }
}

/// On a random walk whose values lie close together, the differences of positives and references
/// follow the walk's own.
#[test]
fn time_delta_reproduces_the_distribution_of_differences() {
    let n = 20_000;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut y = 0.0;
    let label = Array2::from_shape_simple_fn((n, 1), || {
        y += if rng.gen_bool(0.25) { 0.03 } else { -0.01 } + 1e-4 * rng.r#gen::<f64>();
        y
    });
    let large = |from: usize, to: usize| label[[to, 0]] - label[[from, 0]] > 0.01;
    let expected = (1..n).filter(|&t| large(t - 1, t)).count() as f64 / (n - 1) as f64;
    let recording = recording(&[n], Labels::Continuous(label.clone()));
    let positives = TimeDelta::new(&recording, &recording.pieces(), "y", 1).unwrap();
    let references: Vec<usize> = (0..n).step_by(3).collect();
    let drawn = positives.draw(&references, &mut rng);
    let count = references
        .iter()
        .zip(&drawn)
        .filter(|(r, p)| large(**r, **p))
        .count() as f64;
    let share = count / references.len() as f64;
    // 6,667 draws: five standard deviations are 0.027
    assert!(
        (share - expected).abs() < 0.027,
        "{share} against {expected}"
    );
}
