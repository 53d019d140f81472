//! Vector kernels of small factorisations, on row-major matrices.

/// Inner product in eight interleaved partial sums, which the compiler turns into SIMD.
#[inline]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (a, b) in a8.iter().zip(b8) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (b + f)) + ((c + g) + (d + h)) + rest
}

/// `y += factor · x`.
#[inline]
pub fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// `a, b ← c a − s b, s a + c b`.
#[inline]
pub fn rotate(a: &mut [f64], b: &mut [f64], c: f64, s: f64) {
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
    }
}

/// Rows `i < k` of a row-major matrix, both mutable.
#[inline]
pub fn two_rows(matrix: &mut [f64], width: usize, i: usize, k: usize) -> (&mut [f64], &mut [f64]) {
    let (head, tail) = matrix.split_at_mut(k * width);
    (&mut head[i * width..(i + 1) * width], &mut tail[..width])
}

/// Writes the transpose of a row-major `rows × columns` matrix.
#[inline]
pub fn transpose(matrix: &[f64], rows: usize, columns: usize, out: &mut [f64]) {
    for i in 0..rows {
        for j in 0..columns {
            out[j * rows + i] = matrix[i * columns + j];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers add up exactly in any order; lengths around the eight lanes.
    #[test]
    fn inner_products_of_any_length() {
        for n in 0..40 {
            let a: Vec<f64> = (1..=n).map(f64::from).collect();
            let sum = f64::from(n * (n + 1) * (2 * n + 1) / 6);
            assert_eq!(dot(&a, &a), sum);
        }
    }

    #[test]
    fn small_matrices_by_hand() {
        let mut matrix = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let (a, b) = two_rows(&mut matrix, 2, 0, 2);
        rotate(a, b, 0.0, 1.0);
        add_scaled(a, 10.0, &[1.0, -1.0]);
        assert_eq!(matrix, [5.0, -16.0, 3.0, 4.0, 1.0, 2.0]);
        let mut turned = [0.0; 6];
        transpose(&matrix, 3, 2, &mut turned);
        assert_eq!(turned, [5.0, 3.0, 1.0, -16.0, 4.0, 2.0]);
    }
}
