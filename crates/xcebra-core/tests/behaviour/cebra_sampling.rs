//! Distributions of positives against CEBRA's (`tests/data/README.md`).

use crate::common::reference_files::open;
use ndarray::{Array1, Array2, ArrayView1};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_core::sampling::{References, Time};
use xcebra_core::{Labels, PositivesConfig, Recording};

const DRAWS: usize = 60_000;
const DELTA: usize = 3;

/// Pearson's statistic of two histograms, and the value that it exceeds with probability 1e-4 only if
/// they come from one distribution. `exact` says that `theirs` is no draw but the distribution itself.
fn pearson(ours: &[f64], theirs: ArrayView1<'_, i64>, exact: bool) -> (f64, f64) {
    let (n, m) = (DRAWS as f64, theirs.sum() as f64);
    let (mut statistic, mut cells) = (0.0, 0.0);
    let (mut few, mut many) = ([0.0; 2], Vec::new());
    for (&a, &b) in ours.iter().zip(theirs) {
        let b = b as f64;
        assert!(!exact || b > 0.0 || a == 0.0, "CEBRA never draws it");
        // cells of fewer than ten expected draws are one cell
        if b * n / m < 10.0 {
            few = [few[0] + a, few[1] + b];
        } else {
            many.push([a, b]);
        }
    }
    if few[1] * n / m >= 10.0 {
        many.push(few);
    }
    for [a, b] in many {
        let expected = b * n / m;
        let variance = match exact {
            true => expected,
            // that of a, and of what is expected of it
            false => (a + b) * n / (n + m) * (1.0 + n / m),
        };
        statistic += (a - expected).powi(2) / variance;
        cells += 1.0;
    }
    // Wilson and Hilferty's approximation of the quantile; the normal one of 1e-4 is 3.72
    let freedom: f64 = cells - 1.0;
    assert!(freedom > 1.0);
    let part = 2.0 / (9.0 * freedom);
    (
        statistic,
        freedom * (1.0 - part + 3.72 * part.sqrt()).powi(3),
    )
}

#[test]
fn positives_are_distributed_as_those_of_cebra() {
    let mut npz = open("distributions.npz");
    let continuous: Array2<f64> = npz.by_name("continuous").unwrap();
    let discrete: Array1<i64> = npz.by_name("discrete").unwrap();
    let references: Array1<i64> = npz.by_name("references").unwrap();
    let n = discrete.len();
    let recording = Recording::new(continuous.view())
        .unwrap()
        .with_label("y", Labels::Continuous(continuous.clone()))
        .unwrap()
        .with_label("class", Labels::Discrete(discrete.to_vec()))
        .unwrap();
    let (y, class) = (|| "y".to_owned(), || "class".to_owned());
    for (name, exact, kind) in [
        (
            "time_delta",
            true,
            PositivesConfig::TimeDelta {
                label: y(),
                delta: DELTA,
            },
        ),
        (
            "mixed",
            true,
            PositivesConfig::Mixed {
                discrete: class(),
                continuous: y(),
                delta: DELTA,
            },
        ),
        (
            "delta_normal",
            false,
            PositivesConfig::DeltaNormal {
                label: y(),
                sigma: 0.4,
            },
        ),
        (
            "discrete_positives",
            false,
            PositivesConfig::Discrete { label: class() },
        ),
    ] {
        let expected: Array2<i64> = npz.by_name(name).unwrap();
        let positives = kind.distribution(&recording, &recording.pieces()).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        for (&reference, expected) in references.iter().zip(expected.outer_iter()) {
            let mut counts = vec![0.0; n];
            for p in positives.draw(&[reference as usize; DRAWS], &mut rng) {
                counts[p] += 1.0;
            }
            let (found, bound) = pearson(&counts, expected, exact);
            assert!(
                found < bound,
                "{name}, {reference}: {found} against {bound}"
            );
        }
    }
}

#[test]
fn time_offsets_and_their_references_are_those_of_cebra() {
    let mut npz = open("distributions.npz");
    let references: Array1<i64> = npz.by_name("references").unwrap();
    let expected: Array2<i64> = npz.by_name("time").unwrap();
    let time = Time::new(DELTA).unwrap();
    let recording =
        Recording::new(Array2::from_shape_fn((150, 1), |(t, _)| t as f32).view()).unwrap();
    let positives = xcebra_core::sampling::Positives::draw;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for (&reference, row) in references.iter().zip(expected.outer_iter()) {
        let found = positives(&time, &[reference as usize], &mut rng);
        assert_eq!(row[found[0]], 1);
    }
    let ends: Array1<i64> = npz.by_name("time_prior").unwrap();
    let drawn = References::new(&recording.pieces(), DELTA)
        .unwrap()
        .draw(10_000, &mut rng);
    let found = [drawn.iter().min(), drawn.iter().max()].map(|t| *t.unwrap() as i64);
    assert_eq!(found.as_slice(), ends.as_slice().unwrap());
}
