//! Attribution maps for any differentiable model: which inputs drive which outputs.
//!
//! ```
//! use ndarray::{Array2, Ix2, array};
//! use xcebra_attr::{Methods, Options, attribute};
//! use xcebra_model::FnModel;
//!
//! // two outputs that mix two latents of three inputs: L W x
//! let weights = array![[1.0, 1.0], [0.0, 1.0]].dot(&array![[1.0, 0.0, 0.0], [0.0, 2.0, 1.0]]);
//! let transposed = weights.t().to_owned();
//! let model = FnModel::new(
//!     [3],
//!     2,
//!     move |x| Ok(x.into_dimensionality::<Ix2>().unwrap().dot(&transposed)),
//!     move |_, cotangent| Ok(cotangent.dot(&weights).into_dyn()),
//! );
//! let samples = Array2::<f64>::ones((10, 3));
//!
//! let methods: Methods<f64> = "ing,neuron-gradient".parse()?;
//! let maps = attribute(&model, &samples, &methods, &Options::new())?;
//! let ing = &maps[0];
//! assert_eq!((ing.method(), ing.values().dim()), ("ing", (3, 2)));
//! // the first output's column of the inverse knows that only the first input drives its latent
//! assert!((ing.values()[[0, 0]] - 1.0).abs() < 1e-12 && ing.values()[[1, 0]] < 1e-12);
//! assert!(ing.inverses().unwrap().is_full_rank());
//! // its gradient does not
//! assert_eq!(maps[1].values().column(0), array![1.0, 2.0, 1.0]);
//! # Ok::<(), xcebra_attr::AttrError>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | one pass over the samples for several methods, by name or built | [`attribute`], [`Options`], [`Methods`] |
//! | samples that need not all be in memory | [`Samples`] |
//! | what comes out | [`AttributionMap`], or each sample to a [`Sink`]; [`map`] |
//! | the methods and their parameters | [`methods`] |
//! | a method of your own | [`method`] |
//! | a map whose columns can be compared | [`comparable`] |
//! | is an entry real? | [`significance`] |
//! | can a map be trusted? | [`diagnostics`], [`words`] |
//! | the parts: Jacobians, pseudo-inverses | [`jacobian`], [`inverse`] |

#![forbid(unsafe_code)]

mod aggregate;
mod attribute;
mod attributions;
mod baseline;
mod batch;
mod catalogue;
pub mod comparable;
pub mod diagnostics;
mod error;
mod evaluate;
mod groups;
pub mod inverse;
pub mod jacobian;
pub mod map;
pub mod method;
pub mod methods;
mod monte_carlo;
mod options;
mod overview;
mod parameters;
mod samples;
pub mod significance;
pub mod words;

pub use attribute::{Block, attribute, attribute_blocks, blocks, gather_blocks};
pub use catalogue::Methods;
pub use error::{AttrError, Result};
pub use map::AttributionMap;
pub use options::{Options, Piece, Sink};
pub use samples::Samples;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
