//! Error against the number of path points, for each quadrature rule, on a random `ReLU` network.
//!
//! Such a network is piecewise linear along the path. The adaptive rule locates every kink when it has a few
//! points for each; with a large budget it serves as reference, and a fine midpoint rule confirms it.
//!
//! Run with `cargo run --release -p cdig --example adaptive`.

use cdig::{Attribution, Baseline, CdigError, Explainer, Model, ModelError, RealFourier, Rule};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD, Ix2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const STEPS: usize = 64;
const HIDDEN: usize = 256;

/// Two hidden layers: `w · relu(V relu(U x + b) + c)`.
struct Network {
    first: Array2<f64>,
    first_bias: Array1<f64>,
    second: Array2<f64>,
    second_bias: Array1<f64>,
    last: Array1<f64>,
}

impl Network {
    fn random(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |size: f64| size * rng.gen_range(-1.0..1.0);
        let (outer, inner) = ((6.0 / STEPS as f64).sqrt(), (6.0 / HIDDEN as f64).sqrt());
        Self {
            first: Array2::from_shape_simple_fn((STEPS, HIDDEN), || draw(outer)),
            first_bias: Array1::from_shape_simple_fn(HIDDEN, || draw(1.0)),
            second: Array2::from_shape_simple_fn((HIDDEN, HIDDEN), || draw(inner)),
            second_bias: Array1::from_shape_simple_fn(HIDDEN, || draw(1.0)),
            last: Array1::from_shape_simple_fn(HIDDEN, || draw(inner)),
        }
    }

    /// Both hidden layers before the `ReLU`.
    fn hidden(&self, x: ArrayViewD<'_, f64>) -> Result<[Array2<f64>; 2], ModelError> {
        let x = x
            .into_dimensionality::<Ix2>()
            .map_err(ModelError::evaluation)?;
        let first = x.dot(&self.first) + &self.first_bias;
        let second = first.mapv(relu).dot(&self.second) + &self.second_bias;
        Ok([first, second])
    }
}

fn relu(x: f64) -> f64 {
    x.max(0.0)
}

fn step(x: f64) -> f64 {
    if x > 0.0 { 1.0 } else { 0.0 }
}

impl Model<f64> for Network {
    fn input_shape(&self) -> &[usize] {
        &[STEPS]
    }

    fn output_dim(&self) -> usize {
        1
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let [_, second] = self.hidden(x)?;
        let values = second.mapv(relu).dot(&self.last);
        Ok(values.insert_axis(ndarray::Axis(1)))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        let [first, second] = self.hidden(x)?;
        let back = second.mapv(step) * &self.last * cotangent;
        let back = back.dot(&self.second.t()) * first.mapv(step);
        Ok(back.dot(&self.first.t()).into_dyn())
    }
}

fn main() -> Result<(), CdigError> {
    let model = Network::random(7);
    let domain = RealFourier::new(&[STEPS], STEPS as f64)?;
    let wave = |t: usize, hz: f64| (t as f64 / STEPS as f64 * hz * std::f64::consts::TAU).sin();
    let signal = Array1::from_shape_fn(STEPS, |t| 2.0 * wave(t, 3.0) + wave(t, 11.0));
    let explain = |rule: Rule| -> Result<Attribution<f64>, CdigError> {
        Explainer::new(&model)
            .baseline(Baseline::Zero)
            .rule(rule)
            .explain(&domain, signal.view())
    };

    let adaptive = |budget| Rule::Adaptive {
        tolerance: 0.0,
        budget,
    };
    let exact = explain(adaptive(20_000))?;
    let size = exact.attribution.mapv(f64::abs).sum();
    let error = |found: &Attribution<f64>| {
        (&found.attribution - &exact.attribution)
            .mapv(f64::abs)
            .sum()
            / size
    };
    let points = exact.convergence.as_ref().map_or(0, |c| c.points);
    println!(
        "F(x) − F(x') = {:.4}",
        exact.value[0] - exact.baseline_value[0]
    );
    println!("reference: adaptive, exact to rounding with {points} points");
    println!(
        "midpoint:20000 differs by {:.1e}\n",
        error(&explain(Rule::Midpoint(20_000))?)
    );

    println!(
        "Σ|error of attributions| / Σ|attributions|, and |residual of the sum| / |F(x) − F(x')|"
    );
    println!(
        "(of the adaptive rule before it makes use of the values; afterwards it is rounding)\n"
    );
    println!(
        "{:>7} {:>17} {:>17} {:>17} {:>17} {:>17}",
        "points", "right", "trapezoid", "midpoint", "gauss-legendre", "adaptive"
    );
    for points in [25, 50, 100, 200, 500, 1000] {
        print!("{points:>7}");
        let rules = [
            Rule::Right(points),
            Rule::Trapezoid(points),
            Rule::Midpoint(points),
            Rule::GaussLegendre(points),
            adaptive(points),
        ];
        for rule in rules {
            let found = explain(rule)?;
            let residual = match &found.convergence {
                Some(convergence) => convergence.quadrature_residual[0],
                None => found.residual[0],
            };
            let change = found.value[0] - found.baseline_value[0];
            print!(
                "  {:>7.1e} {:>7.1e}",
                error(&found),
                (residual / change).abs()
            );
        }
        println!();
    }
    Ok(())
}
