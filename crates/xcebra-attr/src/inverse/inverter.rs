//! Inverting many matrices of one shape.

use xcebra_numeric::RowSvd;
use xcebra_numeric::kernels::transpose;

use super::gram::Gram;
use super::{Cutoff, Inversion};

/// Inverts matrices of one shape, `outputs × inputs`, row-major and finite, without allocating.
/// Results are transposed pseudo-inverses, of the same shape.
pub(super) struct Inverter {
    solver: Solver,
    outputs: usize,
    inputs: usize,
    /// Transposed copies of a matrix with more outputs than inputs, and of its result.
    transposed: Option<[Vec<f64>; 2]>,
}

impl Inverter {
    pub(super) fn new(outputs: usize, inputs: usize, cutoff: Cutoff) -> Self {
        let (short, long) = (outputs.min(inputs), outputs.max(inputs));
        let copies = || [vec![0.0; short * long], vec![0.0; short * long]];
        Self {
            solver: Solver {
                short,
                long,
                cutoff,
                gram: Gram::new(short),
                svd: RowSvd::new(short, long),
            },
            outputs,
            inputs,
            transposed: (outputs > inputs).then(copies),
        }
    }

    /// By normal equations where they are accurate, else by [`by_svd`](Self::by_svd).
    pub(super) fn invert(&mut self, jacobian: &[f64], out: &mut [f64]) -> Option<Inversion> {
        self.solve(jacobian, out, |solver, matrix, out| {
            solver
                .by_normal_equations(matrix, out)
                .or_else(|| solver.by_svd(matrix, out))
        })
    }

    /// By singular value decomposition; `None` if that does not converge.
    pub(super) fn by_svd(&mut self, jacobian: &[f64], out: &mut [f64]) -> Option<Inversion> {
        self.solve(jacobian, out, Solver::by_svd)
    }

    /// Singular values of the last matrix decomposed, in no order.
    pub(super) fn singular_values(&self) -> &[f64] {
        self.solver.svd.singular_values()
    }

    /// The pseudo-inverse of a transpose is the transpose of the pseudo-inverse, and solvers want
    /// no more rows than columns.
    fn solve(
        &mut self,
        jacobian: &[f64],
        out: &mut [f64],
        by: impl FnOnce(&mut Solver, &[f64], &mut [f64]) -> Option<Inversion>,
    ) -> Option<Inversion> {
        let Some([matrix, result]) = &mut self.transposed else {
            return by(&mut self.solver, jacobian, out);
        };
        transpose(jacobian, self.outputs, self.inputs, matrix);
        let inversion = by(&mut self.solver, matrix, result)?;
        transpose(result, self.inputs, self.outputs, out);
        Some(inversion)
    }
}

/// Inverts `short × long` matrices.
struct Solver {
    short: usize,
    long: usize,
    cutoff: Cutoff,
    gram: Gram,
    svd: RowSvd,
}

impl Solver {
    /// `None` if the matrix is too ill-conditioned, or if the tolerance might drop a singular
    /// value.
    fn by_normal_equations(&mut self, matrix: &[f64], out: &mut [f64]) -> Option<Inversion> {
        let bounds = self.gram.factor(matrix, self.long)?;
        if bounds.smallest <= self.cutoff.at(bounds.largest) {
            return None;
        }
        self.gram.pseudo_inverse(matrix, self.long, out);
        Some(Inversion {
            rank: self.short,
            condition: Some(self.gram.condition()?),
        })
    }

