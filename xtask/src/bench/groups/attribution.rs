//! Attribution maps of an encoder: ours, CEBRA with captum and SciPy, PyTorch.

use serde_json::json;

use super::{Case, Group};

pub const GROUP: Group = Group {
    name: "attribution",
    title: "Attribution maps",
    program: "attribution",
    data: "encoder.npz",
    maker: None,
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
    warm_up: "There is no warm-up: the first map of a side counts.",
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

A map is the mean of absolute attributions of all six outputs to all 50 channels, over the first samples of the recording of the
trainings. All sides use the same encoder with random weights (`offset1-mse-clip`, 52,986 parameters, `f32`).
The means over the map agree within 1 %, or within 1e-5 where nothing is drawn at random. The run stops if they do not.

- `ing`: the Jacobian of every sample and its pseudo-inverse, once.
- `ing-whole-call`: the same, compared with CEBRA's `compute_attribution_map`, which always inverts twice by least squares
  and twice by singular value decomposition.
- `integrated-gradients`: 50 Gauss–Legendre nodes, zero baseline.
- `feature-ablation`: each channel set to zero.
- `gradient-shap`: 50 draws between a zero baseline and the sample.
- `shapley-sampling`: 25 permutations, zero baseline.

The sides:

- **xcebra-attr**: `attribute`, as `xcebra attribute` runs it; ranks, condition numbers and standard errors included.
- **cebra**: CEBRA's attribution classes as published, which call captum once for each output. Jacobians and their
  pseudo-inverses are computed one after the other, by SciPy's least squares. Shapley values are captum's.
- **torch**: the fair rival. PyTorch by hand, with all outputs at once, large batches and batched `linalg.pinv`.

Sources: `benches/src/bin/attribution.rs`, `benches/peers/attribution.py`.
";
