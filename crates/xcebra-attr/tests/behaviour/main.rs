//! Behaviour across the public interface. One program, because each would be linked anew.

mod axioms;
mod common;
mod comparable;
mod diagnostics;
mod errors;
mod invariances;
mod jacobians;
mod methods;
mod pseudo_inverse;
mod rank;
mod reference;
mod significance;
mod streaming;
