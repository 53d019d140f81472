//! Least squares with a penalty on the absolute values of the coefficients.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayView1, Axis};

use crate::error::{NumericError, Result};
use crate::kernels::{add_scaled, dot};
use crate::least_squares::triangular_factor;
use crate::linear_fit::{LinearFit, centred};

/// Sweeps over the coefficients after which the descent is given up.
const MOST_SWEEPS: usize = 100_000;
/// Changes of the prediction in a sweep, relative to `y`, below which it has converged; a few hundred roundings.
const CONVERGED: f64 = 1e-13;

impl LinearFit {
    /// The lasso: `B` and `b` that minimise `|y − x Bᵀ − b|² / 2n + alpha Σ |B|`, for each output alone. Most
    /// coefficients of inputs that do not matter are exactly 0; `rank` is the number of inputs that some output uses.
    ///
    /// Coordinate descent on the triangular factor of the centred data, whose size does not depend on the number of
    /// samples, until no coefficient changes the prediction by more than `1e-13` of `y`.
    ///
    /// ```
    /// use ndarray::array;
    /// use xcebra_numeric::LinearFit;
    ///
    /// // the slope of 2 is shrunk by alpha / variance = 0.5
    /// let x = array![[-1.0], [-1.0], [1.0], [1.0]];
    /// let fit = LinearFit::lasso(&x, &x.mapv(|x| 2.0 * x + 3.0), 0.5)?;
    /// assert!((fit.coefficients[[0, 0]] - 1.5).abs() < 1e-14);
    /// assert!((fit.intercept[0] - 3.0).abs() < 1e-14);
    /// # Ok::<(), xcebra_numeric::NumericError>(())
    /// ```
    ///
    /// # Errors
    /// [`NumericError::Parameter`] unless `alpha` is finite and positive, [`NumericError::NoConvergence`] where the
    /// columns of `x` depend on each other so closely that the descent comes to no end.
    ///
    /// # Panics
    /// If `x` and `y` differ in rows.
    pub fn lasso(x: &ArrayRef2<f64>, y: &ArrayRef2<f64>, alpha: f64) -> Result<Self> {
        if !(alpha.is_finite() && alpha > 0.0) {
            let expected = "a finite number above 0";
            return Err(NumericError::parameter("alpha", alpha, expected));
        }
        let (n, p) = x.dim();
        let (x, x_mean) = centred(x);
        let (y, y_mean) = centred(y);
        // |y − x w|² and |r_y − r_x w|² differ by a constant
        let (x, y) = match n > p {
            true => {
                let factor = triangular_factor(&x, &y);
                let (rows, _) = factor.view().split_at(Axis(0), p);
                let (x, y) = rows.split_at(Axis(1), p);
                (x.to_owned(), y.to_owned())
            }
            false => (x, y),
        };
        let columns = x.reversed_axes().as_standard_layout().into_owned();
        let penalty = alpha * n as f64;
        let mut coefficients = Array2::zeros((y.ncols(), p));
        for (y, mut row) in y.columns().into_iter().zip(coefficients.rows_mut()) {
            row.assign(&descend(&columns, &y, penalty)?);
        }
        let used = coefficients.columns().into_iter();
        let rank = used
            .filter(|column| column.iter().any(|&b| b != 0.0))
            .count();
        Ok(Self {
            intercept: y_mean - coefficients.dot(&x_mean),
            coefficients,
            rank,
        })
    }
}

