//! Is an attribution faithful? Insertion and deletion in its domain, beside those in random order.

use cdig::{Attribution, Domain, Model};
use ndarray::{Array1, ArrayD, ArrayViewD, Axis};
use num_complex::Complex;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_eval::EvalError;
use xcebra_eval::faithfulness::{Curves, deletion, insertion};
use xcebra_numeric::area;

use crate::report::LineChart;

/// Which coefficients come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Those that speak most for the change of the output.
    Signed,
    /// Those with most attribution, whatever its sign.
    Size,
}

/// Curves of one signal, scaled so that the output of the signal is 1 and that of the baseline 0, over the
/// share of coefficients that was exchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderCurves {
    /// Shares of coefficients, from 0 to 1.
    pub fractions: Vec<f64>,
    /// The output while coefficients are replaced by the baseline's, by falling attribution.
    pub deletion: Vec<f64>,
    /// The output while coefficients are put into the baseline, by falling attribution.
    pub insertion: Vec<f64>,
    /// Mean of `deletion` over random orders; empty if there were none.
    pub random_deletion: Vec<f64>,
    /// Mean of `insertion` over random orders; empty if there were none.
    pub random_insertion: Vec<f64>,
}

impl OrderCurves {
    /// Its lists, in the order of the fields.
    pub(super) fn lists(&self) -> [&[f64]; 5] {
        [
            &self.fractions,
            &self.deletion,
            &self.insertion,
            &self.random_deletion,
            &self.random_insertion,
        ]
    }

    /// From its lists, in the order of the fields.
    pub(super) fn of_lists(mut next: impl FnMut() -> Option<Vec<f64>>) -> Option<Self> {
        Some(Self {
            fractions: next()?,
            deletion: next()?,
            insertion: next()?,
            random_deletion: next()?,
            random_insertion: next()?,
        })
    }

    /// The curves of an attribution of one output (or one sum of outputs) in `steps` steps, and of `orders`
    /// random orders drawn from `seed`. None if the outputs of signal and baseline are equal.
    ///
    /// # Errors
    /// [`EvalError`] if model or domain fail, or give values that are not finite.
    pub fn of(
        model: &dyn Model<f64>,
        domain: &dyn Domain<f64>,
        found: &Attribution<f64>,
        order: Order,
        steps: usize,
        (orders, seed): (usize, u64),
    ) -> Result<Option<Self>, EvalError> {
        let (value, baseline) = (found.value[0], found.baseline_value[0]);
        let change = value - baseline;
        if change == 0.0 {
            return Ok(None);
        }
        let scores = found.attribution.index_axis(Axis(0), 0);
        let scores = match order {
            Order::Signed => scores.mapv(|a| a * change.signum()),
            Order::Size => scores.mapv(f64::abs),
        };
        let weights = output_weights(found, model.output_dim());
        let output = |z: ArrayViewD<'_, Complex<f64>>| -> Result<Array1<f64>, EvalError> {
            let signals = domain.inverse(z).map_err(EvalError::model)?;
            let values = model.forward(signals.view()).map_err(EvalError::model)?;
            Ok((values.dot(&weights) - baseline) / change)
        };
        let x = found.coefficients.view().insert_axis(Axis(0)).to_owned();
        let start = found
            .baseline_coefficients
            .view()
            .insert_axis(Axis(0))
            .to_owned();
        let both = |scores: &ArrayD<f64>| -> Result<[Curves; 2], EvalError> {
            let scores = scores.view().insert_axis(Axis(0)).to_owned();
            Ok([
                deletion(output, &x, &start, &scores, steps)?,
                insertion(output, &x, &start, &scores, steps)?,
            ])
        };
        let row = |curves: &Curves| curves.values.row(0).to_vec();
        let [deleted, inserted] = both(&scores)?;
        let mut random = [vec![0.0; steps + 1], vec![0.0; steps + 1]];
        for i in 0..orders {
            let shuffled = random_scores(scores.shape(), seed, i);
            for (sum, curves) in random.iter_mut().zip(both(&shuffled)?) {
                let values = row(&curves);
                sum.iter_mut()
                    .zip(values)
                    .for_each(|(s, v)| *s += v / orders as f64);
            }
        }
        let [random_deletion, random_insertion] = match orders {
            0 => [Vec::new(), Vec::new()],
            _ => random,
        };
        Ok(Some(Self {
            fractions: deleted.fractions.to_vec(),
            deletion: row(&deleted),
            insertion: row(&inserted),
            random_deletion,
            random_insertion,
        }))
    }

    /// The mean curves of several signals with equally many steps; none of no signals.
    pub fn mean(all: &[Self]) -> Option<Self> {
        let first = all.first()?;
        let mean = |part: fn(&Self) -> &Vec<f64>| -> Vec<f64> {
            (0..part(first).len())
                .map(|i| all.iter().map(|c| part(c)[i]).sum::<f64>() / all.len() as f64)
                .collect()
        };
        Some(Self {
            fractions: first.fractions.clone(),
            deletion: mean(|c| &c.deletion),
            insertion: mean(|c| &c.insertion),
            random_deletion: mean(|c| &c.random_deletion),
            random_insertion: mean(|c| &c.random_insertion),
        })
    }

    /// Area under a curve over the shares of coefficients; NaN for an empty one.
    pub fn area(&self, curve: &[f64]) -> f64 {
        if curve.len() != self.fractions.len() {
            return f64::NAN;
        }
        area(&self.fractions, curve)
    }

    /// A chart of curves with their names over the percentage of coefficients; empty curves are left out.
    pub fn chart(&self, title: &str, curves: &[(&str, &[f64])]) -> LineChart {
        let chart = LineChart::new("coefficients exchanged (%)", "share of the change");
        let chart = chart.title(title).from_zero();
        let drawn = curves.iter().filter(|(_, values)| !values.is_empty());
        drawn.fold(chart, |chart, (name, values)| {
            let percent = self.fractions.iter().map(|f| 100.0 * f);
            chart.series(name, percent.zip(values.iter().copied()))
        })
    }
}

