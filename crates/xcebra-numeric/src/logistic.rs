//! Logistic regression: probabilities of classes that are linear in their logarithm.

use ndarray::{Array1, Array2, ArrayRef2, ArrayView2, ArrayViewMut2, Axis, Zip};

use crate::error::{NumericError, Result};
use crate::linear_fit::centred;

/// Newton steps after which the fit is given up; ten are usual.
const MOST_STEPS: usize = 200;
/// Halvings of a step that does not lower the loss.
const MOST_HALVINGS: usize = 50;
/// The gradient, relative to its sum of absolute terms, at which the fit has converged.
const CONVERGED: f64 = 1e-13;

/// Logistic regression with a penalty on the squared coefficients: of two classes by one linear function, of more
/// by one for each class.
///
/// `B` and `b` minimise `−c Σ log p(class) + |B|² / 2` with `p ∝ exp(x Bᵀ + b)`, as in scikit-learn. With two
/// classes the function is that of class 1, and that of class 0 is 0.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticFit {
    /// `B`: (1, p) for two classes, (classes, p) for more.
    pub coefficients: Array2<f64>,
    /// `b`: one number for each row of `B`.
    pub intercept: Array1<f64>,
}

/// What is minimised, with the columns of `x` centred and a column of ones after them.
struct Problem {
    x: Array2<f64>,
    classes: Vec<usize>,
    c: f64,
}

impl LogisticFit {
    /// Fits finite `x` (n, p) to `classes` from 0 to `count − 1`.
    ///
    /// Newton's method, each step by conjugate gradients, which keep nothing larger than the data.
    ///
    /// ```
    /// use ndarray::array;
    /// use xcebra_numeric::LogisticFit;
    ///
    /// let x = array![[-2.0], [-1.0], [1.0], [2.0]];
    /// let fit = LogisticFit::of(&x, &[0, 0, 1, 1], 2, 1.0)?;
    /// assert!(fit.intercept[0].abs() < 1e-12); // by symmetry
    /// assert_eq!(fit.classify(&array![[-0.5], [3.0]]), [0, 1]);
    /// # Ok::<(), xcebra_numeric::NumericError>(())
    /// ```
    ///
    /// # Errors
    /// [`NumericError::Parameter`] unless `c` is finite and positive and there are two classes or more,
    /// [`NumericError::NoConvergence`] where rounding leaves no minimum to be found, as with an extreme `c`.
    ///
    /// # Panics
    /// If there is not one class for each row of `x`, or a class is out of range.
    pub fn of(x: &ArrayRef2<f64>, classes: &[usize], count: usize, c: f64) -> Result<Self> {
        assert_eq!(x.nrows(), classes.len(), "one class a sample");
        assert!(
            classes.iter().all(|&class| class < count),
            "classes in range"
        );
        if !(c.is_finite() && c > 0.0) {
            return Err(NumericError::parameter("c", c, "a finite number above 0"));
        }
        if count < 2 {
            return Err(NumericError::parameter(
                "the number of classes",
                count,
                "at least 2",
            ));
        }
        let (n, p) = x.dim();
        // an intercept without penalty takes up the means, and the steps get shorter
        let (x, mean) = centred(x);
        let mut with_ones = Array2::ones((n, p + 1));
        first_mut(&mut with_ones, p).assign(&x);
        let problem = Problem {
            x: with_ones,
            classes: classes.to_vec(),
            c,
        };
        let rows = if count == 2 { 1 } else { count };
        let weights = problem.minimise(Array2::zeros((rows, p + 1)))?;
        let coefficients = first(&weights, p).to_owned();
        let intercept = &weights.column(p) - &coefficients.dot(&mean);
        Ok(Self {
            coefficients,
            intercept,
        })
    }

    /// Probabilities (n, classes) for `x` (n, p).
    ///
    /// # Panics
    /// If `x` has other columns than the fitted data.
    #[must_use]
    pub fn probabilities(&self, x: &ArrayRef2<f64>) -> Array2<f64> {
        probabilities(&(x.dot(&self.coefficients.t()) + &self.intercept))
    }

    /// The most probable class of each row of `x` (n, p); of equal ones the first.
    ///
    /// # Panics
    /// If `x` has other columns than the fitted data.
    #[must_use]
    pub fn classify(&self, x: &ArrayRef2<f64>) -> Vec<usize> {
        let most = |row: ndarray::ArrayView1<'_, f64>| {
            let all = row.iter().enumerate();
            all.fold((0, f64::NEG_INFINITY), |most, (class, &p)| {
                match p > most.1 {
                    true => (class, p),
                    false => most,
                }
            })
        };
        let probabilities = self.probabilities(x);
        probabilities
            .rows()
            .into_iter()
            .map(|row| most(row).0)
            .collect()
    }
}

