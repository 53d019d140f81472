//! Whether an attribution says what the model does.
//!
//! All scores here are blind to the domain: coefficients may be samples in time, Fourier or wavelet
//! coefficients, independent components; real or complex. The model is a closure from a batch of
//! coefficients, first axis samples, to one output a sample: it holds the inverse transform.

mod insertion_deletion;
mod masking;
mod randomisation;
mod sensitivity;
mod sufficiency;

pub use insertion_deletion::{deletion, insertion};
pub use masking::Curves;
pub use randomisation::{Similarity, randomisation, similarity};
pub use sensitivity::{Sensitivity, SensitivityConfig, normal_noise, uniform_noise};
pub use sufficiency::{comprehensiveness, sufficiency};
