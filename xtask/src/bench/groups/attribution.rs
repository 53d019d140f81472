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
    same: "value",
    cases,
    warm_up: "Nothing is warmed up: the first map of a side counts.",
    contents: CONTENTS,
};

fn cases() -> Vec<Case> {
    [
        ("ing", 100_000, &[3, 1, 1][..], EXACT),
        ("ing-whole-call", 100_000, &[3, 1], EXACT),
        ("integrated-gradients", 1000, &[5, 1, 2], EXACT),
        ("feature-ablation", 5000, &[5, 1, 2], EXACT),
        ("gradient-shap", 1000, &[5, 1, 2], DRAWN),
        ("shapley-sampling", 200, &[5, 1, 2], DRAWN),
    ]
    .into_iter()
    .map(|(work, samples, steps, tolerance)| Case {
        fields: vec![("work", json!(work)), ("samples", json!(samples))],
        steps: GROUP.turns(steps),
        tolerance,
        few: true,
    })
    .collect()
}

/// Sums in single precision, in another order.
const EXACT: f64 = 1e-5;
/// Random draws differ from side to side.
const DRAWN: f64 = 1e-2;

const CONTENTS: &str = "\
### What a map is

Mean absolute attributions of all six outputs to all 50 channels, over the first samples of the recording of the
trainings, by the same encoder with random weights on all sides (`offset1-mse-clip`, 52,986 parameters, `f32`).
The means over the map agree within 1 %, where nothing is drawn at random within 1e-5; the run stops if they do not.

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
