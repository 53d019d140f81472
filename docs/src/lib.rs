//! Every Rust block of these pages is a test.

#![forbid(unsafe_code)]
#![cfg(doctest)]

#[doc = include_str!("../extending.md")]
mod extending {}

#[doc = include_str!("../getting-started.md")]
mod getting_started {}