/// Weights of all outputs of the model in the explained one.
fn output_weights(found: &Attribution<f64>, outputs: usize) -> Array1<f64> {
    let mut weights = Array1::zeros(outputs);
    match &found.weights {
        Some(sum) => found
            .outputs
            .iter()
            .zip(sum)
            .for_each(|(&k, w)| weights[k] = *w),
        None => weights[found.outputs[0]] = 1.0,
    }
    weights
}

/// Random scores, those of order `i` the same whatever came before.
fn random_scores(shape: &[usize], seed: u64, i: usize) -> ArrayD<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(i as u64);
    ArrayD::from_shape_simple_fn(shape, || rng.gen_range(0.0..1.0))
}

#[cfg(test)]
mod tests {
    use cdig::{Explainer, ModelError, Rule, Time};
    use ndarray::array;
    use xcebra_model::FnModel;

    use super::*;

    /// `Σ k x_k + x_0 …` with known attributions: `k x_k`.
    fn explained() -> (impl Model<f64>, Time, Attribution<f64>) {
        let slopes = array![1.0, 5.0, 2.0, 2.0];
        let backward = slopes.clone();
        let model = FnModel::new(
            vec![4],
            2,
            move |x: ArrayViewD<'_, f64>| {
                let x = x
                    .into_dimensionality::<ndarray::Ix2>()
                    .map_err(ModelError::evaluation)?;
                let y = x.dot(&slopes);
                Ok(ndarray::stack![Axis(1), y, 0.0 * &y])
            },
            move |_: ArrayViewD<'_, f64>, c: ndarray::ArrayView2<'_, f64>| {
                let column = c.column(0).to_owned().insert_axis(Axis(1));
                Ok((&column * &backward.view().insert_axis(Axis(0))).into_dyn())
            },
        );
        let domain = Time::new(&[4]).unwrap();
        let found = Explainer::new(&model)
            .rule(Rule::Midpoint(1))
            .outputs([0])
            .explain(&domain, array![1.0, 1.0, 1.0, 1.0].view())
            .unwrap();
        (model, domain, found)
    }

    #[test]
    fn curves_of_a_linear_model_are_cumulative_sums() {
        let (model, domain, found) = explained();
        let curves = OrderCurves::of(&model, &domain, &found, Order::Signed, 4, (0, 0))
            .unwrap()
            .unwrap();
        let close = |found: &[f64], expected: [f64; 5]| {
            found
                .iter()
                .zip(expected)
                .for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{a} {b}"));
        };
        close(&curves.deletion, [1.0, 0.5, 0.3, 0.1, 0.0]);
        close(&curves.insertion, [0.0, 0.5, 0.7, 0.9, 1.0]);
        assert!(curves.random_deletion.is_empty());
        // trapezoids of width ¼
        assert!((curves.area(&curves.deletion) - 0.35).abs() < 1e-12);
        assert!(curves.area(&curves.random_deletion).is_nan());
    }

    /// On a linear model the mean over all orders is a straight line; 4000 orders come near it.
    #[test]
    fn random_orders_are_random_and_repeatable() {
        let (model, domain, found) = explained();
        let curves = |seed| {
            let random = OrderCurves::of(&model, &domain, &found, Order::Size, 4, (4000, seed));
            random.unwrap().unwrap().random_insertion
        };
        for (i, share) in curves(1).iter().enumerate() {
            assert!((share - i as f64 / 4.0).abs() < 0.02, "{share}");
        }
        assert_eq!(curves(1), curves(1));
        assert_ne!(curves(1), curves(2));
    }
}
