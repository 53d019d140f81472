//! The blocks of [`super::pairs`] in single precision, written for vector registers.

use pulp::{Arch, Simd, WithSimd};

use super::exp::exp_nonpositive_register;
use super::pairs::{Block, ROWS, padded};

/// Numbers between two changes of the embedding dimension, so that they stay in the first cache.
const STRIP: usize = 512;

/// As [`super::pairs::double`], vectorised for the instruction set `arch`.
pub fn block(arch: Arch, b: &mut Block<'_, f32>) -> f64 {
    arch.dispatch(Rows(b))
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
        *tile = exp_nonpositive_register(simd, simd.sub_f32s(*tile, shift));
        sums = simd.add_f32s(sums, *tile);
    }
    let sum = simd.reduce_sum_f32s(sums);
    let inverse = simd.splat_f32s(1.0 / sum);
    for tile in row.iter_mut() {
        *tile = simd.mul_f32s(*tile, inverse);
    }
    f64::from(highest) + f64::from(sum).ln()
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

#[cfg(test)]
mod tests {
    use super::block;
    use crate::ops::cpu::kernels::instruction_sets;
    use crate::ops::cpu::kernels::pairs::{self, Block, ROWS, padded};

    /// Numbers of any order, not far from 0.
    fn numbers(len: usize, seed: usize, size: f64) -> Vec<f32> {
        let number = |i: usize| (((i + 1) * (7919 + 2 * seed)) as f64 * 0.618).sin() * size;
        (0..len).map(|i| number(i) as f32).collect()
    }

    /// Value and both sums, the second without its padding.
    fn run<E: Copy + Default>(
        [u, v]: [&[E]; 2],
        (d, columns, dot): (usize, usize, bool),
        scale: E,
        before: E,
        of: impl Fn(&mut Block<'_, E>) -> f64,
    ) -> (f64, Vec<E>, Vec<E>) {
        let width = padded(columns);
        let mut negative = vec![E::default(); d * width];
        for (k, row) in v.chunks_exact(columns).enumerate() {
            negative[k * width..][..columns].copy_from_slice(row);
        }
        // rows are overwritten and columns added to, whatever was there
        let mut reference_sum = vec![before; u.len()];
        let mut negative_sum = vec![before; d * width];
        let total = of(&mut Block {
            dot,
            scale,
            dims: d,
            columns,
            reference: u,
            negative: &negative,
            scratch: &mut vec![before; ROWS * width],
            reference_sum: &mut reference_sum,
            negative_sum: &mut negative_sum,
        });
        let columns = negative_sum.chunks_exact(width).map(|row| &row[..columns]);
        (total, reference_sum, columns.flatten().copied().collect())
    }

    /// Around the edges of shared rows, registers and strips.
    #[test]
    fn every_instruction_set_agrees_with_double_precision() {
        for d in [1, 3, 64] {
            for columns in [1, 7, 15, 16, 17, 511, 513, 1030] {
                for rows in [1, 3, 4, 7, 9] {
                    let size = 1.5 / (d as f64).sqrt();
                    let [u, v] =
                        [(rows, 1), (columns, 2)].map(|(n, seed)| numbers(n * d, seed, size));
                    let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
                    for dot in [false, true] {
                        let shape = (d, columns, dot);
                        let exact = run([&wide(&u), &wide(&v)], shape, 1.25, 0.5, pairs::double);
                        for (name, arch) in instruction_sets() {
                            let found = run([&u, &v], shape, 1.25, 0.5, |b| block(arch, b));
                            let what = format!("{name}, {rows} × {columns}, d {d}, dot {dot}");
                            // similarities of order 1 and logarithms of order 7, each of relative
                            // error 1e-6
                            let near = |f: f64, e: f64, size: f64| {
                                assert!((f - e).abs() < 3e-6 * size, "{what}: {f} {e}");
                            };
                            near(found.0, exact.0, 7.0 * rows as f64);
                            for (&f, &e) in found.1.iter().zip(&exact.1) {
                                near(f64::from(f), e, size);
                            }
                            for (&f, &e) in found.2.iter().zip(&exact.2) {
                                near(f64::from(f), e, 0.5 + size);
                            }
                        }
                    }
                }
            }
        }
    }
}