/// Of linear functions (n, rows): of two classes if there is one row, else of one class a row.
fn probabilities(linear: &Array2<f64>) -> Array2<f64> {
    let mut all = with_reference(linear);
    for mut row in all.rows_mut() {
        let largest = row.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
        row.mapv_inplace(|v| (v - largest).exp());
        let sum = row.sum();
        row /= sum;
    }
    all
}

/// The linear functions of all classes: with two, that of class 0 is 0.
fn with_reference(linear: &Array2<f64>) -> Array2<f64> {
    if linear.ncols() > 1 {
        return linear.clone();
    }
    let mut all = Array2::zeros((linear.nrows(), 2));
    all.column_mut(1).assign(&linear.column(0));
    all
}

impl Problem {
    fn minimise(&self, mut weights: Array2<f64>) -> Result<Array2<f64>> {
        let mut loss = self.loss(&weights);
        for _ in 0..MOST_STEPS {
            let p = probabilities(&self.x.dot(&weights.t()));
            let (gradient, size) = self.gradient(&weights, &p);
            let largest = gradient.fold(0.0_f64, |m, g| m.max(g.abs()));
            if largest <= CONVERGED * size {
                return Ok(weights);
            }
            let step = self.newton_step(&gradient, &p);
            let mut length = 1.0;
            let mut better = None;
            for _ in 0..MOST_HALVINGS {
                let next = &weights + &(length * &step);
                let found = self.loss(&next);
                // near the minimum the loss cannot tell steps apart, and the whole one is right
                if found <= loss + 1e-14 * loss.abs() {
                    better = Some((next, found));
                    break;
                }
                length *= 0.5;
            }
            let Some((next, found)) = better else { break };
            (weights, loss) = (next, found);
        }
        Err(NumericError::NoConvergence {
            what: "the logistic regression",
            iterations: MOST_STEPS,
        })
    }

    /// Number of columns that are penalised: all but the ones.
    fn penalised(&self) -> usize {
        self.x.ncols() - 1
    }

    fn loss(&self, weights: &Array2<f64>) -> f64 {
        let linear = with_reference(&self.x.dot(&weights.t()));
        let likelihood = linear
            .rows()
            .into_iter()
            .zip(&self.classes)
            .map(|(row, &class)| {
                let largest = row.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
                let sum: f64 = row.iter().map(|v| (v - largest).exp()).sum();
                largest + sum.ln() - row[class]
            });
        let penalised = first(weights, self.penalised());
        self.c * likelihood.sum::<f64>() + 0.5 * (&penalised * &penalised).sum()
    }

    /// The gradient, and the size of the terms it is the sum of.
    fn gradient(&self, weights: &Array2<f64>, p: &Array2<f64>) -> (Array2<f64>, f64) {
        let mut errors = p.clone();
        for (mut row, &class) in errors.rows_mut().into_iter().zip(&self.classes) {
            row[class] -= 1.0;
        }
        let errors = rows_of(&errors, weights.nrows());
        let mut gradient = errors.t().dot(&self.x) * self.c;
        let terms = self.x.mapv(f64::abs).sum_axis(Axis(0)) * self.c;
        let size = terms.fold(0.0_f64, |m, &t| m.max(t));
        let mut part = first_mut(&mut gradient, self.penalised());
        part += &first(weights, self.penalised());
        (gradient, size)
    }

