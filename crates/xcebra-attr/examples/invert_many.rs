//! How long 100,000 pseudo-inverses of 6 × 50 matrices take on one thread.
//!
//! `cargo run --release -p xcebra-attr --example invert_many`

use std::time::Instant;

use ndarray::{Array3, ArrayView3};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_attr::AttrError;
use xcebra_attr::inverse::{Tolerance, pseudo_inverses};

const MATRICES: usize = 100_000;

/// Best of five runs, in seconds.
fn seconds(jacobians: &ArrayView3<'_, f64>) -> Result<f64, AttrError> {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        // in pieces, as a recording is streamed: 16 MiB fit in a cache
        for piece in jacobians.axis_chunks_iter(ndarray::Axis(0), 1024) {
            pseudo_inverses(&piece, Tolerance::Auto)?;
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let well = Array3::from_shape_simple_fn((MATRICES, 6, 50), || rng.gen_range(-1.0..1.0));
    let mut deficient = well.clone();
    for mut matrix in deficient.outer_iter_mut() {
        let repeated = matrix.row(0).to_owned();
        matrix.row_mut(5).assign(&repeated);
    }
    for (what, jacobians) in [("well-conditioned", well), ("rank 5 of 6", deficient)] {
        let seconds = seconds(&jacobians.view())?;
        println!("{what}: {seconds:.3} s for {MATRICES} matrices of 6 x 50");
    }
    Ok(())
}
