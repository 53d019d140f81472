//! Cross-domain integrated gradients: which *frequencies*, samples or other components of a signal
//! carry the output of a model?
//!
//! Integrated gradients explain the samples of a signal. This crate explains its coefficients in
//! any domain with a differentiable inverse, complex ones included: for a model `f` and a transform
//! `T` it integrates the gradient of `f ∘ T⁻¹` along a path from the coefficients of a baseline to
//! those of the signal. The attributions add up to `f(x) − f(x')`; every result carries the
//! residual, and with the adaptive rule an estimate of the error, because no fixed quadrature rule can
//! promise that on real models.
//!
//! ```
//! use cdig::{Explainer, Model, ModelError, RealFourier, Rule};
//! use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD, Axis};
//!
//! /// The energy of a signal.
//! struct Energy;
//!
//! impl Model<f64> for Energy {
//!     fn input_shape(&self) -> &[usize] {
//!         &[64]
//!     }
//!     fn output_dim(&self) -> usize {
//!         1
//!     }
//!     fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
//!         Ok((&x * &x).sum_axis(Axis(1)).insert_axis(Axis(1)).into_dimensionality().unwrap())
//!     }
//!     fn vjp(
//!         &self,
//!         x: ArrayViewD<'_, f64>,
//!         cotangent: ArrayView2<'_, f64>,
//!     ) -> Result<ArrayD<f64>, ModelError> {
//!         Ok(2.0 * &x * &cotangent)
//!     }
//! }
//!
//! // a tone of 5 Hz for one second
//! let tone: Array1<f64> = (0..64).map(|t| (t as f64 / 64.0 * 5.0 * 6.283185307).sin()).collect();
//! let domain = RealFourier::new(&[64], 64.0)?;
//! let found = Explainer::new(&Energy)
//!     .rule(Rule::GaussLegendre(8))
//!     .explain(&domain, tone.view())?;
//! assert!((found.attribution[[0, 5]] - 32.0).abs() < 1e-6); // all of Σ x² = 32 at 5 Hz
//! assert!(found.residual[0].abs() < 1e-12);
//! assert_eq!(found.top(0, 1)?[0].words, "frequency 5 Hz");
//! # Ok::<(), cdig::CdigError>(())
//! ```
//!
//! An [`Explainer`] asks a [`Model`] about a signal in a [`Domain`], from a [`Baseline`] along a [`Path`] by a
//! quadrature [`Rule`], and returns an [`Attribution`], whose [`axes`] say what each coefficient is about.
//!
//! | what | where |
//! |---|---|
//! | attributions, their sums and errors | [`attribution`] |
//! | time, spectra, time and frequency, trend and season, components | [`domains`] |
//! | domains by their names | [`catalogue`] |
//! | a domain of your own, and the laws it must obey | [`LaneTransform`](domains::LaneTransform), [`Domain`], [`laws`]; `EXTENDING.md` of this crate |
//! | which domain needs the fewest coefficients | [`choose`] |
//! | several baselines, with standard errors | [`expected`] |
//! | models without gradients | [`Gradient`] |
//! | groups of coefficients, and what they do only together | [`interactions`] |
//! | any other method in a domain | [`InDomain`] |
//!
//! Sources: Kechris, Dan, Atienza, "Time series saliency maps: explaining models across multiple
//! domains", 2025 (arXiv 2505.13100); Sundararajan, Taly, Yan, "Axiomatic attribution for deep
//! networks", ICML 2017.

#![forbid(unsafe_code)]

pub mod attribution;
pub mod axes;
pub mod catalogue;
pub mod choose;
pub mod domains;
pub mod expected;
pub mod interactions;
pub mod laws;
pub mod path;

mod baseline;
mod domain;
mod ends;
mod error;
mod explain;
mod explaining;
mod gradient;
mod in_domain;
mod integrand;
mod integrate;
mod numeric;
mod probe;
mod progress;
mod quadrature;
mod selection;

pub use attribution::Attribution;
pub use baseline::Baseline;
pub use domain::Domain;
pub use domains::{RealFourier, Time};
pub use error::{CdigError, Result};
pub use explain::Explainer;
pub use gradient::Gradient;
pub use in_domain::InDomain;
pub use path::Path;
pub use xcebra_model::{Model, ModelError, Progress, Scalar, Watch};
pub use xcebra_numeric::Rule;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../EXTENDING.md")]
struct Extending;
