//! Fourier attributions of networks in ONNX files: ours, PyTorch, the authors' library and captum.

use serde_json::json;

use super::{Case, Group};

pub const GROUP: Group = Group {
    name: "explaining",
    title: "Explaining",
    program: "explain",
    data: "networks",
    maker: Some("networks.py"),
    script: "explain.py",
    sides: &[
        ("cdig", ""),
        ("torch", "torch"),
        ("library", "library"),
        ("captum", "captum"),
    ],
    columns: &["model", "points"],
    unit: ["explanation", "explanations"],
    same: "size",
    cases,
    warm_up: "PyTorch finds its batch size before anything is timed. There is no other warm-up.",
    contents: CONTENTS,
};

/// Networks, and how often each side explains a signal in a turn.
const NETWORKS: [(&str, &[usize]); 9] = [
    ("small-cnn", &[5, 5]),
    ("heart-rate", &[5, 5, 1, 1]),
    ("gru", &[3, 3]),
    ("transformer", &[1, 1]),
    ("eegnet", &[1, 1]),
    ("resnet", &[1, 1]),
    ("u-net", &[1, 1]),
    ("inception-time", &[1, 1]),
    ("lstm", &[1, 1]),
];

fn cases() -> Vec<Case> {
    NETWORKS
        .into_iter()
        .map(|(model, steps)| Case {
            fields: vec![("model", json!(model)), ("points", json!(300))],
            steps: GROUP.turns(steps),
            // sums of absolute attributions, in single precision
            tolerance: 1e-3,
            // half a minute a turn
            few: steps == [1, 1],
        })
        .collect()
}

const CONTENTS: &str = "\
### What an explanation is

An explanation is integrated gradients of one output in the Fourier domain, from the zero signal, by 300 right Riemann
steps. All sides compute in single precision and use the same weights, which are random. Sums of absolute
attributions agree within 1e-3.

| network | signal | parameters |
|---|---:|---:|
| `small-cnn`: two convolutions | 1 × 512 | 2,819 |
| `heart-rate`: the form of a published network (KID-PPG): three blocks of three causal convolutions, attention, two dense layers | 1 × 256 | 147,473 |
| `gru`: one layer of 64 units | 256 × 3 | 13,443 |
| `transformer`: six layers of 256 features | 250 × 64 | 4,819,971 |
| `eegnet`: EEGNet-8,2 | 64 × 1,000 | 3,619 |
| `resnet`: residual convolutions of 17 taps | 12 × 5,000 | 6,781,027 |
| `u-net`: four levels, the mean of each map | 1 × 5,000 | 1,841,891 |
| `inception-time`: six modules | 12 × 1,000 | 473,731 |
| `lstm`: two bidirectional layers of 256 units | 1,000 × 19 | 2,145,795 |

The sides:

- **cdig**: `xcebra_onnx::OnnxModel` reads the file, which counts, and `Explainer::explain` with `Rule::Right(300)` explains
  it. This is the way of `xcebra explain`.
- **torch**: the fair rival. PyTorch with gradients of parameters off, all points in batches of the size that was
  the fastest of 1, 4, 16 and 64. The gradient is taken in signal space and brought to the Fourier domain once, as in cdig.
- **library**: `cross-domain-saliency-maps` 0.0.8, `FourierIG`, as published, one path point after the other.
- **captum**: `IntegratedGradients` (`riemann_right`) of the network after an inverse real FFT, whose inputs
  are real and imaginary parts, with all points in one batch.

Measurements up to 22 November 2026 are of another comparison: our networks were written by hand instead of read from
a file, and `filters`, two filters of 31 taps, was one of them.

Sources: `benches/src/bin/explain.rs`, `benches/peers/networks.py`, `benches/peers/explain.py`.
";
