//! The machine's rate of matrix products: what a training step is measured against in
//! `docs/reports/performance.md`.
//!
//! Single-precision products of the library that the encoders use, on one thread and on all at
//! once: of squares, and of the shape of the encoder's widest layer on a chunk of samples.

use std::time::Instant;

use rayon::prelude::*;
use xcebra_core::ops::{Matrix, matmul};

/// Rows, inner size and columns of a product.
const SHAPES: [(usize, usize, usize); 2] = [(512, 512, 512), (128, 180, 180)];

const SECONDS: f64 = 1.0;

fn main() {
    let threads = rayon::current_num_threads();
    for (m, k, n) in SHAPES {
        let one = rate(m, k, n);
        let all: f64 = (0..threads).into_par_iter().map(|_| rate(m, k, n)).sum();
        println!("{m} × {k} × {n}: {one:.0} GFLOP/s on one thread, {all:.0} on {threads}");
    }
}

/// Billions of additions and multiplications a second, the best of ten stretches.
fn rate(m: usize, k: usize, n: usize) -> f64 {
    let (a, b) = (vec![0.5_f32; m * k], vec![0.25_f32; k * n]);
    let mut c = vec![0.0_f32; m * n];
    let mut best = 0.0_f64;
    for _ in 0..10 {
        let (mut count, start) = (0, Instant::now());
        while start.elapsed().as_secs_f64() < SECONDS / 10.0 {
            matmul(&mut c, false, Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            count += 1;
        }
        let flops = 2.0 * (m * k * n * count) as f64;
        best = best.max(flops / start.elapsed().as_secs_f64() / 1e9);
    }
    assert!((c[0] - 0.125 * k as f32).abs() < 1e-3 * k as f32);
    best
}
