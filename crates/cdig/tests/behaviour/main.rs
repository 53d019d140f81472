//! Behaviour across the public interface.

mod closed_forms;
mod completeness;
mod explainer;
mod laws;
mod models;
mod paths;
mod reference;
mod refusals;
