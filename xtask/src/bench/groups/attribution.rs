//! Attribution maps of an encoder: ours, CEBRA with captum and SciPy, PyTorch.

use serde_json::json;

use super::{Case, Group};

pub const GROUP: Group = Group {
    name: "attribution",
    title: "Attribution maps",
    program: "attribution",
    data: "encoder.npz",
    script: "attribution.py",
    sides: &[
        ("xcebra-attr", ""),
        ("cebra", "stock"),
        ("torch", "batched"),
    ],
    columns: &["work", "samples"],
    unit: ["map", "maps"],
    // random draws of gradient SHAP and Shapley values differ from side to side
    same: ("value", 1e-2),
    cases,
    contents: CONTENTS,
};

fn cases() -> Vec<Case> {
    [
        ("ing", 100_000, &[3, 1, 1][..]),
        ("ing-whole-call", 100_000, &[3, 1]),
        ("integrated-gradients", 1000, &[5, 1, 2]),
        ("feature-ablation", 5000, &[5, 1, 2]),
        ("gradient-shap", 1000, &[5, 1, 2]),
        ("shapley-sampling", 200, &[5, 1, 2]),
    ]
    .into_iter()
    .map(|(work, samples, steps)| Case {
        fields: vec![("work", json!(work)), ("samples", json!(samples))],
        steps: GROUP
            .sides
            .iter()
            .map(|(side, _)| *side)
            .zip(steps.iter().copied())
            .collect(),
        few: true,
    })
    .collect()
}

const CONTENTS: &str = "\
### What a map is

Mean absolute attributions of all six outputs to all 50 channels, over the first samples of the recording of the
trainings, by the same encoder with random weights on all sides (`offset1-mse-clip`, 52,986 parameters, `f32`).
The means over the map agree within 1 %, where nothing is drawn at random within 1e-5.

- `ing`: every sample's Jacobian and its pseudo-inverse, once.
- `ing-whole-call`: the same against CEBRA's `compute_attribution_map`, which inverts twice by least squares and twice
  by singular value decomposition, whatever is asked for.
- `integrated-gradients`: 50 Gauss–Legendre nodes, zero baseline.
- `feature-ablation`: each channel set to zero.
- `gradient-shap`: 50 draws between a zero baseline and the sample.
- `shapley-sampling`: 25 permutations, zero baseline.

The sides:

- **xcebra-attr**: `attribute`, as `xcebra attribute` runs it; ranks, condition numbers and standard errors included.
- **cebra**: CEBRA's attribution classes as published, which call captum once an output; Jacobians and their
  pseudo-inverses by SciPy's least squares, one after the other; Shapley values by captum.
- **torch**: the fair rival. PyTorch by hand, all outputs at once, large batches, batched `linalg.pinv`.

Sources: `benches/src/bin/attribution.rs`, `benches/peers/attribution.py`.
";
