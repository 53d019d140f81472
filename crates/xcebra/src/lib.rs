//! Explain time series: which latents drive which channels, and which frequencies carry a model's
//! output.
//!
//! This crate is the front door. It re-exports the components and joins them to workflows on arrays and
//! on files. The program `xcebra` is a thin layer over it, in the crate `xcebra-cli`.
//!
//! | job | where |
//! |---|---|
//! | train an encoder on arrays; on files, into a folder that can be resumed | [`fit()`], [`fit_files`], [`resume`] |
//! | take over a model of CEBRA | [`import_cebra`], [`load_cebra`] |
//! | go on with encoders on arrays, or add a new subject to them | [`fit_further`], [`adapt`] |
//! | train with several settings and rank the runs | [`search()`] |
//! | embed a recording | [`embed`], [`embed_files`], [`embed_labelled`] |
//! | which inputs drive which latents, and which entries of the map are real | [`attribute()`], [`attribute_files`] |
//! | which inputs drive which outputs of any model | [`attribute_model`] |
//! | can a label be decoded from an embedding, or from any array? | [`decode()`], [`decode_files`] |
//! | does a decoder of one animal read another? | [`decode_across`] |
//! | do embeddings of runs, seeds or animals agree? | [`compare_embeddings`], [`compare_files`] |
//! | does a training find more than chance? | [`chance()`], [`chance_files`] |
//! | can an encoder be trusted? | [`Diagnostics`], [`compare`], [`goodness_of_fit`] |
//! | which frequencies or other components of a signal carry a model's output | [`explain()`] |
//! | score a map against the true one | [`score_map`] |
//! | spikes, signals and labels of different rates on one clock | [`convert`], [`ClockConfig`] |
//! | what is inside a data file, and which formats there are | [`show()`], [`formats`] |
//! | a recording and its labels from a file into memory | [`read()`] |
//! | see what a result file or a folder holds | [`view()`] |
//! | see it work on data with a known answer | [`demo()`] |
//! | progress, notes and stopping of each of these | [`Watch`](model::Watch) |
//! | why one fails, and what to do | [`Problem`] |
//!
//! Below them are the components:
//!
//! | job | where |
//! |---|---|
//! | generate data with a known answer | [`synth`] |
//! | encoders, losses, training | [`core`], [`FitFile`], [`Run`], [`Unfinished`] |
//! | attribution methods on any model: inverted neuron gradient and baselines | [`attr`] |
//! | null maps of a trained encoder, by training others like it | [`Retraining`] |
//! | integrated gradients in any domain | [`cdig`] |
//! | score the answers | [`eval`] |
//! | the contract between models and explainers | [`model`] |
//! | the arithmetic below: quadrature, least squares, bootstrap, checks for infinities and NaN | [`numeric`] |
//! | any ONNX file as a model | [`onnx`] |
//! | name a domain, arrange signals, draw what carries an output | [`mod@explain`] |
//! | read data files of all formats that [`formats`] lists; write `.npz` | [`files`] |
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
//! let recording = read(&Source::new(folder.join("data.npz"), "x"))?.recording()?;
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

mod answer;
mod attribute;
mod cebra;
mod chance;
mod channels;
mod clock;
mod comparison;
#[cfg(feature = "synth")]
mod dataset;
mod decode;
#[cfg(feature = "synth")]
mod demo;
mod diagnostics;
mod embedding;
pub mod explain;
mod fit;
mod goodness;
mod kept;
mod labelled;
mod pictures;
mod problem;
mod read;
mod retraining;
mod run;
mod run_error;
mod scoring;
mod search;
mod sessions;
mod share;
mod show;
mod stored;
pub mod study;
pub mod suspicion;
mod view;
mod windows;

pub use answer::{Answer, number, numbers, optional};
pub use attribute::{
    AllTested, AttributeSettings, Attributed, ComparableMap, ModelMapSettings, ModelMaps,
    SMALLEST_EFFECT, SignificanceSettings, Tested, attribute, attribute_files, attribute_model,
};
pub use cebra::{ImportJob, import_cebra, load_cebra};
pub use chance::{Chance, ChanceJob, ChanceSettings, chance, chance_files, chance_of};
pub use channels::Channels;
pub use clock::{ClockConfig, ConvertJob, convert, label_of, with_labels};
pub use comparison::{CompareJob, Compared, NamedEmbedding, compare_embeddings, compare_files};
#[cfg(feature = "synth")]
pub use dataset::add_dataset;
pub use decode::{
    DecodeJob, DecodeSettings, Decoded, Decoder, FitOn, HeldOut, Scores, Shuffle, ShuffleControl,
    Shuffles, Target, TargetKind, decode, decode_across, decode_files,
};
#[cfg(feature = "synth")]
pub use demo::{DemoJob, demo};
pub use diagnostics::{DIAGNOSTICS, Diagnostics, LabelAccuracy, LabelR2, words};
pub use embedding::{Embedding, embed, embed_files, embed_labelled};
pub use explain::explain;
pub use fit::fit_file::{DataConfig, FitFile, FitFileError, LabelKind, SubjectsBy};
pub use fit::unfinished::{CHECKPOINT, Effort, Inputs, RESUME, Unfinished};
pub use fit::{
    Arrays, Begin, Data, Earlier, FitJob, Fitted, Label, LabelArray, ResumeJob, Subject, adapt,
    compare, fit, fit_files, fit_further, fit_or_resume, fit_so_far, read_settings, resume,
};
pub use goodness::goodness_of_fit;
pub use problem::{Problem, Result, TextPlace};
pub use read::{Loaded, read};
pub use retraining::{
    Null, NullMaps, RetrainError, Retrained, Retraining, SeedAgreement, across_seeds, blocks,
    groups,
};
pub use run::{MODEL, Run, ScaledRecording};
pub use run_error::RunError;
pub use scoring::{LatentScore, MapScore, score_map, score_map_files};
pub use search::{Axis, SearchData, SearchJob, Searched, Trial, search};
pub use sessions::Sessions;
pub use show::{Shown, formats, show};
pub use view::view;
pub use windows::{Windows, embed_sessions};

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
#[cfg(feature = "onnx")]
#[doc(inline)]
pub use xcebra_onnx as onnx;
#[cfg(feature = "synth")]
#[doc(inline)]
pub use xcebra_synth as synth;

/// Figures, self-contained HTML pages, and the pictures that reports of a training and of its maps share.
pub mod report {
    pub use crate::pictures::{attribution_map, training_curves, verdict_map};
    #[doc(inline)]
    pub use xcebra_report::{
        BarChart, Figure, HeatMap, LineChart, Panels, Paper, Picture, PointCloud, Report, ScalpMap,
        Scatter, Table, TileMap, TimeSeries, number,
    };
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
