//! Training steps of two animals, ours and CEBRA's.

use serde_json::json;

use super::training;
use super::{Case, Group};

pub const GROUP: Group = Group {
    name: "animals",
    title: "Several animals",
    cases,
    contents: CONTENTS,
    ..training::GROUP
};

fn cases() -> Vec<Case> {
    [128, 512]
        .into_iter()
        .map(|batch| Case {
            fields: vec![("objectives", json!("animals")), ("batch", json!(batch))],
            // a quarter of a second at least, as in the group of trainings
            steps: GROUP.turns(match batch {
                128 => &[200, 8, 60],
                _ => &[60, 2, 15],
            }),
            tolerance: 0.0,
            few: false,
        })
        .collect()
}

const CONTENTS: &str = "\
### What a step is

Two animals, an encoder each: the first half of the recording of the part Training is seen by 40 channels, and the second by 45.
There are n references of each animal, and as many positives and negatives. Positives of all six dimensions are by the label,
in the animal that a random permutation assigns to the reference. The encoders are `offset1-mse-clip`, with 103,272
parameters in all. The loss and the optimiser are those of Training. There is no regulariser.

- **xcebra**: `xcebra_core::Trainer::step` on a recording of two subjects, as `xcebra fit` runs it.
- **cebra**: CEBRA's `ContinuousMultiSessionDataLoader` and `multi-session` solver with `FixedEuclideanInfoNCE`. They
  have neither a second objective nor a regulariser. It does what the solver's `fit` does for one batch. Its label search
  compares each query with every sample of an animal.
- **cebra-kdtree**: the same with label search by SciPy's `cKDTree` with all threads.

Sources: `benches/src/bin/step.rs`, `benches/peers/cebra_step.py`.
";
