//! Sums of outer products in single precision, such as the weight gradient of a convolution's tap, without copies.

use pulp::{Arch, Simd, WithSimd};

use super::convolution::{WIDE, load, panels, store};

/// Numbers of both factors that stay in the first cache.
const BLOCK: usize = 8192;

/// `sum[i] += Σ_p c[p]ᵀ x[p]`: outer products of rows of `outputs` and of `depth` numbers, (outputs, depth).
pub fn add_outer(arch: Arch, [outputs, depth]: [usize; 2], c: &[f32], x: &[f32], sum: &mut [f32]) {
    arch.dispatch(Outer {
        outputs,
        depth,
        c,
        x,
        sum,
    });
}

struct Outer<'a> {
    outputs: usize,
    depth: usize,
    c: &'a [f32],
    x: &'a [f32],
    sum: &'a mut [f32],
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (outputs, depth) = (self.outputs, self.depth);
        let block = (BLOCK / (outputs + depth)).clamp(16, 256);
        let blocks = self.c.chunks(block * outputs);
        for (c, x) in blocks.zip(self.x.chunks(block * depth)) {
            let mut part = Outer {
                c,
                x,
                sum: &mut *self.sum,
                ..self
            };
            for panel in panels(depth, 1, S::F32_LANES) {
                match panel.registers {
                    1 => outputs_of::<S, 1>(simd, &mut part, panel.column),
                    _ => outputs_of::<S, WIDE>(simd, &mut part, panel.column),
                }
            }
        }
    }
}

#[inline(always)]
fn outputs_of<S: Simd, const V: usize>(simd: S, p: &mut Outer<'_>, column: usize) {
    let mut output = 0;
    while S::REGISTER_COUNT >= 32 && output + 8 <= p.outputs {
        some_outputs::<S, V, 8>(simd, p, column, output);
        output += 8;
    }
    while output + 4 <= p.outputs {
        some_outputs::<S, V, 4>(simd, p, column, output);
        output += 4;
    }
    if output + 2 <= p.outputs {
        some_outputs::<S, V, 2>(simd, p, column, output);
        output += 2;
    }
    if output < p.outputs {
        some_outputs::<S, V, 1>(simd, p, column, output);
    }
}

#[inline(always)]
fn some_outputs<S: Simd, const V: usize, const R: usize>(
    simd: S,
    p: &mut Outer<'_>,
    column: usize,
    output: usize,
) {
    let columns = column..p.depth.min(column + V * S::F32_LANES);
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    let rows = p.c.chunks_exact(p.outputs).zip(p.x.chunks_exact(p.depth));
    if columns.len() == V * S::F32_LANES {
        for (c, x) in rows {
            let (x, _) = S::as_simd_f32s(&x[columns.clone()]);
            let x = *x.first_chunk().expect("as many registers as the panel has");
            add_row(simd, &mut sums, &c[output..], x);
        }
    } else {
        for (c, x) in rows {
            let x = load::<S, V>(simd, &x[columns.clone()]);
            add_row(simd, &mut sums, &c[output..], x);
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        let all = &mut p.sum[(output + r) * p.depth..][..p.depth];
        let before = load::<S, V>(simd, &all[columns.clone()]);
        let mut after = before;
        for v in 0..V {
            after[v] = simd.add_f32s(before[v], sums[v]);
        }
        store::<S, V>(simd, &mut all[columns.clone()], after);
    }
}

#[inline(always)]
fn add_row<S: Simd, const V: usize, const R: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; R],
    factors: &[f32],
    x: [S::f32s; V],
) {
    let factors = &factors[..R];
    for r in 0..R {
        let factor = simd.splat_f32s(factors[r]);
        for v in 0..V {
            sums[r][v] = simd.mul_add_e_f32s(factor, x[v], sums[r][v]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::add_outer;
    use crate::ops::cpu::kernels::convolution::tests::{assert_near, numbers};
    use crate::ops::cpu::kernels::instruction_sets;

    #[test]
    fn outer_products_are_added() {
        for (name, arch) in instruction_sets() {
            for depth in [1, 7, 16, 31, 32, 33, 50, 100] {
                for (outputs, rows) in [(1, 1), (6, 5), (15, 40), (32, 200)] {
                    let (c, x) = (numbers(rows * outputs, 3), numbers(rows * depth, 5));
                    let mut sum = vec![0.5; outputs * depth];
                    add_outer(arch, [outputs, depth], &c, &x, &mut sum);
                    for (at, &found) in sum.iter().enumerate() {
                        let (output, column) = (at / depth, at % depth);
                        let term = |p: usize| {
                            let (c, x) = (c[p * outputs + output], x[p * depth + column]);
                            f64::from(c) * f64::from(x)
                        };
                        let exact = 0.5 + (0..rows).map(term).sum::<f64>();
                        assert_near(found, exact, &format!("{name}, {outputs} × {depth}, {at}"));
                    }
                }
            }
        }
    }
}
