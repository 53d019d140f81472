//! Every Rust block of these pages is a test.

#![forbid(unsafe_code)]
#![cfg(doctest)]

#[doc = include_str!("../how-to/extending.md")]
mod extending {}

#[doc = include_str!("../how-to/use-one-crate.md")]
mod use_one_crate {}
