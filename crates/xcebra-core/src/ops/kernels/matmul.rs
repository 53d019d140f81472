//! Matrix products on slices, by the `gemm` crate.

use crate::element::Element;

/// A view of a matrix in a slice: row-major, or the transpose of a row-major one.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, E> {
    data: &'a [E],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, E> Matrix<'a, E> {
    /// The row-major matrix `rows × columns` at the start of `data`.
    ///
    /// # Panics
    /// If `data` is too short: a fault of this crate, never of its user.
    pub fn new(data: &'a [E], rows: usize, columns: usize) -> Self {
        let len = rows.checked_mul(columns).expect("matrix size overflows");
        assert!(
            data.len() >= len,
            "matrix of {rows} × {columns} in {} numbers",
            data.len()
        );
        Self {
            data,
            rows,
            columns,
            transposed: false,
        }
    }

    /// The transpose, without moving anything.
    pub fn t(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    fn strides(&self) -> (isize, isize) {
        let stored_columns = if self.transposed {
            self.rows
        } else {
            self.columns
        } as isize;
        if self.transposed {
            (1, stored_columns)
        } else {
            (stored_columns, 1)
        }
    }
}

/// `out = a b`, or `out += a b` if `accumulate`; `out` is row-major.
///
/// # Panics
/// If the shapes do not fit: a fault of this crate, never of its user.
#[allow(unsafe_code)]
pub fn matmul<E: Element>(out: &mut [E], accumulate: bool, a: Matrix<'_, E>, b: Matrix<'_, E>) {
    assert_eq!(a.columns, b.rows, "inner sizes of a matrix product");
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert!(
        out.len() >= m * n,
        "product of {m} × {n} into {} numbers",
        out.len()
    );
    if m == 0 || n == 0 {
        return;
    }
    let (a_rows, a_columns) = a.strides();
    let (b_rows, b_columns) = b.strides();
    // SAFETY: `Matrix::new` checked that each operand's slice holds rows × columns numbers, the
    // strides address exactly those, and the assertion above does the same for `out`, which is
    // borrowed mutably and so overlaps neither operand. All slices hold initialised numbers.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            a.data.as_ptr(),
            a_columns,
            a_rows,
            b.data.as_ptr(),
            b_columns,
            b_rows,
            E::one(),
            E::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;

    use super::{Matrix, matmul};

    proptest! {
        #[test]
        fn agrees_with_ndarray(
            m in 0_usize..20, n in 0_usize..20, k in 0_usize..20,
            ta: bool, tb: bool, accumulate: bool, seed in 0_u32..1000,
        ) {
            let value = |i: usize| ((i as f64 + f64::from(seed)) * 0.7).sin();
            let a = Array2::from_shape_fn(if ta { (k, m) } else { (m, k) }, |(i, j)| value(31 * i + j));
            let b = Array2::from_shape_fn(if tb { (n, k) } else { (k, n) }, |(i, j)| value(17 * i + 3 * j + 5));
            let mut out = Array2::from_shape_fn((m, n), |(i, j)| value(i + 7 * j));
            let left = if ta { a.t() } else { a.view() };
            let right = if tb { b.t() } else { b.view() };
            let mut expected = left.dot(&right);
            if accumulate {
                expected += &out;
            }
            let a_view = Matrix::new(a.as_slice().unwrap(), a.nrows(), a.ncols());
            let b_view = Matrix::new(b.as_slice().unwrap(), b.nrows(), b.ncols());
            matmul(
                out.as_slice_mut().unwrap(),
                accumulate,
                if ta { a_view.t() } else { a_view },
                if tb { b_view.t() } else { b_view },
            );
            // sums of at most 20 products of numbers below 1
            prop_assert!((out - expected).iter().all(|e| e.abs() < 1e-13));
        }
    }
}
