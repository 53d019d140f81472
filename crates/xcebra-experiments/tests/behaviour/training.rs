//! Whole experiments, tiny: every part runs, any number of threads gives the same numbers.

use xcebra_experiments::cells::Share;
use xcebra_experiments::table1::{Encoder, Protocol, estimate, reproduce, run};
use xcebra_experiments::{Scale, animal, fdr};

fn tiny() -> Protocol {
    let mut protocol = Protocol::at(Scale::Smoke);
    protocol.seeds = 1;
    protocol.samples = 300;
    protocol.attributed = 6;
    protocol.train.steps = 8;
    protocol.train.batch = 32;
    protocol.regularizer.start = 2;
    protocol.regularizer.ramp = 2;
    protocol
}

#[test]
fn a_tiny_table_is_written_and_does_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = [1, 2].map(|threads| {
        let out = folder.path().join(threads.to_string());
        (
            reproduce(&tiny(), &out, (Share::All, threads), &|_| ())
                .unwrap()
                .unwrap(),
            out,
        )
    });
    assert_eq!(one.0.pairs, two.0.pairs);
    // 14 named methods and the oracle, on 6 encoders
    assert_eq!(one.0.pairs.len(), 15 * 6);
    assert!(
        one.0
            .pairs
            .iter()
            .all(|p| (0.0..=1.0).contains(&p.auroc.mean))
    );
    for file in [
        "table1.md",
        "summary.json",
        "pairs.csv",
        "cells.csv",
        "table1-scores.svg",
        "table1-bars.png",
        "table1-map-truth.svg",
        "table1-map-hybrid-reg-ing.svg",
        "cells/hybrid-reg_d4_seed0.json",
    ] {
        assert!(one.1.join(file).is_file(), "{file}");
    }
}

#[test]
fn an_estimate_counts_all_cells() {
    let found = estimate(&tiny()).unwrap();
    assert_eq!(found.cells, 6);
    assert!(found.seconds > 0.0 && found.seconds.is_finite());
}

#[test]
fn a_tiny_animal_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut protocol = animal::Protocol::at(Scale::Smoke).unwrap();
    protocol.bins = 300;
    protocol.attributed = 5;
    protocol.train.steps = 5;
    protocol.train.batch = 16;
    let summary = animal::reproduce(&protocol, folder.path(), (Share::All, 2), &|_| ())
        .unwrap()
        .unwrap();
    assert_eq!((summary.animals, summary.encoders.len()), (1, 8));
    for encoder in &summary.encoders {
        // the two forms of two methods, and two more
        assert_eq!(encoder.auroc.len(), 6);
        // in own coordinates there are four
        assert!(encoder.mean_rank["ing-own"] <= 4.0);
    }
    assert!(folder.path().join("animal-scores.svg").is_file());
}

#[test]
fn nothing_to_attribute_is_an_error() {
    for attributed in [0, 301] {
        let mut protocol = tiny();
        protocol.attributed = attributed;
        let settings = protocol.settings(0, 4, Encoder::all()[0]);
        let message = run(&settings).unwrap_err().to_string();
        assert!(
            message.contains("the number of attributed samples"),
            "{message}"
        );
    }
    let mut protocol = animal::Protocol::at(Scale::Smoke).unwrap();
    protocol.attributed = 0;
    let settings = protocol.settings(0, animal::Encoder::all()[0]);
    assert!(animal::run(&settings).is_err());
}

#[test]
fn a_tiny_calibration_is_written_and_does_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |seed| fdr::Settings {
        samples: 400,
        channels: 4,
        steps: 8,
        batch: 32,
        trainings: 3,
        ..fdr::Settings::of_seed(fdr::Kind::ALL[seed as usize % 3], seed)
    };
    let recordings = [0, 1, 2, 3].map(settings);
    let [one, two] = [1, 2].map(|threads| {
        let out = folder.path().join(threads.to_string());
        (
            fdr::reproduce(&recordings, &out, (Share::All, threads), &|_| ())
                .unwrap()
                .unwrap(),
            out,
        )
    });
    assert_eq!(one.0, two.0);
    // three kinds, three tests, three rates
    assert_eq!(one.0.0.len(), 27);
    for row in &one.0.0 {
        assert!((0.0..=1.0).contains(&row.false_discoveries.0));
        assert!((0.0..=1.0).contains(&row.undecided) && (0.0..=1.0).contains(&row.rejected));
    }
    for file in ["fdr.md", "summary.json", "cells/spikes_2.json"] {
        assert!(one.1.join(file).is_file(), "{file}");
    }
}
