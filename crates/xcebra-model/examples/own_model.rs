//! A type of your own as a model: a bank of Gabor filters over a signal, one energy a filter.
//!
//! `cargo run -p xcebra-model --example own_model`

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, Ix3};
use xcebra_model::{Model, Result, batch_len, check_vjp, cotangent_len, log_odds};

const TIME: usize = 64;

/// Energy `(w_k · x)²` of a one-channel signal in each of several filters `w_k`.
struct FilterEnergies {
    filters: Array2<f64>,
}

impl FilterEnergies {
    fn new(cycles: &[f64]) -> Self {
        let filters = Array2::from_shape_fn((cycles.len(), TIME), |(k, t)| {
            let time = (t as f64 + 0.5) / TIME as f64 - 0.5;
            let window = (-time * time / 0.05).exp();
            window * (std::f64::consts::TAU * cycles[k] * time).cos() / 8.0
        });
        Self { filters }
    }

    /// `w_k · x` of each sample and filter.
    fn projections(&self, x: ArrayViewD<'_, f64>) -> Array2<f64> {
        let x = x
            .into_dimensionality::<Ix3>()
            .expect("checked by the caller");
        x.index_axis(Axis(1), 0).dot(&self.filters.t())
    }
}

impl Model<f64> for FilterEnergies {
    fn input_shape(&self) -> &[usize] {
        &[1, TIME]
    }

    fn output_dim(&self) -> usize {
        self.filters.nrows()
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>> {
        batch_len(self.input_shape(), x.shape())?;
        Ok(self.projections(x).mapv(|p| p * p))
    }

    fn vjp(&self, x: ArrayViewD<'_, f64>, cotangent: ArrayView2<'_, f64>) -> Result<ArrayD<f64>> {
        cotangent_len(
            self.input_shape(),
            x.shape(),
            self.output_dim(),
            cotangent.shape(),
        )?;
        let slopes = self.projections(x) * cotangent * 2.0;
        Ok(slopes.dot(&self.filters).insert_axis(Axis(1)).into_dyn())
    }
}

fn main() -> Result<()> {
    let model = FilterEnergies::new(&[2.0, 5.0, 9.0]);
    let signal = |cycles: f64| {
        move |t: usize| (cycles * t as f64 / TIME as f64 * std::f64::consts::TAU).sin()
    };
    let (slow, fast) = (signal(2.2), signal(8.5));
    let x = ArrayD::from_shape_fn(vec![2, 1, TIME], |at| match at[0] {
        0 => slow(at[2]),
        _ => fast(at[2]),
    });

    println!("energies:\n{:.3}", model.forward(x.view())?);
    println!("{}", check_vjp(&model, x.view())?);

    // combinators take it like any other model
    let odds = log_odds(&model, 2)?;
    println!(
        "log-odds of the fastest filter:\n{:.3}",
        odds.forward(x.view())?
    );
    println!("{}", check_vjp(&odds, x.view())?);
    Ok(())
}