    /// Solves `H step = −gradient` by conjugate gradients, scaled by the diagonal of the Hessian.
    fn newton_step(&self, gradient: &Array2<f64>, p: &Array2<f64>) -> Array2<f64> {
        let q = rows_of(p, gradient.nrows());
        let squares = &self.x * &self.x;
        let variance = &q * &(1.0 - &q);
        let mut diagonal = variance.t().dot(&squares) * self.c;
        first_mut(&mut diagonal, self.penalised()).mapv_inplace(|d| d + 1.0);
        // of a class that is certain everywhere nothing is left to learn
        diagonal.mapv_inplace(|d| if d > 0.0 { d } else { 1.0 });
        let product = |v: &Array2<f64>| {
            let mut linear = self.x.dot(&v.t());
            let along = (&q * &linear).sum_axis(Axis(1)).insert_axis(Axis(1));
            Zip::from(&mut linear).and(&q).for_each(|l, &q| *l *= q);
            linear -= &(&q * &along);
            let mut product = linear.t().dot(&self.x) * self.c;
            let mut part = first_mut(&mut product, self.penalised());
            part += &first(v, self.penalised());
            product
        };
        let mut step = Array2::zeros(gradient.dim());
        let mut residual = -gradient;
        let start = (&residual * &residual).sum();
        let mut scaled = &residual / &diagonal;
        let mut direction = scaled.clone();
        let mut inner = (&residual * &scaled).sum();
        for _ in 0..(10 * gradient.len()).min(5000) {
            let image = product(&direction);
            let curvature = (&direction * &image).sum();
            if curvature <= 0.0 || !curvature.is_finite() {
                break;
            }
            let length = inner / curvature;
            step.scaled_add(length, &direction);
            residual.scaled_add(-length, &image);
            if (&residual * &residual).sum() <= 1e-24 * start {
                break;
            }
            scaled = &residual / &diagonal;
            let next = (&residual * &scaled).sum();
            direction = &scaled + &(next / inner * &direction);
            inner = next;
        }
        step
    }
}

/// The first columns of a matrix.
fn first(matrix: &Array2<f64>, columns: usize) -> ArrayView2<'_, f64> {
    matrix.slice_axis(Axis(1), (..columns).into())
}

fn first_mut(matrix: &mut Array2<f64>, columns: usize) -> ArrayViewMut2<'_, f64> {
    matrix.slice_axis_mut(Axis(1), (..columns).into())
}

/// The columns of the classes that have a linear function: all, or the second of two.
fn rows_of(all: &Array2<f64>, rows: usize) -> Array2<f64> {
    match rows {
        1 => all.slice_axis(Axis(1), (1..).into()).to_owned(),
        _ => all.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(n: usize, count: usize) -> (Array2<f64>, Vec<usize>) {
        let x = Array2::from_shape_fn((n, 3), |(i, j)| 5.0 + ((i * i * (j + 1) + j) as f64).sin());
        let class = |i: usize| (x[[i, 0]] + 0.8 * ((i * 7) as f64).cos() > 5.0) as usize;
        let classes = (0..n).map(|i| (class(i) + i / 3) % count).collect();
        (x, classes)
    }

    /// The gradient of what is minimised, by central differences of a loss that is written out here; it is 0 to the
    /// accuracy of the differences, 1e-5 of terms of order 100.
    #[test]
    fn no_change_lowers_the_loss() {
        for count in [2, 3, 5] {
            let (x, classes) = data(120, count);
            let fit = LogisticFit::of(&x, &classes, count, 0.7).unwrap();
            let loss = |fit: &LogisticFit| {
                let p = fit.probabilities(&x);
                let likely: f64 = classes
                    .iter()
                    .enumerate()
                    .map(|(i, &k)| p[[i, k]].ln())
                    .sum();
                -0.7 * likely + 0.5 * fit.coefficients.mapv(|b| b * b).sum()
            };
            for at in fit.coefficients.indexed_iter().map(|(at, _)| at) {
                let moved = |by: f64| {
                    let mut other = fit.clone();
                    other.coefficients[at] += by;
                    loss(&other)
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!(slope.abs() < 1e-5, "{count} {at:?} {slope}");
                assert!(moved(0.1) > loss(&fit) && moved(-0.1) > loss(&fit));
            }
            let sums = fit.probabilities(&x).sum_axis(Axis(1));
            assert!(sums.iter().all(|s| (s - 1.0).abs() < 1e-14));
        }
    }

    #[test]
    fn classes_that_can_be_separated_stay_finite() {
        let x = Array2::from_shape_fn((40, 1), |(i, _)| i as f64 - 19.5);
        let classes: Vec<usize> = (0..40).map(|i| usize::from(i >= 20)).collect();
        let fit = LogisticFit::of(&x, &classes, 2, 1e3).unwrap();
        assert!(fit.coefficients[[0, 0]].is_finite());
        assert_eq!(fit.classify(&x), classes);
    }

    #[test]
    fn parameters_out_of_range_are_refused() {
        let (x, classes) = data(20, 2);
        for c in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(LogisticFit::of(&x, &classes, 2, c).is_err());
        }
        assert!(LogisticFit::of(&x, &[0; 20], 1, 1.0).is_err());
    }
}
