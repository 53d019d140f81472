//! What the benches share: the recording of the comparison with CEBRA, a small convolutional model
//! and one of a published form, and the answers to the comparison's requests.

#![forbid(unsafe_code)]

pub mod filter_bank;
pub mod heart_rate;
pub mod service;
mod timed;
mod training;

pub use filter_bank::FilterBank;
pub use heart_rate::HeartRate;
pub use timed::Timed;
pub use training::{
    DIMS, animals, config, config_of_animals, config_of_encoder, doubled, labelled, recording,
};