/// Minimises `|y − Σ w_j x_j|² / 2 + penalty Σ |w_j|` for columns `x_j`, the rows of `columns`.
fn descend(columns: &Array2<f64>, y: &ArrayRef1<f64>, penalty: f64) -> Result<Array1<f64>> {
    let p = columns.nrows();
    let squares: Vec<f64> = columns.rows().into_iter().map(|x| x.dot(&x)).collect();
    let mut weights = Array1::zeros(p);
    let mut residual = y.to_vec();
    let all: Vec<usize> = (0..p).filter(|&j| squares[j] > 0.0).collect();
    let limit = CONVERGED * y.dot(y).sqrt();
    let mut sweeps = 0;
    loop {
        // a sweep over all, then as many as are needed over those that count
        let change = sweep(
            columns,
            &squares,
            &all,
            penalty,
            &mut weights,
            &mut residual,
        );
        if change <= limit {
            return Ok(weights);
        }
        let active: Vec<usize> = all.iter().copied().filter(|&j| weights[j] != 0.0).collect();
        loop {
            sweeps += 1;
            if sweeps > MOST_SWEEPS {
                return Err(NumericError::NoConvergence {
                    what: "the lasso",
                    iterations: MOST_SWEEPS,
                });
            }
            let change = sweep(
                columns,
                &squares,
                &active,
                penalty,
                &mut weights,
                &mut residual,
            );
            if change <= limit {
                break;
            }
        }
    }
}

/// Brings one coefficient after another to its best value; the largest change of the prediction.
fn sweep(
    columns: &Array2<f64>,
    squares: &[f64],
    which: &[usize],
    penalty: f64,
    weights: &mut Array1<f64>,
    residual: &mut [f64],
) -> f64 {
    let mut largest = 0.0_f64;
    for &j in which {
        let column: ArrayView1<'_, f64> = columns.row(j);
        let column = column.to_slice().expect("rows in standard layout");
        let old = weights[j];
        let along = dot(column, residual) + squares[j] * old;
        let new = (along.abs() - penalty).max(0.0).copysign(along) / squares[j];
        if new != old {
            add_scaled(residual, old - new, column);
            weights[j] = new;
            largest = largest.max((new - old).abs() * squares[j].sqrt());
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(n: usize, p: usize) -> (Array2<f64>, Array2<f64>) {
        let x = Array2::from_shape_fn((n, p), |(i, j)| {
            ((i * i + 3 * j) as f64 * (j + 1) as f64).sin()
        });
        let y = Array2::from_shape_fn((n, 2), |(i, k)| {
            2.0 * x[[i, k]] - x[[i, 2]] + (i as f64).cos()
        });
        (x, y)
    }

    /// At the minimum the gradient is `alpha` times the sign where a coefficient is not 0, and no larger elsewhere;
    /// 1e-12: a few roundings of sums of order 1.
    #[test]
    fn the_conditions_of_a_minimum_hold() {
        for (n, p) in [(300, 5), (6, 9)] {
            let (x, y) = data(n, p);
            for alpha in [1e-3, 0.1, 0.4] {
                let fit = LinearFit::lasso(&x, &y, alpha).unwrap();
                let residual = &y - &fit.predict(&x);
                let gradient = residual.t().dot(&x) / n as f64;
                for (g, b) in gradient.iter().zip(&fit.coefficients) {
                    match *b == 0.0 {
                        true => assert!(g.abs() <= alpha + 1e-12, "{g} {alpha}"),
                        false => assert!((g - alpha.copysign(*b)).abs() < 1e-12, "{g} {alpha}"),
                    }
                }
                assert!(residual.sum().abs() < 1e-10);
            }
        }
    }

    #[test]
    fn a_large_penalty_leaves_the_mean() {
        let (x, y) = data(50, 4);
        let fit = LinearFit::lasso(&x, &y, 1e3).unwrap();
        assert_eq!((fit.rank, fit.coefficients.sum()), (0, 0.0));
        let mean = y.mean_axis(Axis(0)).unwrap();
        assert!((fit.intercept - mean).iter().all(|d| d.abs() < 1e-14));
        let constant = Array2::from_elem((50, 2), 0.1);
        assert_eq!(LinearFit::lasso(&constant, &y, 0.1).unwrap().rank, 0);
    }

    #[test]
    fn penalties_that_make_no_lasso_are_refused() {
        let (x, y) = data(20, 3);
        for alpha in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                LinearFit::lasso(&x, &y, alpha),
                Err(NumericError::Parameter { name: "alpha", .. })
            ));
        }
    }
}
