//! What the crate does, seen from outside.

mod batches;
mod data;
mod hostile;
mod models;
mod operators;
mod refusals;
mod write;
