//! What the crate does, seen from outside.

mod batches;
mod data;
mod hostile;
mod models;
mod operators;
mod refusals;
mod refused_operators;
mod steps;
mod write;
