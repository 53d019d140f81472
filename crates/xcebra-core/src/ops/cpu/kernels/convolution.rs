//! The products of a convolution in single precision. Each sum stays in registers over all taps, and nothing is
//! copied but the weights, once for all chunks of a batch.

use pulp::{Arch, Simd, WithSimd};

/// Registers side by side in a panel of weights.
pub(super) const WIDE: usize = 2;

/// Weights in panels of two registers' columns, and of one register's at the end if that is enough, padded with
/// zeros: (tap, panel, depth, column).
#[derive(Clone, Debug)]
pub struct Panels {
    arch: Arch,
    depth: usize,
    width: usize,
    /// Numbers of one tap.
    each: usize,
    values: Vec<f32>,
}

/// A panel: its first column, its registers, and where it stands in a tap.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub column: usize,
    pub registers: usize,
    start: usize,
}

/// The panels of `width` columns of length `depth`.
#[inline(always)]
pub(super) fn panels(width: usize, depth: usize, lanes: usize) -> impl Iterator<Item = Panel> {
    (0..width).step_by(WIDE * lanes).map(move |column| Panel {
        column,
        registers: if width - column <= lanes { 1 } else { WIDE },
        // all before it are wide
        start: column * depth,
    })
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

impl Panels {
    /// Panels for the instruction set `arch` of `taps` matrices (depth, width), whose numbers `weight` gives by tap, row
    /// and column.
    pub fn new(
        arch: Arch,
        [taps, depth, width]: [usize; 3],
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let lanes = arch.dispatch(Lanes);
        let mut values = Vec::with_capacity(taps * depth * width.next_multiple_of(lanes));
        for tap in 0..taps {
            for panel in panels(width, depth, lanes) {
                let own = panel.registers * lanes;
                let columns = panel.column..width.min(panel.column + own);
                for k in 0..depth {
                    let padding = own - columns.len();
                    values.extend(columns.clone().map(|column| weight(tap, k, column)));
                    values.resize(values.len() + padding, 0.0);
                }
            }
        }
        Self {
            arch,
            depth,
            width,
            each: values.len() / taps,
            values,
        }
    }

    /// `out[p] = bias + Σ_(tap, first) Σ_k x[first + p · depth + k] w[tap][k]`, for each row `p` of `width` numbers of
    /// `out`. Without `bias` the sums begin at 0.
    pub fn products(
        &self,
        terms: &[(usize, usize)],
        x: &[f32],
        bias: Option<&[f32]>,
        out: &mut [f32],
    ) {
        self.arch.dispatch(Products {
            panels: self,
            terms,
            x,
            bias,
            out,
        });
    }
}

struct Products<'a> {
    panels: &'a Panels,
    terms: &'a [(usize, usize)],
    x: &'a [f32],
    bias: Option<&'a [f32]>,
    out: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (depth, width) = (self.panels.depth, self.panels.width);
        for panel in panels(width, depth, S::F32_LANES) {
            match panel.registers {
                1 => rows_of::<S, 1>(simd, &mut self, panel),
                _ => rows_of::<S, WIDE>(simd, &mut self, panel),
            }
        }
    }
}

/// All rows of the columns of a panel, as many at a time as there are registers for their sums.
#[inline(always)]
fn rows_of<S: Simd, const V: usize>(simd: S, p: &mut Products<'_>, panel: Panel) {
    let rows = p.out.len() / p.panels.width;
    let mut row = 0;
    while S::REGISTER_COUNT >= 32 && row + 8 <= rows {
        some_rows::<S, V, 8>(simd, p, panel, row);
        row += 8;
    }
    while row + 4 <= rows {
        some_rows::<S, V, 4>(simd, p, panel, row);
        row += 4;
    }
    if row + 2 <= rows {
        some_rows::<S, V, 2>(simd, p, panel, row);
        row += 2;
    }
    if row < rows {
        some_rows::<S, V, 1>(simd, p, panel, row);
    }
}

