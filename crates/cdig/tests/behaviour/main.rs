//! Behaviour across the public interface.

mod catalogue;
mod closed_forms;
mod completeness;
mod every_domain;
mod explainer;
mod laws;
mod models;
mod paths;
mod reference;
mod refusals;
