//! Processes that latents follow, one a file.

mod brownian;

pub use brownian::{Brownian, brownian};
