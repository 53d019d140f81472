//! Explain time series: which latents drive which channels, and which frequencies carry a model's
//! output.
//!
//! This crate is the front door. It re-exports the components, reads and writes data files, makes
//! reports, and holds the command line `xcebra`.
//!
//! | job | where |
//! |---|---|
//! | generate data with a known answer | [`synth`] |
//! | train an encoder of a recording | [`core`], [`FitFile`], [`Run`], [`Unfinished`] |
//! | ask a model which inputs drive its outputs: inverted neuron gradient and baselines | [`attr`] |
//! | null maps of a trained encoder, by training others like it | [`Retraining`] |
//! | can an encoder be trusted? | [`Diagnostics`], [`across_seeds`] |
//! | ask a model which frequencies or other components carry its output | [`cdig`] |
//! | score the answers | [`eval`] |
//! | the contract between models and explainers | [`model`] |
//! | the arithmetic below: quadrature, least squares, bootstrap, checks for infinities and NaN | [`numeric`] |
//! | any ONNX file as a model | [`onnx`] |
//! | name a domain, arrange signals, draw what carries an output | [`explain`] |
//! | read `.npz`, `.npy`, `.csv`, `.edf`, `.bdf`, `.wav`; write `.npz` | [`files`] |
//! | figures and self-contained HTML pages | [`report`] |
//!
//! ```
//! use xcebra::files::{NpzOutput, Source, read};
//! use xcebra::report::{HeatMap, Report};
//! use xcebra::synth::DatasetConfig;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let data = DatasetConfig::paper_protocol(6)?.samples(500).seed(1).generate::<f32>()?;
//! let mut output = NpzOutput::create(&folder.join("data.npz"))?;
//! output.add("x", &data.x)?;
//! output.add("map", &data.map)?;
//! output.commit()?;
//!
//! let recording = read(&Source::new(folder.join("data.npz"), "x"))?.recording::<f32>()?;
//! assert_eq!((recording.samples(), recording.channels.len()), (500, 50));
//!
//! let jacobian = data.jacobian(0)?.mapv(|slope| f64::from(slope.abs()));
//! assert_eq!(xcebra::eval::auroc_map(&data.map, &jacobian)?, 1.0);
//! let figure = HeatMap::new(jacobian.view()).rows("channel").columns("latent").draw();
//! Report::new("One Jacobian")
//!     .figure(figure, "How strongly each latent drives each channel at the first sample.")
//!     .write(&folder.join("report.html"))?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod channels;
mod curves;
mod diagnostics;
pub mod explain;
mod fit_file;
pub mod report;
mod retraining;
mod run;
mod run_error;
pub mod suspicion;
mod unfinished;
mod windows;

pub use channels::Channels;
pub use diagnostics::{DIAGNOSTICS, Diagnostics, LabelAccuracy, LabelR2, words};
pub use fit_file::{DataConfig, FitFile, FitFileError, LabelKind};
pub use retraining::{
    Null, NullMaps, RetrainError, Retrained, Retraining, SeedAgreement, across_seeds, groups,
};
pub use run::{MODEL, Run, ScaledRecording, read_recording};
pub use run_error::RunError;
pub use unfinished::{CHECKPOINT, Effort, Inputs, RESUME, Unfinished};
pub use windows::{Windows, embed, embed_segments};

#[doc(inline)]
pub use cdig;
#[doc(inline)]
pub use xcebra_attr as attr;
#[doc(inline)]
pub use xcebra_core as core;
#[doc(inline)]
pub use xcebra_eval as eval;
#[doc(inline)]
pub use xcebra_files as files;
#[doc(inline)]
pub use xcebra_model as model;
#[doc(inline)]
pub use xcebra_numeric as numeric;
#[doc(inline)]
pub use xcebra_onnx as onnx;
#[doc(inline)]
pub use xcebra_synth as synth;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
