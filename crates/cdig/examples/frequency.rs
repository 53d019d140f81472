//! Which band of a two-tone signal carries the output of a filter-bank model?
//!
//! The model listens to a slow and to a fast band; its outputs are the saturated loudness of each.
//! The signal holds a tone in either band, the fast one twice as loud.
//!
//! Run with `cargo run -p cdig --example frequency`.

use std::f64::consts::TAU;

use cdig::{CdigError, Explainer, Model, ModelError, RealFourier, Rule, Time};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD, s};

const STEPS: usize = 256;
const SAMPLING_RATE: f64 = 64.0;
const KERNEL: usize = 33;
const OUTPUTS: [&str; 2] = ["slow", "fast"];

/// Two band-pass filters; output `o` is `tanh(mean_t y_o(t)²)` of the filtered signal `y_o`.
struct FilterBank {
    kernels: [Vec<f64>; 2],
}

impl FilterBank {
    fn new() -> Self {
        Self {
            kernels: [band_pass(2.0, 6.0), band_pass(10.0, 14.0)],
        }
    }

    /// The filtered signal, where the kernel fits.
    fn filtered(&self, o: usize, x: &[f64]) -> Vec<f64> {
        x.windows(KERNEL)
            .map(|window| {
                window
                    .iter()
                    .zip(&self.kernels[o])
                    .map(|(x, w)| x * w)
                    .sum()
            })
            .collect()
    }

    fn loudness(&self, o: usize, x: &[f64]) -> f64 {
        let y = self.filtered(o, x);
        (y.iter().map(|y| y * y).sum::<f64>() / y.len() as f64).tanh()
    }

    fn gradient(&self, o: usize, x: &[f64]) -> Array1<f64> {
        let y = self.filtered(o, x);
        let scale = 2.0 * (1.0 - self.loudness(o, x).powi(2)) / y.len() as f64;
        let mut gradient = Array1::zeros(x.len());
        for (t, y) in y.iter().enumerate() {
            for (j, w) in self.kernels[o].iter().enumerate() {
                gradient[t + j] += scale * y * w;
            }
        }
        gradient
    }
}

impl Model<f64> for FilterBank {
    fn input_shape(&self) -> &[usize] {
        &[STEPS]
    }

    fn output_dim(&self) -> usize {
        2
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let n = xcebra_model::batch_len(&[STEPS], x.shape())?;
        let x = x.to_shape((n, STEPS)).map_err(ModelError::evaluation)?;
        Ok(Array2::from_shape_fn((n, 2), |(i, o)| {
            self.loudness(o, &x.row(i).to_vec())
        }))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        let n = xcebra_model::cotangent_len(&[STEPS], x.shape(), 2, cotangent.shape())?;
        let x = x.to_shape((n, STEPS)).map_err(ModelError::evaluation)?;
        let mut gradients = Array2::zeros((n, STEPS));
        for (i, mut gradient) in gradients.outer_iter_mut().enumerate() {
            for o in (0..2).filter(|&o| cotangent[[i, o]] != 0.0) {
                gradient.scaled_add(cotangent[[i, o]], &self.gradient(o, &x.row(i).to_vec()));
            }
        }
        Ok(gradients.into_dyn())
    }
}

/// A windowed-sinc band-pass between two frequencies in Hz.
fn band_pass(low: f64, high: f64) -> Vec<f64> {
    let centre = (KERNEL / 2) as f64;
    (0..KERNEL)
        .map(|j| {
            let t = (j as f64 - centre) / SAMPLING_RATE;
            let low_pass = |f: f64| {
                if t == 0.0 {
                    2.0 * f
                } else {
                    (TAU * f * t).sin() / (TAU / 2.0 * t)
                }
            };
            let window = 0.5 + 0.5 * (TAU / 2.0 * (j as f64 - centre) / (centre + 1.0)).cos();
            window * (low_pass(high) - low_pass(low)) / SAMPLING_RATE
        })
        .collect()
}

fn main() -> Result<(), CdigError> {
    let model = FilterBank::new();
    let tone = |hz: f64, t: usize| (TAU * hz * t as f64 / SAMPLING_RATE).sin();
    let signal: Array1<f64> = (0..STEPS)
        .map(|t| tone(4.0, t) + 2.0 * tone(12.0, t))
        .collect();

    let spectrum = RealFourier::new(&[STEPS], SAMPLING_RATE)?.bands([
        ("0–2 Hz", 0.0..2.0),
        ("2–6 Hz", 2.0..6.0),
        ("6–10 Hz", 6.0..10.0),
        ("10–14 Hz", 10.0..14.0),
        ("14–32 Hz", 14.0..33.0),
    ])?;
    let samples = Time::new(&[STEPS])?.sampling_rate(SAMPLING_RATE)?;
    let found = Explainer::new(&model)
        .rule(Rule::GaussLegendre(32)) // the model is smooth
        .explain_many(&[&spectrum, &samples], signal.view())?;

    let bands = found[0].by_group(0)?;
    for (o, name) in OUTPUTS.iter().enumerate() {
        println!("output '{name}' = {:.4}, of which", found[0].value[o]);
        for (k, band) in bands.names.iter().enumerate() {
            let sum = (bands.sums[[o, k]] * 1e4).round() / 1e4 + 0.0; // + 0.0 takes the sign off −0
            println!("  {band:>9}  {sum:.4}");
        }
        let second = found[1].attribution.slice(s![o, ..64]).sum();
        println!("  residual {:+.1e}", found[0].residual[o]);
        println!("  the first second of the signal alone: {second:.4}");
    }
    let evaluations = found[0].evaluations;
    println!(
        "both domains together: {} gradients and {} values of the model, rule {}",
        evaluations.gradients, evaluations.values, found[0].rule
    );
    Ok(())
}
