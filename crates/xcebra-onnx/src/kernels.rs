//! What the steps spend their time in, for the instruction sets found at run time.
//!
//! [`pulp`] compiles each kernel for several instruction sets and chooses at run time. Sums of
//! products may therefore differ in their last bits between processors, never between two runs on
//! one.

mod exponential;
mod pack;
mod product;
mod real;
mod sums;
mod tile;

pub(crate) use exponential::{each, erf, exp, sigmoid, tanh};
pub(crate) use pack::{Matrix, Packed, PackedOnce, Side};
pub(crate) use product::{Left, Product, Right, Start};
pub(crate) use sums::{largest, sum, sum_of_pairs};

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
