//! Behaviour across the public interface.

mod across;
mod adaptive;
mod attributions;
mod catalogue;
mod choose;
mod closed_forms;
mod completeness;

mod domain_refusals;
mod every_domain;
mod exactness;
mod expected;
mod explainer;
mod groups;
mod in_domain;
#[cfg(feature = "ica")]
mod independent_components;
mod joined;
mod known_coefficients;
mod laws;
mod models;
mod packed;
mod paths;
mod precision;
mod python_reference;
mod reference;
mod refusals;
mod ridge;
mod singular;
mod stopping;
