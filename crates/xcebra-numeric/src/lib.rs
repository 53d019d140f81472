//! The arithmetic that attribution methods and their scores share, each algorithm once.
//!
//! ```
//! use ndarray::array;
//! use xcebra_numeric::{LinearFit, Rule};
//!
//! // ∫ x³ dx over [0, 1], exact with two Gauss–Legendre nodes
//! let nodes = Rule::GaussLegendre(2).nodes()?;
//! let integral: f64 = nodes.iter().map(|node| node.weight * node.position.powi(3)).sum();
//! assert!((integral - 0.25).abs() < 1e-15);
//!
//! let x = array![[0.0], [1.0], [2.0]];
//! let fit = LinearFit::of(&x, &x.mapv(|x| 3.0 - 2.0 * x));
//! assert!((fit.coefficients[[0, 0]] + 2.0).abs() < 1e-15);
//! assert!((fit.intercept[0] - 3.0).abs() < 1e-15);
//! # Ok::<(), xcebra_numeric::NumericError>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | integrals over `[0, 1]` | [`Rule`], [`Node`] |
//! | derivatives from values | [`Step`], [`balanced_step`] |
//! | singular values of small matrices | [`RowSvd`], [`kernels`] |
//! | least squares, with an intercept or without, with penalties | [`least_squares`], [`LinearFit`], [`SumsOfSquares`] |
//! | logistic regression | [`LogisticFit`] |
//! | deletion and insertion curves | [`ranking`], [`even_counts`], [`geometric_counts`], [`exchange`], [`area`] |
//! | quantiles and the bootstrap | [`quantile`], [`Bootstrap`], [`Interval`] |
//! | control of false discoveries | [`adjust`], [`Control`] |
//! | infinities, NaN and values that are constant but for rounding | [`ensure_finite`], [`first_not_finite`], [`is_constant`], [`Spreads`] |
//! | surfaces through values at scattered points | [`Triangulation`], [`CloughTocher`] |
//! | results that another process takes up | [`Packer`], [`Unpacker`] |
//! | numbers for a reader | [`decimals`], [`trimmed`] |
//!
//! Feature `bootstrap` (default): [`Bootstrap`], the only part that draws random numbers.

#![forbid(unsafe_code)]

#[cfg(feature = "bootstrap")]
mod bootstrap;
mod curve;
mod differences;
mod digits;
mod error;
mod false_discovery;
mod finite;
mod gauss_legendre;
pub mod kernels;
mod lasso;
mod least_squares;
mod linear_fit;
mod logistic;
mod packed;
mod quadrature;
mod quantile;
mod rounding;
mod row_svd;
mod scattered;

#[cfg(feature = "bootstrap")]
pub use bootstrap::{Bootstrap, Interval};
pub use curve::{area, even_counts, exchange, geometric_counts, ranking};
pub use differences::{Step, balanced_step};
pub use digits::{decimals, trimmed};
pub use error::{NumericError, Result};
pub use false_discovery::{Control, adjust};
pub use finite::{Entry, NonFinite, ensure_finite, first_not_finite};
pub use least_squares::{LeastSquares, least_squares};
pub use linear_fit::{LinearFit, SumsOfSquares};
pub use logistic::LogisticFit;
pub use packed::{Packer, Unpacker};
pub use quadrature::{Node, Rule};
pub use quantile::quantile;
pub use rounding::{Spreads, is_constant};
pub use row_svd::RowSvd;
pub use scattered::{CloughTocher, Point, Triangulation};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
