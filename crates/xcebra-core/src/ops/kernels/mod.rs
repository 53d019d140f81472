//! Numerical kernels on slices: matrix products, GELU, blocks of the InfoNCE loss.
//!
//! [`pulp`] compiles the single-precision kernels for several instruction sets and chooses at run
//! time; sums may therefore differ in their last bits between processors, never between two runs
//! on one. The one `unsafe` call, into the matrix product, is in [`matmul`].

pub mod elementwise;
pub mod exp;
pub mod gelu;
pub mod matmul;
pub mod pairs;
pub mod pairs_single;
