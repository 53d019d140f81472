//! What the crate does, seen from outside.

mod batches;
mod beside;
mod closed_forms;
mod data;
mod graphs;
mod hostile;
mod interface;
mod models;
mod operators;
mod refusals;
mod refused_operators;
mod refused_states;
mod steps;
mod write;
