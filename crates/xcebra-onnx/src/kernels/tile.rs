//! The innermost part of a matrix product: tiles of the result that stay in registers.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};
use xcebra_model::{Numbers, NumbersMut, Scalar};

use super::real::Real;

/// Vector registers in a row of a tile.
const VECTORS: usize = 3;
/// Most numbers in a row of a tile: registers of 16 lanes.
const MOST_COLUMNS: usize = VECTORS * 16;

/// How many rows and columns a tile has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Geometry {
    pub rows: usize,
    pub columns: usize,
    /// Numbers in a register; a divisor of `columns`.
    pub lanes: usize,
}

/// Rows of a tile: its sums, a row of the right matrix and a number of the left one fit the registers.
#[inline(always)]
fn most_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 8 } else { 4 }
}

struct Find<T>(PhantomData<T>);

impl<T: Real> WithSimd for Find<T> {
    type Output = Geometry;

    fn with_simd<S: Simd>(self, _: S) -> Geometry {
        let lanes = T::lanes::<S>();
        Geometry {
            rows: most_rows::<S>(),
            columns: VECTORS * lanes,
            lanes,
        }
    }
}

impl Geometry {
    pub fn of<A: Scalar>(arch: Arch) -> Self {
        match A::view(&[]) {
            Numbers::Single(_) => arch.dispatch(Find::<f32>(PhantomData)),
            Numbers::Double(_) => arch.dispatch(Find::<f64>(PhantomData)),
        }
    }

    /// Rows of a panel that holds `rows` of them, which are fewer than a tile has at the end.
    pub fn panel_rows(&self, rows: usize) -> usize {
        rows.next_power_of_two().min(self.rows)
    }

    /// Columns of a panel that holds `columns` of them: whole registers.
    pub fn panel_columns(&self, columns: usize) -> usize {
        columns.next_multiple_of(self.lanes).min(self.columns)
    }
}

/// What the sums of a tile begin with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum From {
    Zero,
    /// With what the result holds.
    Result,
    /// With one number per row.
    Rows,
    /// With one number per column.
    Columns,
}

/// A block of rows of the left matrix times one panel of columns of the right one.
pub(super) struct Sweep<'a, T> {
    /// Panels of rows, one after the other: for each number of the inner axis, one number per row.
    pub left: &'a [T],
    /// One panel of columns: for each number of the inner axis, one number per column.
    pub right: &'a [T],
    /// The result from its first row and column on.
    pub result: &'a mut [T],
    /// Distance of the rows of the result.
    pub stride: usize,
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
    pub from: From,
    /// What `from` needs.
    pub offsets: &'a [T],
}

/// Computes a sweep in the precision of its numbers.
pub(super) fn sweep<A: Scalar>(arch: Arch, sweep: Sweep<'_, A>) {
    let Sweep {
        left,
        right,
        result,
        stride,
        rows,
        columns,
        depth,
        from,
        offsets,
    } = sweep;
    match A::view_mut(result) {
        NumbersMut::Single(result) => arch.dispatch(Sweep {
            left: A::view(left).single(),
            right: A::view(right).single(),
            offsets: A::view(offsets).single(),
            result,
            stride,
            rows,
            columns,
            depth,
            from,
        }),
        NumbersMut::Double(result) => arch.dispatch(Sweep {
            left: A::view(left).double(),
            right: A::view(right).double(),
            offsets: A::view(offsets).double(),
            result,
            stride,
            rows,
            columns,
            depth,
            from,
        }),
    }
}

impl<T: Real> WithSimd for Sweep<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let lanes = T::lanes::<S>();
        match self.columns.div_ceil(lanes) {
            1 => self.panels::<S, 1>(simd),
            2 => self.panels::<S, 2>(simd),
            _ => self.panels::<S, VECTORS>(simd),
        }
    }
}

impl<T: Real> Sweep<'_, T> {
    #[inline(always)]
    fn panels<S: Simd, const V: usize>(&mut self, simd: S) {
        let most = most_rows::<S>();
        let (mut row, mut left) = (0, self.left);
        while row < self.rows {
            let rows = (self.rows - row).min(most);
            let width = rows.next_power_of_two();
            let (panel, rest) = left.split_at(width * self.depth);
            match width {
                1 => self.tile::<S, 1, V>(simd, panel, row, rows),
                2 => self.tile::<S, 2, V>(simd, panel, row, rows),
                4 => self.tile::<S, 4, V>(simd, panel, row, rows),
                _ => self.tile::<S, 8, V>(simd, panel, row, rows),
            }
            left = rest;
            row += rows;
        }
    }

    /// One panel of rows, of which the last may be padding.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize>(
        &mut self,
        simd: S,
        left: &[T],
        first: usize,
        rows: usize,
    ) {
        let mut sums = [[T::splat(simd, T::ZERO); V]; R];
        for (i, sums) in sums.iter_mut().enumerate().take(rows) {
            let row = &self.result[(first + i) * self.stride..][..self.columns];
            match self.from {
                From::Zero => {}
                From::Result => load::<T, S, V>(row, sums),
                From::Rows => *sums = [T::splat(simd, self.offsets[first + i]); V],
                From::Columns => load::<T, S, V>(self.offsets, sums),
            }
        }
        let (left, _) = left.as_chunks::<R>();
        let (right, _) = T::vectors::<S>(self.right);
        let (right, _) = right.as_chunks::<V>();
        for (left, right) in left.iter().zip(right) {
            for i in 0..R {
                let x = T::splat(simd, left[i]);
                for j in 0..V {
                    sums[i][j] = T::multiply_add(simd, x, right[j], sums[i][j]);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate().take(rows) {
            let row = &mut self.result[(first + i) * self.stride..][..self.columns];
            store::<T, S, V>(row, sums);
        }
    }
}

/// Registers from numbers that may not fill the last of them.
#[inline(always)]
fn load<T: Real, S: Simd, const V: usize>(from: &[T], to: &mut [T::Vector<S>; V]) {
    if let Some(whole) = T::vectors::<S>(from).0.first_chunk::<V>() {
        *to = *whole;
        return;
    }
    let mut room = [T::ZERO; MOST_COLUMNS];
    room[..from.len()].copy_from_slice(from);
    for (to, from) in to.iter_mut().zip(T::vectors::<S>(&room).0) {
        *to = *from;
    }
}

/// The inverse of [`load`].
#[inline(always)]
fn store<T: Real, S: Simd, const V: usize>(to: &mut [T], from: &[T::Vector<S>; V]) {
    if let Some(whole) = T::vectors_mut::<S>(to).0.first_chunk_mut::<V>() {
        *whole = *from;
        return;
    }
    let mut room = [T::ZERO; MOST_COLUMNS];
    for (to, from) in T::vectors_mut::<S>(&mut room).0.iter_mut().zip(from) {
        *to = *from;
    }
    let count = to.len();
    to.copy_from_slice(&room[..count]);
}
