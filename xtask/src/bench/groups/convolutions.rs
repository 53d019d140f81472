//! Training steps of convolutional encoders, ours and CEBRA's.

use serde_json::json;

use super::training::{self, CEBRA, KDTREE, XCEBRA};
use super::{Case, Group};

pub const GROUP: Group = Group {
    name: "convolutions",
    title: "Convolutional encoders",
    columns: &["encoder", "batch"],
    cases,
    contents: CONTENTS,
    ..training::GROUP
};

/// Of those that both sides have.
const ENCODERS: [&str; 7] = [
    "offset5", "offset10", "offset15", "offset20", "offset36", "offset40", "offset50",
];

/// In the order of the batch, so that the largest memory so far is that of the case.
fn cases() -> Vec<Case> {
    let all = [512, 4096].map(|batch| ENCODERS.map(|encoder| (encoder, batch)));
    let case = |(encoder, batch)| Case {
        fields: vec![("encoder", json!(encoder)), ("batch", json!(batch))],
        steps: match batch {
            512 => vec![(XCEBRA, 20), (CEBRA, 3), (KDTREE, 3)],
            // the label search of CEBRA only adds to the time
            _ => vec![(XCEBRA, 4), (KDTREE, 1)],
        },
        tolerance: 0.0,
        few: batch > 512,
    };
    all.into_iter().flatten().map(case).collect()
}

const CONTENTS: &str = "\
### What a step is

This is how CEBRA is mostly used. The recording has 20,000 samples × 100 channels and a three-dimensional label: the first
samples of that of the part Training, and beside each of them the one 20,000 samples later. The encoders have 32 hidden units
and 6 outputs, normalised to unit length. There are n references, n negatives and n positives, which come by the label (the reference's label plus a
random label difference over ten samples, then the sample with the nearest label). The loss is InfoNCE by cosine similarity at temperature 1, and the
optimiser is Adam at 3e-4. There is no regulariser.

- **xcebra**: `xcebra_core::Trainer::step`, as `xcebra fit` runs it.
- **cebra**: CEBRA's `ContinuousDataLoader` and `single-session` solver with `FixedCosineInfoNCE`. It does what the solver's
  `fit` does for one batch. Its label search compares each query with every sample.
- **cebra-kdtree**: the same with label search by SciPy's `cKDTree` with all threads. At batch 4096, CEBRA is measured in this
  form alone.

Sources: `benches/src/bin/step.rs`, `benches/peers/cebra_step.py`.
";
