//! Rules for integrals over [0, 1].

use std::f64::consts::PI;

/// A rule by which an integral over a path is approximated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Gauss–Legendre: exact for polynomials of degree `2 nodes − 1`; best for smooth models.
    #[default]
    GaussLegendre,
    /// Midpoints of equal steps.
    Midpoint,
    /// Both ends of equal steps, at least two nodes.
    Trapezoid,
    /// The left end of each step.
    Left,
    /// The right end of each step.
    Right,
}

/// Positions in [0, 1] and weights, which sum to 1.
pub(crate) fn nodes(rule: Rule, count: usize) -> Vec<(f64, f64)> {
    let n = count as f64;
    let equal = |offset: f64| {
        let node = |i| ((i as f64 + offset) / n, 1.0 / n);
        (0..count).map(node).collect()
    };
    match rule {
        Rule::GaussLegendre => gauss_legendre(count),
        Rule::Midpoint => equal(0.5),
        Rule::Left => equal(0.0),
        Rule::Right => equal(1.0),
        Rule::Trapezoid => (0..count)
            .map(|i| {
                let end = i == 0 || i + 1 == count;
                (
                    i as f64 / (n - 1.0),
                    if end { 0.5 } else { 1.0 } / (n - 1.0),
                )
            })
            .collect(),
    }
}

/// Roots of the Legendre polynomial `P_n` by Newton's method, from Tricomi's first approximation
/// `cos(π (i + ¾)/(n + ½))`, with weights `2 / ((1 − x²) P_n'(x)²)` on [−1, 1].
fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let mut nodes = vec![(0.5, 1.0); count];
    for i in 0..count.div_ceil(2) {
        let middle = 2 * i + 1 == count;
        let mut x = (PI * (i as f64 + 0.75) / (count as f64 + 0.5)).cos();
        if middle {
            x = 0.0;
        }
        // converges quadratically: three or four steps
        for _ in 0..20 {
            let (value, slope) = legendre(count, x);
            x -= value / slope;
            if (value / slope).abs() <= 4.0 * f64::EPSILON {
                break;
            }
        }
        let slope = legendre(count, x).1;
        let weight = 1.0 / ((1.0 - x) * (1.0 + x) * slope * slope);
        nodes[i] = (0.5 * (1.0 - x), weight);
        nodes[count - 1 - i] = (0.5 * (1.0 + x), weight);
    }
    nodes
}

/// `P_n(x)` and its derivative by the three-term recurrence, `|x| < 1`.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        let next = ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k;
        (before, value) = (value, next);
    }
    let slope = n as f64 * (before - x * value) / ((1.0 - x) * (1.0 + x));
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral(rule: Rule, count: usize, f: impl Fn(f64) -> f64) -> f64 {
        nodes(rule, count).iter().map(|&(x, w)| w * f(x)).sum()
    }

    /// Exact up to the rounding of two hundred terms.
    #[test]
    fn gauss_legendre_is_exact_for_polynomials_of_its_degree() {
        for count in [1, 2, 3, 5, 16, 50, 101, 400] {
            for degree in (0..2 * count).step_by(1 + count / 10) {
                let sum = integral(Rule::GaussLegendre, count, |x| x.powi(degree as i32));
                assert!(
                    (sum - 1.0 / (degree as f64 + 1.0)).abs() < 2e-14,
                    "{count} {degree}"
                );
            }
        }
    }

    /// On x² the errors of rules of equal steps are known in closed form.
    #[test]
    fn equal_steps_are_off_by_the_known_amount() {
        for count in [2, 7, 100] {
            let n = count as f64;
            let off = |rule| integral(rule, count, |x| x * x) - 1.0 / 3.0;
            let sixth = 1.0 / (6.0 * n * n);
            for (rule, error) in [
                (Rule::Midpoint, -0.5 * sixth),
                (Rule::Left, sixth - 0.5 / n),
                (Rule::Right, sixth + 0.5 / n),
                (Rule::Trapezoid, 1.0 / (6.0 * (n - 1.0) * (n - 1.0))),
            ] {
                assert!((off(rule) - error).abs() < 1e-14, "{rule:?} {count}");
            }
        }
    }
}
