//! Matrix products on slices, by the `gemm` crate.

use crate::ops::Element;

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
    use crate::ops::Element;

    fn view<E>(x: &Array2<E>, turned: bool) -> Matrix<'_, E> {
        let view = Matrix::new(x.as_slice().unwrap(), x.nrows(), x.ncols());
        if turned { view.t() } else { view }
    }

    /// The largest difference from ndarray in double precision.
    fn error<E: Element>(
        [m, n, k]: [usize; 3],
        [turn_a, turn_b, accumulate]: [bool; 3],
        seed: u32,
    ) -> f64 {
        let value = |i: usize| E::of(((i as f64 + f64::from(seed)) * 0.7).sin());
        let shape = |turned, rows, columns| {
            if turned {
                (columns, rows)
            } else {
                (rows, columns)
            }
        };
        let a = Array2::from_shape_fn(shape(turn_a, m, k), |(i, j)| value(31 * i + j));
        let b = Array2::from_shape_fn(shape(turn_b, k, n), |(i, j)| value(17 * i + 3 * j + 5));
        let mut out = Array2::from_shape_fn((m, n), |(i, j)| value(i + 7 * j));
        let wide = |x: &Array2<E>, turned| {
            let x = x.mapv(E::as_f64);
            if turned { x.reversed_axes() } else { x }
        };
        let mut expected = wide(&a, turn_a).dot(&wide(&b, turn_b));
        if accumulate {
            expected += &wide(&out, false);
        }
        let (a, b) = (view(&a, turn_a), view(&b, turn_b));
        matmul(out.as_slice_mut().unwrap(), accumulate, a, b);
        (wide(&out, false) - expected)
            .iter()
            .fold(0.0, |largest, e| e.abs().max(largest))
    }

    proptest! {
        #[test]
        fn agrees_with_ndarray(
            sizes in prop::array::uniform3(0_usize..70), flags in prop::array::uniform3(any::<bool>()),
            seed in 0_u32..1000,
        ) {
            // sums of at most 70 products of numbers below 1
            prop_assert!(error::<f64>(sizes, flags, seed) < 1e-13);
            prop_assert!(error::<f32>(sizes, flags, seed) < 2e-5);
        }
    }
}