    fn by_svd(&mut self, matrix: &[f64], out: &mut [f64]) -> Option<Inversion> {
        if !self.svd.decompose(matrix) {
            return None;
        }
        let values = self.svd.singular_values();
        let largest = values.iter().copied().fold(0.0, f64::max);
        let cutoff = self.cutoff.at(largest);
        self.svd.pseudo_inverse(cutoff, out);
        let kept = || values.iter().copied().filter(|&value| value > cutoff);
        let smallest = kept().fold(f64::INFINITY, f64::min);
        let rank = kept().count();
        Some(Inversion {
            rank,
            condition: (rank > 0).then(|| largest / smallest),
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::inverse::Tolerance;

    fn inverter(outputs: usize, inputs: usize) -> Inverter {
        let cutoff = Tolerance::Auto.cutoff::<f64>(outputs, inputs).unwrap();
        Inverter::new(outputs, inputs, cutoff)
    }

    fn random(size: usize, seed: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..size).map(|_| rng.gen_range(-1.0..1.0)).collect()
    }

    /// Euclidean length, of values whose squares may leave `f64`.
    fn norm(values: &[f64]) -> f64 {
        values.iter().fold(0.0, |norm: f64, v| norm.hypot(*v))
    }

    /// Whether the normal equations take the matrix; if so, they must agree with the singular value
    /// decomposition as documented: to some 1e-16 times the squared condition number.
    fn is_fast(inverter: &mut Inverter, matrix: &[f64]) -> bool {
        let (mut by_svd, mut fast) = (matrix.to_vec(), matrix.to_vec());
        let exact = inverter.by_svd(matrix, &mut by_svd).unwrap();
        let Some(found) = inverter.solve(matrix, &mut fast, Solver::by_normal_equations) else {
            // what is left is inverted by the singular value decomposition
            assert_eq!(inverter.invert(matrix, &mut fast), Some(exact));
            assert_eq!(fast, by_svd);
            return false;
        };
        let condition = exact.condition.unwrap();
        let difference: Vec<f64> = fast.iter().zip(&by_svd).map(|(a, b)| a - b).collect();
        assert!(norm(&difference) <= 1e-15 * condition.powi(2) * norm(&by_svd));
        assert_eq!(found.rank, exact.rank);
        assert!((found.condition.unwrap() - condition).abs() <= 1e-6 * condition);
        true
    }

    #[test]
    fn well_conditioned_matrices_take_the_fast_path() {
        for (outputs, inputs) in [(1, 1), (1, 7), (3, 25), (6, 50), (8, 40), (40, 8), (5, 1)] {
            let mut inverter = inverter(outputs, inputs);
            for seed in 0..20 {
                assert!(is_fast(&mut inverter, &random(outputs * inputs, seed)));
            }
        }
    }

    #[test]
    fn deficient_and_clipped_matrices_do_not() {
        let (outputs, inputs) = (4, 9);
        let mut inverter = inverter(outputs, inputs);
        for seed in 0..20 {
            let full = random(outputs * inputs, seed);
            let mut repeated = full.clone();
            repeated.copy_within(0..inputs, 2 * inputs);
            assert!(!is_fast(&mut inverter, &repeated));
            let mut clipped = full;
            clipped[inputs..2 * inputs].fill(0.0);
            assert!(!is_fast(&mut inverter, &clipped));
        }
        assert!(!is_fast(&mut inverter, &[0.0; 36]));
    }

    /// A row pulled towards another one, up to and beyond the largest condition number.
    #[test]
    fn the_fast_path_ends_where_it_would_be_inaccurate() {
        let (outputs, inputs) = (3, 12);
        let mut inverter = inverter(outputs, inputs);
        let full = random(outputs * inputs, 1);
        let near = |power: i32| {
            let mut near = full.clone();
            for j in 0..inputs {
                near[j] = near[inputs + j] + near[j] * 10.0_f64.powi(-power);
            }
            near
        };
        for power in 0..3 {
            assert!(is_fast(&mut inverter, &near(power)), "{power}");
        }
        for power in 3..18 {
            assert!(!is_fast(&mut inverter, &near(power)), "{power}");
        }
    }

    #[test]
    fn out_of_range_squares_do_not_take_the_fast_path() {
        let matrix = random(24, 3);
        for (scale, fast) in [
            (1e100, true),
            (1e-100, true),
            (1e160, false),
            (1e-160, false),
        ] {
            let scaled: Vec<f64> = matrix.iter().map(|v| v * scale).collect();
            assert_eq!(is_fast(&mut inverter(4, 6), &scaled), fast);
        }
    }

    #[test]
    fn a_tolerance_coarser_than_the_fast_path_is_obeyed() {
        let cutoff = Tolerance::Relative(0.1).cutoff::<f64>(2, 2).unwrap();
        let mut inverter = Inverter::new(2, 2, cutoff);
        let mut out = [0.0; 4];
        let inversion = inverter.invert(&[1.0, 0.0, 0.0, 0.05], &mut out).unwrap();
        assert_eq!((inversion.rank, out), (1, [1.0, 0.0, 0.0, 0.0]));
        let inversion = inverter.invert(&[1.0, 0.0, 0.0, 0.5], &mut out).unwrap();
        assert_eq!((inversion.rank, out), (2, [1.0, 0.0, 0.0, 2.0]));
    }
}
