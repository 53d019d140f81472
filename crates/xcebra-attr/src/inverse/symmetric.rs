//! Eigenvalues of small symmetric matrices, without eigenvectors.

/// Rational steps converge cubically, in two or three an eigenvalue; sixty mean that they never will.
const MAX_STEPS: usize = 60;

/// Extreme eigenvalues `(smallest, largest)` of a row-major symmetric matrix, of which the lower
/// triangle is read and overwritten, off by some 1e-16 of the largest; `None` if the iteration did
/// not converge. `workspace` holds `3 size` numbers.
///
/// Householder's tridiagonal form, then the rational variant of the QL algorithm (Reinsch, 1973,
/// "tqlrat" of EISPACK), which takes no square root in its inner loop.
pub(super) fn extreme_eigenvalues(
    matrix: &mut [f64],
    size: usize,
    workspace: &mut [f64],
) -> Option<(f64, f64)> {
    let (diagonal, rest) = workspace.split_at_mut(size);
    let (squares, vector) = rest.split_at_mut(size);
    tridiagonalise(matrix, size, diagonal, squares, vector);
    rational_ql(diagonal, squares)?;
    let low = diagonal.iter().copied().fold(f64::INFINITY, f64::min);
    let high = diagonal.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some((low, high))
}

/// Diagonal, and squares of the entries beside it (`squares[i]` between `i` and `i + 1`, the last
/// one zero), of an orthogonally similar tridiagonal matrix.
fn tridiagonalise(
    a: &mut [f64],
    n: usize,
    diagonal: &mut [f64],
    squares: &mut [f64],
    p: &mut [f64],
) {
    // from the last row up: row i loses its entries left of i − 1
    for i in (1..n).rev() {
        let (above, row) = a.split_at_mut(i * n);
        let v = &mut row[..i];
        let norm2: f64 = v.iter().map(|x| x * x).sum();
        squares[i - 1] = norm2;
        let next = v[i - 1];
        if i == 1 || norm2 == next * next {
            continue;
        }
        let norm = norm2.sqrt();
        v[i - 1] += norm.copysign(next);
        let h = 1.0 / (norm2 + norm * next.abs());
        // A ← A − v qᵀ − q vᵀ with p = A v h and q = p − (h vᵀp / 2) v
        let p = &mut p[..i];
        for j in 0..i {
            let (left, right) = (&above[j * n..j * n + j + 1], &v[..=j]);
            let mut sum: f64 = left.iter().zip(right).map(|(a, v)| a * v).sum();
            for k in j + 1..i {
                sum += above[k * n + j] * v[k];
            }
            p[j] = sum * h;
        }
        let along: f64 = p.iter().zip(v.iter()).map(|(p, v)| p * v).sum();
        for (p, v) in p.iter_mut().zip(v.iter()) {
            *p -= 0.5 * h * along * v;
        }
        for j in 0..i {
            for k in 0..=j {
                above[j * n + k] -= v[j] * p[k] + p[j] * v[k];
            }
        }
    }
    for (i, d) in diagonal.iter_mut().enumerate() {
        *d = a[i * n + i];
    }
    squares[n - 1] = 0.0;
}

/// Replaces the diagonal of a tridiagonal matrix by its eigenvalues.
fn rational_ql(d: &mut [f64], e2: &mut [f64]) -> Option<()> {
    let n = d.len();
    let (mut shift, mut scale, mut tiny, mut tiny2) = (0.0, 0.0_f64, 0.0, 0.0);
    for l in 0..n {
        let size = d[l].abs() + e2[l].sqrt();
        if size >= scale {
            scale = size;
            tiny = scale * f64::EPSILON;
            tiny2 = tiny * tiny;
        }
        let m = l + e2[l..].iter().position(|&e| e <= tiny2)?;
        let mut steps = if m > l { 0..MAX_STEPS } else { 0..0 };
        while steps.next().is_some() {
            let root = e2[l].sqrt();
            let before = d[l];
            let p = (d[l + 1] - before) / (2.0 * root);
            d[l] = root / (p + (p * p + 1.0).sqrt().copysign(p));
            let moved = before - d[l];
            d[l + 1..].iter_mut().for_each(|d| *d -= moved);
            shift += moved;
            let nonzero = |g: f64| if g == 0.0 { tiny } else { g };
            let mut g = nonzero(d[m]);
            let (mut h, mut s) = (g, 0.0);
            for i in (l..m).rev() {
                let p = g * h;
                let r = p + e2[i];
                e2[i + 1] = s * r;
                s = e2[i] / r;
                d[i + 1] = h + s * (h + d[i]);
                g = nonzero(d[i] - e2[i] / g);
                h = g * p / r;
            }
            e2[l] = s * g;
            d[l] = h;
            if h == 0.0 || e2[l].abs() <= (tiny2 / h).abs() {
                break;
            }
            e2[l] *= h;
            if e2[l] == 0.0 {
                break;
            }
            if steps.is_empty() {
                return None;
            }
        }
        d[l] += shift;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use xcebra_numeric::RowSvd;

    fn extremes(matrix: &mut [f64], size: usize) -> Option<(f64, f64)> {
        extreme_eigenvalues(matrix, size, &mut vec![0.0; 3 * size])
    }

    /// Eigenvalues of `A Aᵀ` are squared singular values of `A`, here from one-sided rotations.
    #[test]
    fn extremes_are_squared_singular_values() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for size in 1..12 {
            for _ in 0..50 {
                let a: Vec<f64> = (0..size * size).map(|_| rng.gen_range(-1.0..1.0)).collect();
                let mut gram = vec![0.0; size * size];
                for i in 0..size {
                    for j in 0..=i {
                        let entry = |k| a[i * size + k] * a[j * size + k];
                        gram[i * size + j] = (0..size).map(entry).sum();
                    }
                }
                let (low, high) = extremes(&mut gram, size).unwrap();
                let mut svd = RowSvd::new(size, size);
                assert!(svd.decompose(&a));
                let squares = svd.singular_values().iter().map(|value| value.powi(2));
                let (least, most) =
                    squares.fold((f64::MAX, 0.0_f64), |(l, h), s| (l.min(s), h.max(s)));
                // backward stable: some roundings of the largest eigenvalue
                assert!((low - least).abs() <= 1e-14 * most, "{low} {least}");
                assert!((high - most).abs() <= 1e-14 * most, "{high} {most}");
            }
        }
    }

    /// The second difference has the eigenvalues `2 − 2 cos(π k / (n + 1))`; diagonal and zero
    /// matrices need no step.
    #[test]
    fn known_spectra() {
        let n = 9;
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            matrix[i * n + i] = 2.0;
            if i > 0 {
                matrix[i * n + i - 1] = -1.0;
            }
        }
        let known = |k: usize| 2.0 - 2.0 * (std::f64::consts::PI * k as f64 / 10.0).cos();
        let (low, high) = extremes(&mut matrix, n).unwrap();
        assert!((low - known(1)).abs() < 1e-14 && (high - known(9)).abs() < 1e-14);
        let mut diagonal = [3.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 7.0];
        assert_eq!(extremes(&mut diagonal, 3), Some((-1.0, 7.0)));
        assert_eq!(extremes(&mut [0.0; 4], 2), Some((0.0, 0.0)));
    }
}
