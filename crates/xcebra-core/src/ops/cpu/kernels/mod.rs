//! Numerical kernels on slices: matrix products, GELU, blocks of the InfoNCE loss.
//!
//! [`pulp`] compiles the single-precision kernels for several instruction sets and chooses at run
//! time; sums may therefore differ in their last bits between processors, never between two runs
//! on one. The one `unsafe` call, into the matrix product, is in [`matmul`].

pub mod convolution;
pub mod elementwise;
pub mod exp;
pub mod gelu;
pub mod matmul;
pub mod outer;
pub mod pairs;
pub mod pairs_single;

/// The instruction sets that this machine has, of those the kernels are compiled for.
#[cfg(test)]
fn instruction_sets() -> Vec<(&'static str, pulp::Arch)> {
    #[cfg(target_arch = "x86_64")]
    let more = {
        use pulp::{Arch, x86};
        let avx2 = x86::V3::try_new().map(|simd| ("AVX2", Arch::V3(simd)));
        let avx512 = x86::V4::try_new().map(|simd| ("AVX-512", Arch::V4(simd)));
        avx2.into_iter().chain(avx512)
    };
    #[cfg(not(target_arch = "x86_64"))]
    let more = [("vectors", pulp::Arch::new())];
    std::iter::once(("scalar", pulp::Arch::Scalar))
        .chain(more)
        .collect()
}
