//! Blocks of rows of the InfoNCE loss: similarities, soft maximum and its derivatives in one
//! pass, without the matrix of all pairs.

use pulp::Arch;
use xcebra_model::Numbers;

use super::pairs_single;
use crate::ops::Element;

/// The negatives are padded to a multiple of this many, the widest vector register.
const LANES: usize = 16;

/// Rows that share each load of a negative.
pub const ROWS: usize = 4;

/// `columns` with its padding.
pub fn padded(columns: usize) -> usize {
    columns.div_ceil(LANES) * LANES
}

/// One block of reference rows against all negatives.
///
/// With `φ_ij = −s ‖u_i − v_j‖²` (or `s u_i·v_j` if `dot`), `lse_i = log Σ_j exp φ_ij` and
/// `p_ij = exp(φ_ij − lse_i)`, [`block`] returns `Σ_i lse_i`,
/// writes `Σ_j p_ij (u_i − v_j)` (or `Σ_j p_ij v_j`) into row `i` of `reference_sum` and adds
/// `Σ_i p_ij (u_i − v_j)` (or `Σ_i p_ij u_i`) to column `j` of `negative_sum`.
#[derive(Debug)]
pub struct Block<'a, E> {
    /// Dot product instead of the negative squared distance.
    pub dot: bool,
    /// Inverse temperature `s`.
    pub scale: E,
    /// Embedding dimensions `d`.
    pub dims: usize,
    /// Number of negatives `n`.
    pub columns: usize,
    /// References `u`, (rows, d).
    pub reference: &'a [E],
    /// Negatives `v`, transposed and padded with zeros: (d, padded n).
    pub negative: &'a [E],
    /// Room for [`ROWS`] × padded n numbers.
    pub scratch: &'a mut [E],
    /// (rows, d), overwritten.
    pub reference_sum: &'a mut [E],
    /// (d, padded n), added to.
    pub negative_sum: &'a mut [E],
}

/// A block in the precision of its numbers.
pub fn block<E: Element>(b: &mut Block<'_, E>) -> f64 {
    let (dot, dims, columns) = (b.dot, b.dims, b.columns);
    let [scratch, reference_sum, negative_sum] =
        [&mut *b.scratch, b.reference_sum, b.negative_sum].map(E::view_mut);
    match E::view(b.reference) {
        Numbers::Single(reference) => pairs_single::block(
            Arch::new(),
            &mut Block {
                dot,
                scale: b.scale.as_f64() as f32,
                dims,
                columns,
                reference,
                negative: E::view(b.negative).single(),
                scratch: scratch.single(),
                reference_sum: reference_sum.single(),
                negative_sum: negative_sum.single(),
            },
        ),
        Numbers::Double(reference) => double(&mut Block {
            dot,
            scale: b.scale.as_f64(),
            dims,
            columns,
            reference,
            negative: E::view(b.negative).double(),
            scratch: scratch.double(),
            reference_sum: reference_sum.double(),
            negative_sum: negative_sum.double(),
        }),
    }
}

/// A block in double precision, row by row.
pub fn double(b: &mut Block<'_, f64>) -> f64 {
    let (d, n) = (b.dims, b.columns);
    let width = padded(n);
    let weights = &mut b.scratch[..n];
    let mut total = 0.0;
    for (u, sums) in b
        .reference
        .chunks_exact(d)
        .zip(b.reference_sum.chunks_exact_mut(d))
    {
        weights.fill(0.0);
        for (&uk, v) in u.iter().zip(b.negative.chunks_exact(width)) {
            for (w, &v) in weights.iter_mut().zip(v) {
                *w += if b.dot { uk * v } else { -(uk - v) * (uk - v) };
            }
        }
        let highest = weights
            .iter()
            .fold(f64::NEG_INFINITY, |a, &w| a.max(w * b.scale));
        weights
            .iter_mut()
            .for_each(|w| *w = (*w * b.scale - highest).exp());
        let sum: f64 = weights.iter().sum();
        total += highest + sum.ln();
        let columns = b
            .negative
            .chunks_exact(width)
            .zip(b.negative_sum.chunks_exact_mut(width));
        for ((&uk, sum_k), (v, g)) in u.iter().zip(sums).zip(columns) {
            *sum_k = 0.0;
            for ((&w, &v), g) in weights.iter().zip(v).zip(g) {
                let p = w / sum;
                let (to_reference, to_negative) = if b.dot {
                    (p * v, p * uk)
                } else {
                    (p * (uk - v), p * (uk - v))
                };
                *sum_k += to_reference;
                *g += to_negative;
            }
        }
    }
    total
}
