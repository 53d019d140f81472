//! Error against the number of path points, for each quadrature rule, on random `ReLU` networks.
//!
//! Such a network is piecewise linear along the path. The adaptive rule locates every kink when it has a few
//! points for each; with a large budget it serves as reference, and a fine midpoint rule confirms it. Errors are
//! geometric means over several networks, because on a single one luck decides between rules that have
//! fewer points than there are kinks.
//!
//! Run with `cargo run --release -p cdig --example adaptive`.

use cdig::{Attribution, Baseline, CdigError, Explainer, Model, ModelError, RealFourier, Rule};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD, Ix2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const STEPS: usize = 64;
const HIDDEN: usize = 256;
const NETWORKS: u64 = 8;

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

/// A network with its attributions to rounding.
struct Known {
    model: Network,
    exact: Attribution<f64>,
}

impl Known {
    fn new(seed: u64) -> Result<Self, CdigError> {
        let model = Network::random(seed);
        let exact = explain(&model, adaptive(20_000))?;
        Ok(Self { model, exact })
    }

    /// `Σ|error of attributions| / Σ|attributions|`, and `|residual| / |F(x) − F(x')|`: of the adaptive rule
    /// before it makes use of the values, afterwards it is rounding.
    fn errors(&self, rule: Rule) -> Result<[f64; 2], CdigError> {
        let found = explain(&self.model, rule)?;
        let size = |x: &ArrayD<f64>| x.mapv(f64::abs).sum();
        let error = size(&(&found.attribution - &self.exact.attribution));
        let residual = match &found.convergence {
            Some(convergence) => convergence.quadrature_residual[0],
            None => found.residual[0],
        };
        let change = found.value[0] - found.baseline_value[0];
        let relative = error / size(&self.exact.attribution);
        Ok([relative, (residual / change).abs()])
    }
}

fn adaptive(budget: usize) -> Rule {
    Rule::Adaptive {
        tolerance: 0.0,
        budget,
    }
}

/// Two tones in the spectrum, from silence.
fn explain(model: &Network, rule: Rule) -> Result<Attribution<f64>, CdigError> {
    let wave = |t: usize, hz: f64| (t as f64 / STEPS as f64 * hz * std::f64::consts::TAU).sin();
    let signal = Array1::from_shape_fn(STEPS, |t| 2.0 * wave(t, 3.0) + wave(t, 11.0));
    Explainer::new(model)
        .baseline(Baseline::Zero)
        .rule(rule)
        .explain(&RealFourier::new(&[STEPS], STEPS as f64)?, signal.view())
}

fn main() -> Result<(), CdigError> {
    let networks = (1..=NETWORKS)
        .map(Known::new)
        .collect::<Result<Vec<Known>, CdigError>>()?;
    let points = |known: &Known| known.exact.convergence.as_ref().map_or(0, |c| c.points);
    let most = networks.iter().map(points).max().unwrap_or(0);
    println!("reference: adaptive, exact to rounding with at most {most} points");
    let [off, _] = networks[0].errors(Rule::Midpoint(20_000))?;
    println!("midpoint:20000 differs by {off:.1e} on the first network\n");

    println!(
        "Σ|error of attributions| / Σ|attributions|, and |residual of the sum| / |F(x) − F(x')|,"
    );
    println!("geometric means over {NETWORKS} networks");
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
            Rule::Trapezoid(points - 1),
            Rule::Midpoint(points),
            Rule::GaussLegendre(points),
            adaptive(points),
        ];
        for rule in rules {
            let mut logarithms = [0.0; 2];
            for known in &networks {
                let errors = known.errors(rule)?;
                for (sum, error) in logarithms.iter_mut().zip(errors) {
                    *sum += error.max(f64::EPSILON).ln() / NETWORKS as f64;
                }
            }
            let [error, residual] = logarithms.map(f64::exp);
            print!("  {error:>7.1e} {residual:>7.1e}");
        }
        println!();
    }
    Ok(())
}
