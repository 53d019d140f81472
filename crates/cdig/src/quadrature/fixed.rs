//! Rules of equal steps.

use super::Node;

pub(super) fn midpoint(steps: usize) -> Vec<Node> {
    let n = steps as f64;
    (0..steps)
        .map(|i| Node {
            position: (i as f64 + 0.5) / n,
            weight: 1.0 / n,
        })
        .collect()
}

pub(super) fn trapezoid(steps: usize) -> Vec<Node> {
    let n = steps as f64;
    (0..=steps)
        .map(|i| Node {
            position: i as f64 / n,
            weight: if i == 0 || i == steps {
                0.5 / n
            } else {
                1.0 / n
            },
        })
        .collect()
}

pub(super) fn right(steps: usize) -> Vec<Node> {
    let n = steps as f64;
    (1..=steps)
        .map(|i| Node {
            position: i as f64 / n,
            weight: 1.0 / n,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    fn square(nodes: &[Node]) -> f64 {
        nodes.iter().map(|n| n.weight * n.position.powi(2)).sum()
    }

    /// The error of x² is known in closed form; 1e-14 is rounding.
    #[test]
    fn errors_on_a_parabola_are_the_known_ones() {
        for steps in [1, 2, 7, 100] {
            let n = steps as f64;
            let third = 1.0 / 3.0;
            assert_abs_diff_eq!(
                square(&midpoint(steps)),
                third - 1.0 / (12.0 * n * n),
                epsilon = 1e-14
            );
            assert_abs_diff_eq!(
                square(&trapezoid(steps)),
                third + 1.0 / (6.0 * n * n),
                epsilon = 1e-14
            );
            assert_abs_diff_eq!(
                square(&right(steps)),
                third + 1.0 / (2.0 * n) + 1.0 / (6.0 * n * n),
                epsilon = 1e-14
            );
        }
    }
}
