//! Vector kernels of the small factorisations.

/// Inner product in eight interleaved partial sums, which the compiler turns into SIMD.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
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
pub(super) fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// `a, b ← c a − s b, s a + c b`.
pub(super) fn rotate(a: &mut [f64], b: &mut [f64], c: f64, s: f64) {
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
    }
}

/// Rows `i < k` of a row-major matrix, both mutable.
pub(super) fn two_rows(
    matrix: &mut [f64],
    width: usize,
    i: usize,
    k: usize,
) -> (&mut [f64], &mut [f64]) {
    let (head, tail) = matrix.split_at_mut(k * width);
    (&mut head[i * width..(i + 1) * width], &mut tail[..width])
}

/// Writes the transpose of a row-major `rows × columns` matrix.
pub(super) fn transpose(matrix: &[f64], rows: usize, columns: usize, out: &mut [f64]) {
    for i in 0..rows {
        for j in 0..columns {
            out[j * rows + i] = matrix[i * columns + j];
        }
    }
}
