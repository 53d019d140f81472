//! Positives across subjects against a plain restatement of CEBRA's multi-session sampler.

use ndarray::Array2;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::sampling::References;
use xcebra_core::{Labels, Pieces, PositivesConfig, Recording, Session};

use crate::common::animals::{self, BOTH, FIRST};

const DELTA: usize = 3;

/// Equally many references of each subject, one subject after the other.
fn references(recording: &Recording<f64>, ahead: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let all = recording.pieces();
    let halves = [0..FIRST, FIRST..BOTH].map(|range| Pieces::new([range]).unwrap());
    assert_eq!(all.ranges().len(), 2);
    let draw = |half: &Pieces| References::new(half, ahead).unwrap().draw(200, rng);
    halves.iter().flat_map(draw).collect()
}

fn draw(kind: &PositivesConfig, references: &[usize], seed: u64) -> Vec<usize> {
    let recording = animals::recording::<f64>();
    let distribution = kind.distribution(&recording, &recording.pieces()).unwrap();
    distribution.draw(references, &mut ChaCha8Rng::seed_from_u64(seed))
}

/// The sample of a subject whose label is nearest to `query`, by a scan.
fn nearest(labels: &Array2<f64>, query: &[f64], subject: usize) -> usize {
    let range = [0..FIRST, FIRST..BOTH][subject].clone();
    let distance = |t: usize| -> f64 {
        let row = labels.row(t);
        row.iter().zip(query).map(|(a, b)| (a - b).powi(2)).sum()
    };
    range
        .min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
        .unwrap()
}

/// "Queries are computed for each reference as in single-session, meaning by adding a random time shift";
/// "the transitions between index samples are computed across all sessions"; "queries are randomly assigned
/// to a session and its corresponding positive sample is searched in that session only".
#[test]
fn time_delta_is_what_the_definition_says() {
    let recording = animals::recording::<f64>();
    let references = references(&recording, 0, &mut ChaCha8Rng::seed_from_u64(5));
    let kind = PositivesConfig::TimeDelta {
        label: "both".to_owned(),
        delta: DELTA,
    };
    let found = draw(&kind, &references, 6);

    // the same draws, written out
    let labels = animals::latents();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let starts: Vec<usize> = (0..FIRST - DELTA).chain(FIRST..BOTH - DELTA).collect();
    let queries: Vec<[f64; 2]> = references
        .iter()
        .map(|_| starts[rng.gen_range(0..starts.len())])
        .collect::<Vec<_>>()
        .into_iter()
        .zip(&references)
        .map(|(s, &r)| [0, 1].map(|k| labels[[r, k]] + (labels[[s + DELTA, k]] - labels[[s, k]])))
        .collect();
    // what chooses among equal labels, of which there are none but at the edges of the box
    let _: Vec<f64> = references.iter().map(|_| rng.r#gen()).collect();
    let n = references.len();
    let mut permutation: Vec<usize> = (0..n).collect();
    permutation.shuffle(&mut rng);
    let mut inverse = vec![0; n];
    for (slot, &query) in permutation.iter().enumerate() {
        inverse[query] = slot;
    }
    // slots stand subject by subject, 200 each; positives come back in the order of the references
    let by_slot: Vec<usize> = (0..n)
        .map(|slot| nearest(&labels, &queries[permutation[slot]], slot / 200))
        .collect();
    for i in 0..n {
        let expected = by_slot[inverse[i]];
        // both coordinates at an edge of the box may be equal at several times
        assert_eq!(labels.row(found[i]), labels.row(expected), "reference {i}");
        assert_eq!(found[i] < FIRST, expected < FIRST, "reference {i}");
    }
}

/// Every distribution by a label asks each subject as often as it has references, and a reference of one as
/// often for a positive of the other as for one of its own.
#[test]
fn subjects_meet_equally() {
    let label = || "z".to_owned();
    let recording = animals::recording::<f64>();
    let references = references(&recording, 0, &mut ChaCha8Rng::seed_from_u64(7));
    for kind in [
        PositivesConfig::TimeDelta {
            label: label(),
            delta: 1,
        },
        PositivesConfig::DeltaNormal {
            label: label(),
            sigma: 0.1,
        },
        PositivesConfig::DeltaVmf {
            label: label(),
            kappa: 10.0,
        },
        PositivesConfig::Discrete {
            label: "class".to_owned(),
        },
        PositivesConfig::Mixed {
            discrete: "class".to_owned(),
            continuous: label(),
            delta: 1,
        },
        PositivesConfig::Uniform {},
    ] {
        let found = draw(&kind, &references, 8);
        let of_first = found.iter().filter(|&&t| t < FIRST).count();
        assert_eq!(of_first, 200, "{kind:?}");
        let crossing = references.iter().zip(&found);
        let crossing = crossing
            .filter(|(r, p)| (**r < FIRST) != (**p < FIRST))
            .count();
        // hypergeometric, standard deviation 5 per subject: 200 ± 5 of them
        assert!((150..250).contains(&crossing), "{kind:?}: {crossing}");
    }
}

#[test]
fn time_stays_in_a_session_and_classes_are_kept() {
    let recording = animals::recording::<f64>();
    let references = references(&recording, 2, &mut ChaCha8Rng::seed_from_u64(9));
    let found = draw(&PositivesConfig::Time { offset: 2 }, &references, 10);
    assert!(references.iter().zip(&found).all(|(r, p)| p - r == 2));
    let Labels::Discrete(classes) = recording.label("class").unwrap() else {
        panic!("classes");
    };
    let kind = PositivesConfig::Discrete {
        label: "class".to_owned(),
    };
    let found = draw(&kind, &references, 11);
    assert!(
        references
            .iter()
            .zip(&found)
            .all(|(&r, &p)| classes[r] == classes[p])
    );
}

/// A class that one subject does not have is looked for where it is.
#[test]
fn a_class_of_one_subject_alone_stays_with_it() {
    let session = |channels: usize| {
        let values: Vec<f64> = (0..60 * channels).map(|i| (i * i % 97) as f64).collect();
        Session::new(values, channels).unwrap()
    };
    let classes: Vec<i64> = (0..120)
        .map(|t| if t < 60 { t % 2 } else { t % 3 })
        .collect();
    let time = Array2::from_shape_fn((120, 1), |(t, _)| t as f64);
    let recording = Recording::<f64>::from_subjects(vec![session(2), session(3)], vec![0, 1])
        .unwrap()
        .with_label("class", Labels::Discrete(classes.clone()))
        .unwrap()
        .with_label("time", Labels::Continuous(time))
        .unwrap();
    let references: Vec<usize> = (0..119).collect();
    let class = || "class".to_owned();
    for kind in [
        PositivesConfig::Discrete { label: class() },
        PositivesConfig::Mixed {
            discrete: class(),
            continuous: "time".to_owned(),
            delta: 1,
        },
    ] {
        let distribution = kind.distribution(&recording, &recording.pieces()).unwrap();
        let found = distribution.draw(&references, &mut ChaCha8Rng::seed_from_u64(1));
        for (&r, &p) in references.iter().zip(&found) {
            assert_eq!(classes[r], classes[p], "{kind:?}");
            assert!(classes[r] != 2 || p >= 60);
        }
    }
}
