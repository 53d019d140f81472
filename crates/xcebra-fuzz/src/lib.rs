//! Fuzz targets: every reader of the workspace, fed with arbitrary bytes.
//!
//! A target passes if it returns, whatever it was given. `cargo xtask soak fuzz` drives the targets by
//! coverage; this crate's test runs them over the committed corpus and over cheap mutations of it.
//!
//! | target | reader |
//! |---|---|
//! | `npy`, `npz`, `csv`, `edf`, `wav` | [`xcebra_files`]; `edf` reads BDF too |
//! | `hdf5`, `nwb`, `matlab`, `eeglab`, `brainvision`, `flac`, `wfdb`, `columnar`, `tensors` | [`xcebra_files`]; `columnar` reads Parquet and Arrow, `tensors` safetensors |
//! | `onnx` | [`xcebra_onnx`], and a pass through the model if it loads |
//! | `safetensors` | a trained encoder |
//! | `checkpoint` | an interrupted training, and going on with it |
//! | `toml` | settings and their overrides |
//! | `json` | the JSON files of a model's folder |

#![forbid(unsafe_code)]

mod mutate;
mod seeds;
mod targets;

pub use mutate::Mutations;
pub use seeds::{corpus, seeds};
pub use targets::{TARGETS, Target, target};
