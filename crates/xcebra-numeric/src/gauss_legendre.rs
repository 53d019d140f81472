//! Gauss–Legendre nodes and weights for any number of nodes.

use std::f64::consts::PI;

use crate::quadrature::Node;

/// Newton's method converges quadratically from its starting values; this is never reached.
const MAX_ITERATIONS: usize = 20;

/// The roots of the Legendre polynomial `P_n` with weights `2 / ((1 − x²) P_n'(x)²)` on `[−1, 1]`,
/// moved to `[0, 1]`.
///
/// Newton's method on each root in the upper half, from Tricomi's first approximation
/// `cos(π (i − ¼)/(n + ½))`; the others mirror it.
pub(crate) fn nodes(n: usize) -> Vec<Node> {
    let mut nodes = vec![
        Node {
            position: 0.5,
            weight: 1.0,
        };
        n
    ];
    for i in 0..n.div_ceil(2) {
        let mut x = if 2 * i + 1 == n {
            0.0
        } else {
            (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos()
        };
        for _ in 0..MAX_ITERATIONS {
            let (value, slope) = legendre(n, x);
            let step = value / slope;
            x -= step;
            if step.abs() <= 4.0 * f64::EPSILON {
                break;
            }
        }
        let derivative = legendre(n, x).1;
        let weight = 1.0 / ((1.0 - x) * (1.0 + x) * derivative * derivative);
        nodes[i] = Node {
            position: 0.5 * (1.0 - x),
            weight,
        };
        nodes[n - 1 - i] = Node {
            position: 0.5 * (1.0 + x),
            weight,
        };
    }
    nodes
}

/// `P_n(x)` and `P_n'(x)` by the three-term recurrence, `|x| < 1`.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (
            value,
            ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k,
        );
    }
    let derivative = n as f64 * (before - x * value) / ((1.0 - x) * (1.0 + x));
    (value, derivative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    /// Closed forms (Abramowitz and Stegun, 25.4), on [−1, 1].
    #[test]
    fn few_nodes_are_the_known_ones() {
        let third = (1.0_f64 / 3.0).sqrt();
        let fifth = 0.6_f64.sqrt();
        let inner = (3.0 / 7.0 - 2.0 / 7.0 * 1.2_f64.sqrt()).sqrt();
        let outer = (3.0 / 7.0 + 2.0 / 7.0 * 1.2_f64.sqrt()).sqrt();
        let (heavy, light) = (
            (18.0 + 30.0_f64.sqrt()) / 36.0,
            (18.0 - 30.0_f64.sqrt()) / 36.0,
        );
        let known: [&[(f64, f64)]; 4] = [
            &[(0.0, 2.0)],
            &[(-third, 1.0), (third, 1.0)],
            &[(-fifth, 5.0 / 9.0), (0.0, 8.0 / 9.0), (fifth, 5.0 / 9.0)],
            &[
                (-outer, light),
                (-inner, heavy),
                (inner, heavy),
                (outer, light),
            ],
        ];
        for (i, expected) in known.iter().enumerate() {
            for (node, (x, w)) in nodes(i + 1).iter().zip(*expected) {
                assert_abs_diff_eq!(2.0 * node.position - 1.0, x, epsilon = 1e-15);
                assert_abs_diff_eq!(2.0 * node.weight, w, epsilon = 1e-15);
            }
        }
    }

    /// Rounding only, which the sum of up to 200 terms keeps below 1e-14 or so.
    #[test]
    fn exact_for_polynomials_up_to_twice_the_nodes_less_one() {
        for n in [1, 2, 3, 5, 16, 33, 64, 200] {
            let nodes = nodes(n);
            for degree in 0..2 * n {
                let sum: f64 = nodes
                    .iter()
                    .map(|node| node.weight * node.position.powi(degree as i32))
                    .sum();
                assert_abs_diff_eq!(sum, 1.0 / (degree as f64 + 1.0), epsilon = 2e-14);
            }
        }
    }

    /// The first degree that is not exact has the error `(n!)⁴ / ((2n + 1) ((2n)!)²)`.
    #[test]
    fn inexact_by_the_known_amount_beyond() {
        for n in 1..=5 {
            let factorial = |m: usize| (1..=m).map(|i| i as f64).product::<f64>();
            let error = factorial(n).powi(4) / ((2 * n + 1) as f64 * factorial(2 * n).powi(2));
            let sum: f64 = nodes(n)
                .iter()
                .map(|node| node.weight * node.position.powi(2 * n as i32))
                .sum();
            assert_abs_diff_eq!(1.0 / (2 * n + 1) as f64 - sum, error, epsilon = 1e-15);
        }
    }

    /// Large rules integrate a peaked smooth function: ∫ dx / (1 + 100 (x − ½)²) = atan(5)/5.
    #[test]
    fn many_nodes_stay_accurate() {
        for n in [500, 1001, 2000] {
            let sum: f64 = nodes(n)
                .iter()
                .map(|node| node.weight / (1.0 + 100.0 * (node.position - 0.5).powi(2)))
                .sum();
            assert_abs_diff_eq!(sum, 5.0_f64.atan() / 5.0, epsilon = 1e-13);
        }
    }
}
