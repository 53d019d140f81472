//! Clenshaw–Curtis rules, and the integral of their interpolant between nodes.

use std::f64::consts::PI;

/// The rule with `order + 1` nodes `(1 − cos(πj/order))/2` on `[0, 1]`; each order contains the nodes
/// of half of it.
pub(super) struct ClenshawCurtis {
    order: usize,
    /// Row `k`: antiderivative of the interpolant's part `T_k` at every node, `k = 0 … order`.
    antiderivatives: Vec<Vec<f64>>,
}

impl ClenshawCurtis {
    pub(super) fn new(order: usize) -> Self {
        let antiderivatives = (0..=order)
            .map(|k| (0..=order).map(|j| antiderivative(k, j, order)).collect())
            .collect();
        Self {
            order,
            antiderivatives,
        }
    }

    /// The nodes in ascending order, the ends exactly 0 and 1.
    pub(super) fn positions(order: usize) -> Vec<f64> {
        (0..=order)
            .map(|j| match j {
                0 => 0.0,
                _ if j == order => 1.0,
                _ => (PI * j as f64 / (2 * order) as f64).sin().powi(2),
            })
            .collect()
    }

    /// Integrals between neighbouring nodes of the polynomial with these values at the nodes.
    pub(super) fn between_nodes(&self, values: &[f64]) -> Vec<f64> {
        let coefficients = self.coefficients(values);
        let primitive: Vec<f64> = (0..=self.order)
            .map(|j| {
                let parts = coefficients.iter().zip(&self.antiderivatives);
                parts.map(|(c, antiderivative)| c * antiderivative[j]).sum()
            })
            .collect();
        primitive.windows(2).map(|ends| ends[1] - ends[0]).collect()
    }

    /// Weights of the nodes; they add up to 1.
    pub(super) fn weights(&self) -> Vec<f64> {
        (0..=self.order)
            .map(|node| {
                let mut unit = vec![0.0; self.order + 1];
                unit[node] = 1.0;
                self.between_nodes(&unit).iter().sum()
            })
            .collect()
    }

    /// Chebyshev coefficients of the interpolant in `x = 1 − 2t`, at whose extrema the nodes lie.
    fn coefficients(&self, values: &[f64]) -> Vec<f64> {
        let n = self.order;
        let halved = |i: usize| if i == 0 || i == n { 0.5 } else { 1.0 };
        (0..=n)
            .map(|k| {
                let sum: f64 = (0..=n)
                    .map(|j| halved(j) * values[j] * cosine(k * j, n))
                    .sum();
                2.0 / n as f64 * halved(k) * sum
            })
            .collect()
    }
}

/// `cos(πm/n)`, reduced first so that large `m` cost no accuracy.
fn cosine(m: usize, n: usize) -> f64 {
    (PI * (m % (2 * n)) as f64 / n as f64).cos()
}

/// `∫ T_k(1 − 2t) dt` at node `j`, up to a constant: `−½ ∫ T_k(x) dx`.
fn antiderivative(k: usize, j: usize, order: usize) -> f64 {
    let t = |degree: usize| cosine(degree * j, order);
    let integral = match k {
        0 => t(1),
        1 => 0.25 * t(2),
        _ => 0.5 * (t(k + 1) / (k + 1) as f64 - t(k - 1) / (k - 1) as f64),
    };
    -0.5 * integral
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    #[test]
    fn few_nodes_are_the_known_ones() {
        // Simpson's rule, and (1, 8, 12, 8, 1)/30 (Davis and Rabinowitz)
        let known: [&[f64]; 2] = [
            &[1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0],
            &[1.0 / 30.0, 8.0 / 30.0, 12.0 / 30.0, 8.0 / 30.0, 1.0 / 30.0],
        ];
        for (order, known) in [2, 4].into_iter().zip(known) {
            let weights = ClenshawCurtis::new(order).weights();
            for (weight, known) in weights.iter().zip(known) {
                assert_abs_diff_eq!(weight, known, epsilon = 1e-15);
            }
        }
    }

    #[test]
    fn orders_are_nested() {
        for order in [4, 8, 64] {
            let finer = ClenshawCurtis::positions(2 * order);
            for (coarse, fine) in ClenshawCurtis::positions(order)
                .iter()
                .zip(finer.iter().step_by(2))
            {
                assert_eq!(coarse, fine);
            }
        }
    }

    /// Polynomials up to the order are integrated between all nodes; 1e-14 is rounding.
    #[test]
    fn exact_for_polynomials_up_to_the_order() {
        for order in [4, 8, 32] {
            let rule = ClenshawCurtis::new(order);
            let nodes = ClenshawCurtis::positions(order);
            for degree in 0..=order as i32 {
                let values: Vec<f64> = nodes.iter().map(|t| t.powi(degree)).collect();
                let power = |t: f64| t.powi(degree + 1) / f64::from(degree + 1);
                for (ends, found) in nodes.windows(2).zip(rule.between_nodes(&values)) {
                    assert_abs_diff_eq!(found, power(ends[1]) - power(ends[0]), epsilon = 1e-14);
                }
            }
        }
    }
}
