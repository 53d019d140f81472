//! The targets without coverage: over the committed corpus, the sound inputs, and mutations of both.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use xcebra_fuzz::{Mutations, TARGETS, corpus, seeds};

/// Mutations of each input.
const MUTATIONS: usize = 20;
/// No input may take longer; a debug build on a busy machine takes tenths of a second at most.
const LONGEST: Duration = Duration::from_secs(10);

#[test]
fn no_input_of_the_corpus_and_none_of_its_mutations_stops_a_reader() {
    for (name, target) in TARGETS {
        let inputs = [corpus(name), seeds(name)].concat();
        assert!(!inputs.is_empty(), "{name} has no inputs");
        let mut mutations = Mutations::new(inputs.len() as u64);
        for input in &inputs {
            let mutated = (0..MUTATIONS).map(|_| mutations.of(input));
            for bytes in std::iter::once(input.clone()).chain(mutated) {
                let start = Instant::now();
                target(&bytes);
                let time = start.elapsed();
                assert!(time < LONGEST, "{name}: {time:?} for {bytes:?}");
            }
        }
    }
}

/// `cargo xtask soak fuzz` takes the names of the targets from these folders.
#[test]
fn every_target_has_a_folder_of_inputs_and_every_folder_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folders: BTreeSet<String> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let targets = TARGETS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(folders, targets);
}
