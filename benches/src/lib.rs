//! What the benches share: the recording of the comparison with CEBRA, and a small convolutional
//! model.

#![forbid(unsafe_code)]

mod filter_bank;
mod training;

pub use filter_bank::FilterBank;
pub use training::{DIMS, config, labelled, recording};
