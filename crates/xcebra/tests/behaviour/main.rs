//! The command line and the reports as a user meets them. One program, because each would be linked anew.

mod cli_data_notes;
mod cli_demo;
mod cli_embed_attribute;
mod cli_explain;
mod cli_explain_axes;
mod cli_explain_exact;
mod cli_explain_onnx;
mod cli_explain_summaries;
mod cli_fit;
mod cli_fit_data;
mod cli_fit_folder;
mod cli_fit_notes;
mod cli_fit_refused;
mod cli_fit_resume;
mod cli_fit_sessions;
mod cli_fit_settings;
mod cli_help_examples;
mod cli_interrupt;
mod cli_misuse;
mod cli_run_misfit;
mod cli_segments;
mod cli_signals;
mod cli_significance;
mod cli_synth_eval;
mod common;
mod snapshots;
