//! Fourier attributions of two networks: ours, the authors' library, PyTorch and captum.

use serde_json::json;

use super::{Case, Group};

pub const GROUP: Group = Group {
    name: "explaining",
    title: "Explaining",
    program: "explain",
    data: "networks.npz",
    script: "explain.py",
    sides: &[
        ("cdig", ""),
        ("library", "library"),
        ("torch", "torch"),
        ("captum", "captum"),
    ],
    columns: &["model", "points"],
    unit: ["explanation", "explanations"],
    same: "total",
    cases,
    warm_up: "Before each turn a side makes one explanation that is not counted.",
    contents: CONTENTS,
};

fn cases() -> Vec<Case> {
    [("heart-rate", [5, 1, 3, 1]), ("filters", [200, 2, 20, 20])]
        .into_iter()
        .map(|(model, steps)| Case {
            fields: vec![("model", json!(model)), ("points", json!(300))],
            steps: GROUP.turns(&steps),
            // sums of attributions, in single precision
            tolerance: 1e-3,
            few: false,
        })
        .collect()
}

const CONTENTS: &str = "\
### What an explanation is

An explanation is integrated gradients of one output in the Fourier domain, from the zero signal, by 300 right Riemann
steps. The signal has 256 samples, in single precision, and all sides use the same weights. Sums of
attributions agree within 1e-3.

- `heart-rate`: the form of a published network (KID-PPG; 147,473 parameters): three blocks of three causal
  convolutions of 5 taps and dilation 2, pools, four-head attention, layer norm, two dense layers; random
  weights.
- `filters`: two filters of 31 taps, `ReLU`, mean over time. The output of the first is explained. Our network runs only the
  filter whose output is needed, and the others run both.

The sides:

- **cdig**: `Explainer::explain` with `Rule::Right(300)`. The networks are written by hand in
  `benches/src`. All path points go through them in batches, and the gradient is taken in signal space once.
- **library**: `cross-domain-saliency-maps` 0.0.8, `FourierIG`, as published, one path point after the other.
- **torch**: the fair rival. PyTorch, with all points in batches of 64. The gradient is taken in signal space and
  brought to the Fourier domain once, as in cdig.
- **captum**: `IntegratedGradients` (`riemann_right`) of the network after an inverse real FFT, whose inputs
  are real and imaginary parts, with all points in one batch.

Sources: `benches/src/bin/explain.rs`, `benches/peers/explain.py`.
";
