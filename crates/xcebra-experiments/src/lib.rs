//! The experiments of the papers behind xcebra, in pieces that can be interrupted and resumed.
//!
//! `cargo xtask repro` runs them; `docs/reports/results.md` says what came out.
//!
//! | part | where |
//! |---|---|
//! | the synthetic experiment: encoders × attribution methods, auROC against the true map | [`table1`] |
//! | a simulated animal: which cells carry position, heading, speed | [`animal`] |
//! | several animals in one embedding, a new one, and masks in training | [`several_animals`] |
//! | how often `xcebra chance` errs, on recordings of which the answer is known | [`chance`] |
//! | how often the test of map entries errs, on recordings with a known map | [`fdr`] |
//! | which training settings find the true map, and which can be told without it | [`recipe`] |
//! | heart rate from a pulse with motion in it: does the attribution show the heart? | [`heart_rate`] |
//! | a rhythm in one of 19 mixed sources, and in a real recording: is it found? | [`seizure`] |
//! | a forecast: trend near and far | [`forecast`] |
//! | pieces of an experiment, each with its result file | [`cells`] |
//! | how large an experiment is | [`Scale`] |
//! | means, intervals, paired tests | [`statistics`] |
//! | Markdown and CSV | [`Table`] |
//!
//! ```
//! use xcebra_experiments::{Scale, table1};
//!
//! let protocol = table1::Protocol::at("smoke".parse::<Scale>()?);
//! // seeds × numbers of latents × encoders
//! assert_eq!(protocol.cells().len(), 2 * 1 * 6);
//! # Ok::<(), xcebra_experiments::Error>(())
//! ```

#![forbid(unsafe_code)]

pub mod animal;
mod case_study;
pub mod cells;
pub mod chance;
mod error;
pub mod fdr;
pub mod forecast;
pub mod heart_rate;
mod maps;
pub mod recipe;
mod recordings;
mod scale;
pub mod seizure;
pub mod several_animals;
pub mod statistics;
mod table;
pub mod table1;

pub use case_study::{Areas, CaseScale};
pub use error::{Error, Result};
pub use scale::Scale;
pub use table::Table;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
