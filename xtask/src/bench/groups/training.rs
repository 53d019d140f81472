//! Training steps, ours and CEBRA's.

use serde_json::json;

use super::{Case, Group};

pub(super) const XCEBRA: &str = "xcebra";
pub(super) const CEBRA: &str = "cebra";
pub(super) const KDTREE: &str = "cebra-kdtree";

/// Other groups of training steps differ from it in their cases alone.
pub const GROUP: Group = Group {
    name: "training",
    title: "Training",
    program: "step",
    data: "recording.npz",
    maker: None,
    script: "cebra_step.py",
    sides: &[(XCEBRA, ""), (CEBRA, "stock"), (KDTREE, "kdtree")],
    columns: &["objectives", "batch"],
    unit: ["step", "steps"],
    same: "parameters",
    cases,
    warm_up: "The first three steps of each training are not counted.",
    contents: CONTENTS,
};

/// In the order of the batch, so that the largest memory so far is that of the case.
fn cases() -> Vec<Case> {
    [
        ("time", 512, &[XCEBRA, CEBRA][..]), // the k-d tree changes nothing where there is no label
        ("hybrid", 512, &[XCEBRA, CEBRA, KDTREE]),
        ("time", 5000, &[XCEBRA, CEBRA]),
        ("hybrid", 5000, &[XCEBRA, CEBRA, KDTREE]),
        ("time", 20_000, &[XCEBRA, CEBRA]),
        ("hybrid", 20_000, &[XCEBRA, KDTREE]), // CEBRA's label search asks for matrices of 8 GB
        ("time", 50_000, &[XCEBRA]),
        ("hybrid", 50_000, &[XCEBRA]),
    ]
    .into_iter()
    .map(|(objectives, batch, sides)| Case {
        fields: vec![("objectives", json!(objectives)), ("batch", json!(batch))],
        steps: sides
            .iter()
            .map(|side| (*side, steps_a_turn(side, objectives, batch)))
            .collect(),
        tolerance: 0.0,
        few: batch > 5000,
    })
    .collect()
}

/// A quarter of a second at least: for the first 50 ms after a pause, both threads may be on one core.
fn steps_a_turn(side: &str, objectives: &str, batch: usize) -> usize {
    match (side, objectives, batch) {
        (XCEBRA, _, 512) => 100,
        (XCEBRA, _, 5000) => 10,
        (KDTREE, _, 512) => 15,
        (_, "time", 512) => 20,
        (CEBRA, "hybrid", 5000) | (CEBRA | KDTREE, _, 20_000) => 1,
        _ => 3,
    }
}

const CONTENTS: &str = "\
### What a step is

The recording has 100,000 samples × 50 channels and a three-dimensional label. It comes from
`xcebra_synth::DatasetConfig::paper_protocol(6)`, and all sides read the same file. The encoder is
`offset1-mse-clip` with widths 50 → 180 → 180 → 60 → 6, exact GELU, outputs limited to ±5, `f32` and
52,986 parameters. The loss is squared-Euclidean InfoNCE at temperature 1, and the optimiser is Adam at 3e-4, from random weights.

- `hybrid`: dimensions 0 to 6 with positives one sample later, dimensions 3 to 6 with positives by
  the label (the reference's label plus a random label difference over one sample, then the sample
  with the nearest label); Jacobian regulariser at weight 0.1 with one random projection.
- `time`: the first of these objectives, no regulariser.

On every side, a step draws the indices of n references, n negatives and, for each objective, n positives, including the
label search. It gathers their samples, embeds them, computes the losses, the regulariser and
their gradients, makes one step of Adam, and reports the losses.

- **xcebra**: `xcebra_core::Trainer::step`, as `xcebra fit` runs it. References, negatives and
  positives go through the encoder as one batch. The label search is a k-d tree in `f64`. The regulariser takes one
  projection of the Jacobian of the whole embedding.
- **cebra**: CEBRA as published, with its xCEBRA components (`ContrastiveMultiObjectiveLoader`,
  `TimeContrastive` and `TimedeltaDistribution`, `offset1-model-mse-clip-5-5`,
  `FixedEuclideanInfoNCE`, `JacobianReg(n=1)`, `ContrastiveMultiobjectiveSolverxCEBRA`). It does what the
  solver's `fit` does for one batch. Its label search compares each query with every sample. Its
  solver applies the regulariser once for each objective, so twice in a hybrid step.
- **cebra-kdtree**: the fair rival. It is the same with two changes in the code of the benchmark: label
  search by SciPy's `cKDTree` with all threads, and the regulariser applied once, to the whole
  embedding. Without a label there is nothing to change.

CEBRA's hybrid step is not run at batch 20,000 or more. Its label search would make several
matrices of 20,000 × 100,000 numbers, 8 GB each. At 50,000 its losses alone would make matrices of
50,000 × 50,000 numbers, 10 GB each.

Sources: `benches/src/bin/step.rs`, `benches/peers/cebra_step.py`.
";
