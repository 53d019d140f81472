//! Matrices in the order in which the tiles of a product read them.

use std::any::Any;
use std::ops::Range;
use std::sync::OnceLock;

use pulp::Arch;
use xcebra_model::Scalar;

use super::tile::Geometry;

/// Numbers of the inner axis that are multiplied before the next: a panel of columns then stays in
/// the first cache, a block of rows in the second.
pub(super) const DEPTH: usize = 256;

/// The sides of a product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    /// Its rows are those of the result.
    Left,
    /// Its columns are those of the result.
    Right,
}

/// A matrix in a slice, in any order: a number is at row · `row` + column · `column`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a, A> {
    pub data: &'a [A],
    pub row: usize,
    pub column: usize,
}

impl<'a, A> Matrix<'a, A> {
    /// In the order of C.
    pub fn rows(data: &'a [A], columns: usize) -> Self {
        Self {
            data,
            row: columns,
            column: 1,
        }
    }

    /// The transpose, without moving anything.
    pub fn t(self) -> Self {
        Self {
            data: self.data,
            row: self.column,
            column: self.row,
        }
    }
}

/// One side of a product, packed once for all products.
#[derive(Debug)]
pub(crate) struct Packed<A> {
    data: Vec<A>,
    /// Numbers of the outer axis with padding.
    width: usize,
}

/// Matrices packed when they are first needed, in the precision that needs them.
///
/// A step computes in one precision all its life, but its type does not say in which.
#[derive(Debug, Default)]
pub(crate) struct PackedOnce(OnceLock<Box<dyn Any + Send + Sync>>);

impl PackedOnce {
    pub fn get<A: Scalar>(&self, make: impl FnOnce(&mut Vec<Packed<A>>)) -> &[Packed<A>] {
        let any = self.0.get_or_init(|| {
            let mut packed: Vec<Packed<A>> = Vec::new();
            make(&mut packed);
            Box::new(packed)
        });
        let packed = any.downcast_ref::<Vec<Packed<A>>>();
        packed.expect("a step computes in one precision")
    }
}

impl<A: Scalar> Packed<A> {
    /// The left matrix `extent × depth` or the right one `depth × extent`.
    pub fn new(side: Side, extent: usize, depth: usize, matrix: Matrix<'_, A>) -> Self {
        Self::on(Arch::new(), side, extent, depth, matrix)
    }

    pub(super) fn on(
        arch: Arch,
        side: Side,
        extent: usize,
        depth: usize,
        matrix: Matrix<'_, A>,
    ) -> Self {
        let geometry = Geometry::of::<A>(arch);
        let width = side.padded(&geometry, extent);
        let mut data = vec![A::zero(); width * depth];
        for start in (0..depth).step_by(DEPTH) {
            let inner = start..depth.min(start + DEPTH);
            let block = &mut data[start * width..inner.end * width];
            pack_block(&geometry, side, matrix, 0..extent, inner, block);
        }
        Self { data, width }
    }

    /// All panels for some numbers of the inner axis.
    pub(super) fn block(&self, inner: &Range<usize>) -> &[A] {
        &self.data[inner.start * self.width..inner.end * self.width]
    }
}

impl Side {
    /// Numbers of the outer axis in a whole panel.
    pub(super) fn panel(self, geometry: &Geometry) -> usize {
        match self {
            Self::Left => geometry.rows,
            Self::Right => geometry.columns,
        }
    }

    /// The outer axis with the padding of its last panel.
    pub(super) fn padded(self, geometry: &Geometry, extent: usize) -> usize {
        let panel = self.panel(geometry);
        let rest = extent % panel;
        extent - rest
            + match (rest, self) {
                (0, _) => 0,
                (rest, Self::Left) => geometry.panel_rows(rest),
                (rest, Self::Right) => geometry.panel_columns(rest),
            }
    }
}

/// Panels of `outer` (from the beginning of a panel on) for the numbers `inner`; `to` is as long as they are.
pub(super) fn pack_block<A: Scalar>(
    geometry: &Geometry,
    side: Side,
    matrix: Matrix<'_, A>,
    outer: Range<usize>,
    inner: Range<usize>,
    to: &mut [A],
) {
    let mut rest = to;
    for first in outer.clone().step_by(side.panel(geometry)) {
        let count = side.panel(geometry).min(outer.end - first);
        let width = side.padded(geometry, count);
        let (panel, more) = rest.split_at_mut(width * inner.len());
        rest = more;
        pack_panel(
            side,
            matrix,
            first..first + count,
            inner.clone(),
            width,
            panel,
        );
    }
}

fn pack_panel<A: Scalar>(
    side: Side,
    matrix: Matrix<'_, A>,
    outer: Range<usize>,
    inner: Range<usize>,
    width: usize,
    panel: &mut [A],
) {
    if inner.is_empty() {
        return;
    }
    let (along, across) = match side {
        Side::Left => (matrix.column, matrix.row),
        Side::Right => (matrix.row, matrix.column),
    };
    let count = outer.len();
    let start = outer.start * across;
    if across == 1 {
        for (k, to) in inner.zip(panel.chunks_exact_mut(width)) {
            to[..count].copy_from_slice(&matrix.data[start + k * along..][..count]);
            to[count..].fill(A::zero());
        }
        return;
    }
    if count < width {
        panel.fill(A::zero());
    }
    for i in 0..count {
        let from = matrix.data[start + i * across + inner.start * along..].iter();
        let to = panel[i..].iter_mut().step_by(width);
        let from = from.step_by(along);
        to.zip(from).for_each(|(to, &from)| *to = from);
    }
}
