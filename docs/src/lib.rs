//! Every Rust block of these pages is a test.

#![cfg(doctest)]

#[doc = include_str!("../extending.md")]
mod extending {}
