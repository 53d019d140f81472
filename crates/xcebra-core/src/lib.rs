//! Regularised contrastive encoders of time series (xCEBRA).
//!
//! An [`Encoder`] maps samples of a [`Recording`] to an embedding. It is trained by [`Trainer`] with
//! InfoNCE losses over ranges of embedding dimensions, each with its own distribution of positives,
//! and a penalty on the encoder's Jacobian, which makes the Jacobian's pseudo-inverse an
//! attribution map: Schneider, González Laiz, Filippova, Frey and Mathis, "Time-series attribution
//! maps with regularized contrastive learning", AISTATS 2025.
//!
//! | part | where |
//! |---|---|
//! | settings of a training, all with defaults | [`Config`] |
//! | samples, sessions, labels | [`Recording`], [`Session`], [`Labels`], [`Pieces`] |
//! | architectures, parameters, files | [`encoder`] |
//! | which samples are compared | [`sampling`] |
//! | how embeddings are compared | [`objective`] |
//! | schedule and projections of the Jacobian penalty | [`regularizer`] |
//! | losses as operations of dfdx's tape | [`ops`] |
//! | steps, curves | [`train`] |
//!
//! ```
//! use std::ops::ControlFlow;
//! use ndarray::Array2;
//! use xcebra_core::{Config, EncoderName, Labels, Recording, Trainer};
//! use xcebra_model::Model;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // a recording (time, channels) and a label that belongs to it
//! let phase = |t: usize| 0.1 * t as f64;
//! let x = Array2::from_shape_fn((400, 5), |(t, c)| (phase(t) + c as f64).sin() as f32);
//! let label = Array2::from_shape_fn((400, 1), |(t, _)| phase(t).cos());
//! let recording = Recording::new(x.view())?.with_label("phase", Labels::Continuous(label))?;
//!
//! // two dimensions: both follow time, the second also follows the label
//! let mut config = Config::hybrid(2, "phase");
//! config.encoder.name = EncoderName::Offset1Mse;
//! config.train.steps = 50;
//! config.train.batch = 64;
//! let mut trainer = Trainer::new(config, recording)?;
//! trainer.run(|_, report| {
//!     assert!(report.loss.is_finite());
//!     ControlFlow::Continue(())
//! })?;
//! let (encoder, curves) = trainer.finish()?;
//!
//! // an encoder is a model: it embeds, and every attribution method takes it
//! let embedding = encoder.forward(x.view().into_dyn())?;
//! assert_eq!(embedding.dim(), (400, 2));
//! assert_eq!(curves.step, [0, 49]);
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_code)]

mod checks;
mod config;
mod disk;
pub mod encoder;
mod error;
mod fingerprint;
pub mod objective;
pub mod ops;
mod path;
mod recording;
pub mod regularizer;
pub mod sampling;
mod streams;
pub mod train;
mod window;

pub use config::{
    Balance, Config, EncoderConfig, LabelUse, LearningRateSchedule, LossConfig, ObjectiveConfig,
    PositivesConfig, RegularizerConfig, Shared, TrainConfig, ValidationConfig,
};
pub use encoder::{Architecture, Edges, Embedding, Encoder, EncoderName};
pub use error::{CoreError, Result};
pub use fingerprint::Fingerprint;
pub use objective::{Metric, Similarity};
pub use ops::Element;
pub use path::SettingPath;
pub use recording::{Labels, Moments, Pieces, Recording, Scaling, Session, StoredRows, Values};
pub use train::{Checkpoint, History, StepReport, Trainer, Validation};
pub use window::Window;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
