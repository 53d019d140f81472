//! The adaptive rule for the integral along the path; rules with fixed nodes are
//! [`Rule`](xcebra_numeric::Rule)'s.

mod adaptive;
mod clenshaw_curtis;
mod closing;
mod differences;
mod doubt;
mod intervals;
mod orders;
mod points;
mod sketch;
mod state;
mod two_tangents;

pub(crate) use adaptive::{FEWEST, Mesh};
pub(crate) use points::{Answers, Place, ROUNDINGS};
pub(crate) use sketch::Sketch;
