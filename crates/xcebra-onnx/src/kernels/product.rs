//! Products of matrices in blocks, of sides that are packed once or on the way.

use std::ops::Range;

use pulp::Arch;
use xcebra_model::Scalar;

use super::pack::{DEPTH, Matrix, Packed, Side, pack_block};
use super::tile::{From, Geometry, Sweep, sweep};
use crate::buffer;

/// Most rows of a left matrix that are packed at once.
const ROWS: usize = 384;

/// The left matrix of a product.
#[derive(Clone, Copy)]
pub(crate) enum Left<'a, A> {
    Packed(&'a Packed<A>),
    Matrix(Matrix<'a, A>),
}

/// The right matrix of a product.
#[derive(Clone, Copy)]
pub(crate) enum Right<'a, A> {
    Packed(&'a Packed<A>),
    Matrix(Matrix<'a, A>),
    /// A function that writes the columns of its second argument, for the numbers of the inner axis
    /// of its first; rows of the panel have as many numbers as the last argument says.
    Made(&'a Make<'a, A>),
}

pub(crate) type Make<'a, A> = dyn Fn(Range<usize>, Range<usize>, &mut [A], usize) + 'a;

/// What the sums begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a, A> {
    Zero,
    /// With what the result holds.
    Result,
    /// With one number per row.
    Rows(&'a [A]),
    /// With one number per column.
    Columns(&'a [A]),
}

/// `rows × depth` times `depth × columns`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
}

impl Product {
    pub fn new(rows: usize, depth: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            depth,
        }
    }

    /// Writes the product into the rows of `result`, which has the order of C.
    pub fn run<A: Scalar>(
        &self,
        left: Left<'_, A>,
        right: Right<'_, A>,
        start: Start<'_, A>,
        result: &mut [A],
    ) {
        self.on(Arch::new(), left, right, start, result);
    }

    fn on<A: Scalar>(
        &self,
        arch: Arch,
        left: Left<'_, A>,
        right: Right<'_, A>,
        start: Start<'_, A>,
        result: &mut [A],
    ) {
        let geometry = Geometry::of::<A>(arch);
        if self.rows == 0 || self.columns == 0 {
            return;
        }
        let block = match left {
            Left::Packed(_) => self.rows,
            // blocks of one height: a low one would read the right side for little work
            Left::Matrix(_) => {
                let each = self.rows.div_ceil(self.rows.div_ceil(ROWS));
                each.next_multiple_of(geometry.rows)
            }
        };
        let most = DEPTH.min(self.depth);
        let mut of_left = buffer::of_any_value(match left {
            Left::Packed(_) => 0,
            Left::Matrix(_) => Side::Left.padded(&geometry, block) * most,
        });
        let mut of_right = buffer::of_any_value(match right {
            Right::Packed(_) => 0,
            _ => geometry.columns * most,
        });
        // an inner axis of no numbers has one block too, whose sums are what they begin with
        for k in (0..self.depth.max(1)).step_by(DEPTH) {
            let inner = k..self.depth.min(k + DEPTH);
            let start = if k == 0 { start } else { Start::Result };
            for i in (0..self.rows).step_by(block) {
                let rows = i..self.rows.min(i + block);
                let left = match left {
                    Left::Packed(packed) => packed.block(&inner),
                    Left::Matrix(matrix) => {
                        let length = Side::Left.padded(&geometry, rows.len()) * inner.len();
                        let to = &mut of_left[..length];
                        pack_block(
                            &geometry,
                            Side::Left,
                            matrix,
                            rows.clone(),
                            inner.clone(),
                            to,
                        );
                        &*to
                    }
                };
                for j in (0..self.columns).step_by(geometry.columns) {
                    let columns = j..self.columns.min(j + geometry.columns);
                    let width = geometry.panel_columns(columns.len());
                    let length = width * inner.len();
                    let right = match right {
                        Right::Packed(packed) => &packed.block(&inner)[j * inner.len()..][..length],
                        Right::Matrix(matrix) => {
                            let to = &mut of_right[..length];
                            let (columns, inner) = (columns.clone(), inner.clone());
                            pack_block(&geometry, Side::Right, matrix, columns, inner, to);
                            &*to
                        }
                        Right::Made(make) => {
                            let to = &mut of_right[..length];
                            make(inner.clone(), columns.clone(), to, width);
                            &*to
                        }
                    };
                    let (from, offsets) = match start {
                        Start::Zero => (From::Zero, &[][..]),
                        Start::Result => (From::Result, &[][..]),
                        Start::Rows(offsets) => (From::Rows, &offsets[rows.clone()]),
                        Start::Columns(offsets) => (From::Columns, &offsets[columns.clone()]),
                    };
                    sweep(
                        arch,
                        Sweep {
                            left,
                            right,
                            result: &mut result[rows.start * self.columns + columns.start..],
                            stride: self.columns,
                            rows: rows.len(),
                            columns: columns.len(),
                            depth: inner.len(),
                            from,
                            offsets,
                        },
                    );
                }
            }
        }
        buffer::give(of_left);
        buffer::give(of_right);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::instruction_sets;

    /// Numbers between −1 and 1 without a pattern.
    fn numbers<A: Scalar>(count: usize, seed: usize) -> Vec<A> {
        let value = |i: usize| ((i + 31 * seed) as f64 * 0.7).sin();
        (0..count).map(|i| A::of(value(i))).collect()
    }

    fn stored<A: Copy>(data: &[A], rows: usize, columns: usize, turned: bool) -> Matrix<'_, A> {
        match turned {
            false => Matrix::rows(data, columns),
            true => Matrix::rows(data, rows).t(),
        }
    }

    /// The largest difference from sums in double precision, over all instruction sets, sides packed before
    /// or on the way, and beginnings of the sums.
    fn error<A: Scalar>([m, k, n]: [usize; 3], [turn_left, turn_right]: [bool; 2]) -> f64 {
        let (a, b) = (numbers::<A>(m * k, 1), numbers::<A>(k * n, 2));
        let (left, right) = (stored(&a, m, k, turn_left), stored(&b, k, n, turn_right));
        let (before, rows, columns) = (numbers(m * n, 3), numbers(m, 4), numbers(n, 5));
        let at = |matrix: &Matrix<'_, A>, i: usize, j: usize| {
            matrix.data[i * matrix.row + j * matrix.column].as_f64()
        };
        let made = |inner: Range<usize>, columns: Range<usize>, to: &mut [A], width: usize| {
            to.fill(A::zero());
            for (p, k) in inner.enumerate() {
                for (q, j) in columns.clone().enumerate() {
                    to[p * width + q] = A::of(at(&right, k, j));
                }
            }
        };
        let mut worst = 0.0_f64;
        for (_, arch) in instruction_sets() {
            let packed_left = Packed::on(arch, Side::Left, m, k, left);
            let packed_right = Packed::on(arch, Side::Right, n, k, right);
            let lefts = [Left::Matrix(left), Left::Packed(&packed_left)];
            let rights = [
                Right::Matrix(right),
                Right::Packed(&packed_right),
                Right::Made(&made),
            ];
            let starts = [
                Start::Zero,
                Start::Result,
                Start::Rows(&rows),
                Start::Columns(&columns),
            ];
            for (l, r, s) in (0..24).map(|i| (i % 2, i / 2 % 3, i / 6)) {
                let mut found = before.clone();
                Product::new(m, k, n).on(arch, lefts[l], rights[r], starts[s], &mut found);
                for (place, found) in found.iter().enumerate() {
                    let (i, j) = (place / n, place % n);
                    let first = match s {
                        0 => 0.0,
                        1 => before[place].as_f64(),
                        2 => rows[i].as_f64(),
                        _ => columns[j].as_f64(),
                    };
                    let products = (0..k).map(|k| at(&left, i, k) * at(&right, k, j));
                    let exact = first + products.sum::<f64>();
                    worst = worst.max((found.as_f64() - exact).abs());
                }
            }
        }
        worst
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn agrees_with_sums_in_double_precision(
            sizes in prop::array::uniform3(0_usize..60), turned in prop::array::uniform2(any::<bool>()),
        ) {
            // sums of at most 60 products of numbers below 1
            prop_assert!(error::<f64>(sizes, turned) < 1e-13);
            prop_assert!(error::<f32>(sizes, turned) < 2e-5);
        }
    }

    /// More than one block along the inner axis and along the rows, with panels that are not full.
    #[test]
    fn agrees_across_blocks() {
        for turned in [[false; 2], [true; 2]] {
            let error = error::<f64>([ROWS + 3, 2 * DEPTH + 5, 7], turned);
            // sums of 517 products of numbers below 1
            assert!(error < 1e-12, "{error:e}");
        }
    }
}