#[inline(always)]
fn some_rows<S: Simd, const V: usize, const R: usize>(
    simd: S,
    p: &mut Products<'_>,
    panel: Panel,
    row: usize,
) {
    let Panels {
        depth, width, each, ..
    } = *p.panels;
    let columns = panel.column..width.min(panel.column + V * S::F32_LANES);
    let start = match p.bias {
        Some(bias) => load::<S, V>(simd, &bias[columns.clone()]),
        None => [simd.splat_f32s(0.0); V],
    };
    let mut sums = [start; R];
    for &(tap, first) in p.terms {
        let weights = &p.panels.values[tap * each + panel.start..];
        let (weights, _) = S::as_simd_f32s(weights);
        let (weights, _) = weights.as_chunks::<V>();
        let weights = &weights[..depth];
        let x: [&[f32]; R] = std::array::from_fn(|r| &p.x[first + (row + r) * depth..][..depth]);
        for k in 0..depth {
            for r in 0..R {
                let factor = simd.splat_f32s(x[r][k]);
                for v in 0..V {
                    sums[r][v] = simd.mul_add_e_f32s(factor, weights[k][v], sums[r][v]);
                }
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        let out = &mut p.out[(row + r) * width..][..width];
        store::<S, V>(simd, &mut out[columns.clone()], sums);
    }
}

/// The numbers that are there, and zeros.
#[inline(always)]
pub(super) fn load<S: Simd, const V: usize>(simd: S, from: &[f32]) -> [S::f32s; V] {
    let mut values = [simd.splat_f32s(0.0); V];
    let (whole, rest) = S::as_simd_f32s(from);
    for (value, &register) in values.iter_mut().zip(whole) {
        *value = register;
    }
    if !rest.is_empty() {
        values[whole.len()] = simd.partial_load_f32s(rest);
    }
    values
}

/// As many numbers as there is room for.
#[inline(always)]
pub(super) fn store<S: Simd, const V: usize>(simd: S, to: &mut [f32], values: [S::f32s; V]) {
    let (whole, rest) = S::as_mut_simd_f32s(to);
    for (register, &value) in whole.iter_mut().zip(&values) {
        *register = value;
    }
    if !rest.is_empty() {
        simd.partial_store_f32s(rest, values[whole.len()]);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::Panels;
    use crate::ops::cpu::kernels::instruction_sets;

    fn number(i: usize) -> f32 {
        ((i + 1) as f64 * 0.618).sin() as f32
    }

    pub fn numbers(len: usize, seed: usize) -> Vec<f32> {
        (0..len).map(|i| number(seed + 31 * i)).collect()
    }

    /// Each of up to 200 additions rounds by 6e-8 of the sum so far at most.
    pub fn assert_near(found: f32, exact: f64, what: &str) {
        let error = (f64::from(found) - exact).abs();
        assert!(
            error < 3e-5 * (1.0 + exact.abs()),
            "{what}: {found} {exact}"
        );
    }

    /// Around the edges of rows and of registers, with taps in any order.
    #[test]
    fn products_are_the_sums_that_they_say() {
        for (name, arch) in instruction_sets() {
            for width in [1, 6, 15, 16, 17, 32, 33, 48, 60, 100] {
                for (depth, rows) in [(1, 1), (3, 2), (32, 3), (50, 13), (7, 23)] {
                    let x = numbers((rows + 5) * depth, 3);
                    let bias = numbers(width, 5);
                    let weight = |tap, k, column| number(7 * tap + 113 * k + 1009 * column);
                    let panels = Panels::new(arch, [3, depth, width], weight);
                    for terms in [vec![(0, 0), (1, depth), (2, 4 * depth)], vec![(2, depth)]] {
                        for bias in [None, Some(bias.as_slice())] {
                            let mut out = vec![f32::NAN; rows * width];
                            panels.products(&terms, &x, bias, &mut out);
                            for (at, &found) in out.iter().enumerate() {
                                let (p, column) = (at / width, at % width);
                                let mut exact = bias.map_or(0.0, |bias| f64::from(bias[column]));
                                for &(tap, first) in &terms {
                                    for k in 0..depth {
                                        let x = f64::from(x[first + p * depth + k]);
                                        exact += x * f64::from(weight(tap, k, column));
                                    }
                                }
                                let what = format!("{name}, {rows} × {depth} × {width}, {at}");
                                assert_near(found, exact, &what);
                            }
                        }
                    }
                }
            }
        }
    }
}
