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
//! | one pass over the samples for several methods | [`attribute`], [`Options`] |
//! | gradients | [`NeuronGradient`], [`InputXGradient`], [`SmoothGrad`], [`IntegratedGradients`], [`GradientShap`] |
//! | replaced inputs | [`FeatureAblation`], [`Occlusion`], [`ShapleySampling`], [`ExactShapley`] |
//! | inverses | [`InvertedNeuronGradient`], [`Inverse`] of any of these, [`Aligned`] with known latents |
//! | their parameters | [`Baseline`], [`Groups`], [`Rule`], [`Noise`] |
//! | lists of methods, and a trait for new ones | [`Methods`]; [`Method`], [`Batch`], [`Attributions`] |
//! | what comes out | [`AttributionMap`], or each sample to a [`Sink`] |
//! | is an entry real? | [`Significance`], [`Deviations`], [`Blocks`], [`Verdicts`] |
//! | can a map be trusted? | [`diagnose`], [`effective_dimension`], [`agreement`] |
//! | samples that need not all be in memory | [`Samples`] |
//! | the parts: Jacobians, pseudo-inverses | [`jacobians`], [`projected_norms`], [`pseudo_inverses`] |

#![forbid(unsafe_code)]

mod aggregate;
mod align;
mod attribute;
mod attributions;
mod baseline;
mod batch;
mod diagnostics;
mod error;
mod evaluate;
mod groups;
mod inverse;
mod jacobian;
mod map;
mod method;
mod methods;
mod monte_carlo;
mod options;
mod overview;
mod parameters;
mod samples;
mod significance;
pub mod words;

pub use align::{Alignment, align};
pub use attribute::attribute;
pub use attributions::Attributions;
pub use baseline::Baseline;
pub use batch::Batch;
pub use diagnostics::{
    Agreement, Diagnosis, EffectiveDimension, agreement, diagnose, effective_dimension,
};
pub use error::{AttrError, Result};
pub use groups::Groups;
pub use inverse::{Inversion, PseudoInverse, Tolerance, pseudo_inverse, pseudo_inverses};
pub use jacobian::{
    JacobianBy, ProjectedNorms, jacobians, jacobians_by_differences, jacobians_forward,
    projected_norms,
};
pub use map::{AttributionMap, Completeness, Condition, InverseSummary, mean_over_lags};
pub use method::{Method, Methods};
pub use methods::{
    Aligned, ExactShapley, FeatureAblation, GradientShap, InputXGradient, IntegratedGradients,
    Inverse, InvertedNeuronGradient, NeuronGradient, Noise, Occlusion, ShapleySampling, SmoothGrad,
    title,
};
pub use options::{Options, Piece, Sink};
pub use overview::{Needs, Overview};
pub use samples::Samples;
pub use significance::{
    Blocks, Connection, Deviations, Findings, Intervals, Pool, Significance, Tail, Verdicts,
};
pub use xcebra_numeric::{Bootstrap, Control, Rule, adjust};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
