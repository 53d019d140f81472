//! Behaviour across the public interface. One program, because each would be linked anew.

mod architectures;
mod cebra;
mod cebra_sampling;
mod common;
mod convolutions;
mod distributions;
mod embedding;
mod every_encoder;
mod exact;
mod files;
mod gradients;
mod info_nce;
mod objective_config;
mod optimizer;
mod own_parts;
mod pair_similarity;
mod pieces;
mod reference;
mod resume;
mod sampling;
mod schedules;
mod steps;
mod supervised;
mod threads;
mod training;
mod validation;
