//! Domains by name: `rfft`, `stft:64:16`, `ica:5+rfft`.
//!
//! [`DomainSpec`] reads and writes such names and [builds](DomainSpec::build) the domain of given signals.
//! [`help`] lists all of them. A new domain is one file in `domains/` and one row in `catalogue/rows.rs`.
//!
//! ```
//! use cdig::catalogue::{DomainSpec, Setting};
//!
//! let signals = ndarray::ArrayD::<f64>::zeros(vec![1, 2, 64]);
//! let mut setting = Setting::new(&[2, 64], signals.view());
//! setting.sampling_rate = Some(32.0);
//! let built = "stft:16:4".parse::<DomainSpec>()?.build(&setting)?;
//! assert_eq!(built.domain.coefficient_shape(), [2, 9, 17]); // channels, frequencies, times
//! assert_eq!(built.axes.describe(&[1, 2, 3]).unwrap(), "channel 1, frequency 4 Hz, time 0.375 s");
//! # Ok::<(), cdig::CdigError>(())
//! ```

mod built;
mod entry;
mod named_bands;
mod rows;
mod spec;

pub use built::{Built, Setting};
pub use named_bands::{Bands, NamedBand};
pub use spec::{DomainSpec, help, list};
