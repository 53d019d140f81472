//! Explaining a model's output on recorded signals: from names and arrays to what [`cdig`] takes, and
//! from its results to arrays with units, curves and pictures.
//!
//! ```
//! use xcebra::explain::{DomainSpec, Setting};
//!
//! let signals = ndarray::ArrayD::<f64>::zeros(vec![1, 2, 64]);
//! let mut setting = Setting::new(&[2, 64], signals.view());
//! setting.sampling_rate = Some(32.0);
//! let built = "stft:16:4".parse::<DomainSpec>()?.build(&setting)?;
//! assert_eq!(built.domain.coefficient_shape(), [2, 9, 17]); // channels, frequencies, times
//! # Ok::<(), xcebra::cdig::CdigError>(())
//! ```

mod axes;
pub(crate) mod by_channel;
pub(crate) mod channel_maps;
mod components;
mod curves;
mod in_time;
mod layout;
mod planes;
pub(crate) mod reading;
mod sentinels;
mod signals;
mod spectra;
mod summary;
mod view;
mod workflow;

pub use axes::{axis_arrays, axis_names};
pub use cdig::catalogue::{Bands, Built, DomainSpec, NamedBand, Setting};
pub use curves::{Order, OrderCurves};
pub use sentinels::sentinels;
pub use signals::{Input, Signals};
pub use summary::{Strongest, cancelled, cancelled_over_channels, percent};
pub use view::View;
pub use workflow::{
    BaselineSource, Domains, ExplainJob, ExplainSettings, Explained, ExplainedModel, Explanation,
    FrequencyUnit, GradientSource, GroupBy, InputSettings, InputsExplanation, ModelOptions,
    OutputSpec, Outputs, Precision, SignalSource, Subject, explain, explain_inputs, predicted,
};
