//! The blocks of [`super::pairs`] in single precision, written for vector registers.

use pulp::{Arch, Simd, WithSimd};

use super::pairs::{Block, ROWS, padded};

/// Numbers between two changes of the embedding dimension, so that they stay in the first cache.
const STRIP: usize = 512;

/// As [`super::pairs::block`], vectorised for the instruction sets found at run time.
pub fn block(b: &mut Block<'_, f32>) -> f64 {
    Arch::new().dispatch(Rows(b))
}

struct Rows<'a, 'b>(&'b mut Block<'a, f32>);

impl WithSimd for Rows<'_, '_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let b = self.0;
        let rows = b.reference.len() / b.dims;
        let whole = rows - rows % ROWS;
        let mut total = 0.0;
        for first in (0..whole).step_by(ROWS) {
            total += if b.dot {
                some_rows::<S, ROWS, true>(simd, b, first)
            } else {
                some_rows::<S, ROWS, false>(simd, b, first)
            };
        }
        for first in whole..rows {
            total += if b.dot {
                some_rows::<S, 1, true>(simd, b, first)
            } else {
                some_rows::<S, 1, false>(simd, b, first)
            };
        }
        total
    }
}

#[inline(always)]
fn some_rows<S: Simd, const R: usize, const DOT: bool>(
    simd: S,
    b: &mut Block<'_, f32>,
    first: usize,
) -> f64 {
    let d = b.dims;
    let width = padded(b.columns);
    let u: [&[f32]; R] = std::array::from_fn(|r| &b.reference[(first + r) * d..][..d]);
    let weights = &mut b.scratch[..R * width];
    similarities::<S, R, DOT>(simd, u, b.negative, b.scale, weights);
    let mut total = 0.0;
    for row in weights.chunks_exact_mut(width) {
        row[b.columns..].fill(f32::NEG_INFINITY);
        total += softmax(simd, row);
    }
    let sums = &mut b.reference_sum[first * d..][..R * d];
    gradient_sums::<S, R, DOT>(simd, u, b.negative, weights, sums, b.negative_sum);
    total
}

#[inline(always)]
fn similarities<S: Simd, const R: usize, const DOT: bool>(
    simd: S,
    u: [&[f32]; R],
    negative: &[f32],
    scale: f32,
    out: &mut [f32],
) {
    let d = u[0].len();
    let (negative, _) = S::as_simd_f32s(negative);
    let (out, _) = S::as_mut_simd_f32s(out);
    let width = negative.len() / d;
    let scale = simd.splat_f32s(if DOT { scale } else { -scale });
    for j in 0..width {
        let mut sums = [simd.splat_f32s(0.0); R];
        for k in 0..d {
            let v = negative[k * width + j];
            for r in 0..R {
                let uk = simd.splat_f32s(u[r][k]);
                sums[r] = if DOT {
                    simd.mul_add_e_f32s(uk, v, sums[r])
                } else {
                    let difference = simd.sub_f32s(uk, v);
                    simd.mul_add_e_f32s(difference, difference, sums[r])
                };
            }
        }
        for r in 0..R {
            out[r * width + j] = simd.mul_f32s(sums[r], scale);
        }
    }
}

/// Turns similarities into weights that sum to one; returns their log-sum-exp.
#[inline(always)]
fn softmax<S: Simd>(simd: S, row: &mut [f32]) -> f64 {
    let (row, _) = S::as_mut_simd_f32s(row);
    let mut highest = simd.splat_f32s(f32::NEG_INFINITY);
    for &tile in row.iter() {
        highest = simd.max_f32s(highest, tile);
    }
    let highest = simd.reduce_max_f32s(highest);
    let shift = simd.splat_f32s(highest);
    let mut sums = simd.splat_f32s(0.0);
    for tile in row.iter_mut() {
        *tile = exp_nonpositive(simd, simd.sub_f32s(*tile, shift));
        sums = simd.add_f32s(sums, *tile);
    }
    let sum = simd.reduce_sum_f32s(sums);
    let inverse = simd.splat_f32s(1.0 / sum);
    for tile in row.iter_mut() {
        *tile = simd.mul_f32s(*tile, inverse);
    }
    f64::from(highest) + f64::from(sum).ln()
}

/// [`super::exp::exp_nonpositive`] of a register.
#[inline(always)]
fn exp_nonpositive<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let c = |value: f32| simd.splat_f32s(value);
    let round = c(12_582_912.0);
    let lowest = c(-87.0);
    let clamped = simd.max_f32s(x, lowest);
    let shifted = simd.mul_add_e_f32s(clamped, c(std::f32::consts::LOG2_E), round);
    let k = simd.sub_f32s(shifted, round);
    let r = simd.mul_add_e_f32s(k, c(-0.693_359_4), clamped);
    let r = simd.mul_add_e_f32s(k, c(2.121_944_4e-4), r);
    let mut p = c(1.0 / 5040.0);
    for coefficient in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        p = simd.mul_add_e_f32s(p, r, c(coefficient));
    }
    let bits = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let scale = simd.transmute_f32s_u32s(simd.add_u32s(bits, simd.splat_u32s(0x3f80_0000)));
    let value = simd.mul_f32s(p, scale);
    simd.select_f32s(simd.greater_than_f32s(x, lowest), value, c(0.0))
}

#[inline(always)]
fn gradient_sums<S: Simd, const R: usize, const DOT: bool>(
    simd: S,
    u: [&[f32]; R],
    negative: &[f32],
    weights: &[f32],
    reference_sum: &mut [f32],
    negative_sum: &mut [f32],
) {
    let d = u[0].len();
    let (negative, _) = S::as_simd_f32s(negative);
    let (weights, _) = S::as_simd_f32s(weights);
    let (negative_sum, _) = S::as_mut_simd_f32s(negative_sum);
    let width = negative.len() / d;
    let strip = STRIP / S::F32_LANES;
    reference_sum.fill(0.0);
    for start in (0..width).step_by(strip) {
        let stop = (start + strip).min(width);
        for k in 0..d {
            let mut sums = [simd.splat_f32s(0.0); R];
            let uk: [S::f32s; R] = std::array::from_fn(|r| simd.splat_f32s(u[r][k]));
            let p: [&[S::f32s]; R] =
                std::array::from_fn(|r| &weights[r * width + start..r * width + stop]);
            let v = &negative[k * width + start..k * width + stop];
            let g = &mut negative_sum[k * width + start..k * width + stop];
            for j in 0..stop - start {
                let mut sum = g[j];
                for r in 0..R {
                    if DOT {
                        sum = simd.mul_add_e_f32s(p[r][j], uk[r], sum);
                        sums[r] = simd.mul_add_e_f32s(p[r][j], v[j], sums[r]);
                    } else {
                        let difference = simd.sub_f32s(uk[r], v[j]);
                        sum = simd.mul_add_e_f32s(p[r][j], difference, sum);
                        sums[r] = simd.mul_add_e_f32s(p[r][j], difference, sums[r]);
                    }
                }
                g[j] = sum;
            }
            for r in 0..R {
                reference_sum[r * d + k] += simd.reduce_sum_f32s(sums[r]);
            }
        }
    }
}
