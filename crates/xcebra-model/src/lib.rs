//! The contract between differentiable models and the methods that explain them.
//!
//! A [`Model`] maps a batch of samples to outputs and pulls cotangents back from outputs to inputs;
//! explainers ask nothing else. Implement it for a type of your own, or wrap closures:
//!
//! ```
//! use ndarray::{Axis, array};
//! use xcebra_model::{FnModel, Model, check_vjp, select_output};
//!
//! // two outputs of three inputs: W x, with the pull-back cᵀ W
//! let weights = array![[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]];
//! let transposed = weights.t().to_owned();
//! let linear = FnModel::new(
//!     [3],
//!     2,
//!     move |x| Ok(x.into_dimensionality::<ndarray::Ix2>().unwrap().dot(&transposed)),
//!     move |_, cotangent| Ok(cotangent.dot(&weights).into_dyn()),
//! );
//!
//! let x = array![[1.0, 1.0, 1.0], [0.5, 0.0, 2.0]].into_dyn();
//! assert!(check_vjp(&linear, x.view())?.passed());
//!
//! let second = select_output(linear, 1)?;
//! assert_eq!(second.forward(x.view())?, array![[2.0], [6.0]]);
//! let gradients = second.jacobian(x.view())?;
//! assert_eq!(gradients.index_axis(Axis(0), 0), array![[0.0, -1.0, 3.0]].into_dyn());
//! # Ok::<(), xcebra_model::ModelError>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | the contract, generic over [`Scalar`] (`f32`, `f64`) | [`Model`] |
//! | models from closures, with or without a gradient | [`FnModel`], [`BlackBox`] |
//! | a model that computes in single precision, for callers in double precision | [`Narrowed`] |
//! | models from models | [`select_output`], [`then`], [`mean_over_outputs`], [`softmax`], [`log_odds`] |
//! | comparing a gradient with finite differences | [`check_vjp`], [`VjpCheck`] |
//! | progress, notes and stopping of long work | [`Watch`] |
//! | what an error is about, and what to do about it | [`Advice`], [`Kind`], [`find_cause`] |
//! | derivatives of any function by differences of its values | [`central_differences`] |

#![forbid(unsafe_code)]

mod advice;
mod black_box;
mod check;
mod combinators;
mod differences;
mod error;
mod function;
mod model;
mod narrowed;
mod scalar;
mod shape;
mod watch;

pub use advice::{Advice, Kind, find_cause};
pub use black_box::BlackBox;
pub use check::{Answer, Mismatch, VjpCheck, VjpReport, check_vjp};
pub use combinators::{
    LogOdds, MeanOverOutputs, SelectOutput, Softmax, Then, log_odds, mean_over_outputs,
    select_output, softmax, then,
};
pub use differences::central_differences;
pub use error::{ModelError, Result};
pub use function::FnModel;
pub use model::{Model, batch_len, cotangent_len};
pub use narrowed::Narrowed;
pub use scalar::Scalar;
#[doc(hidden)]
pub use scalar::{Numbers, NumbersMut};
pub use watch::{Progress, Watch, Watched};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
