//! The compiled half of the Python package xcebra.
//!
//! The other half, in `python/xcebra`, takes what people have (tensors, frames, models), checks and converts it, and
//! words results. This one takes arrays of `float64` or `float32` and plain settings. It computes outside of Python's
//! lock and calls models on the thread that asked (`caller`).

#![forbid(unsafe_code)]

use pyo3::prelude::*;

mod around;
mod attribution;
mod axes;
mod caller;
mod choose;
mod data;
mod domain;
mod encoder;
mod error;
mod explain;
mod files;
mod fitting;
mod found;
mod inputs;
mod interactions;
mod joined;
mod lanes;
mod maps;
mod model;
mod onnx;
mod path;
mod pool;
mod question;
mod recording;
mod report;
mod study;

/// The compiled half of xcebra.
#[pymodule]
mod _xcebra {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    #[pymodule_export]
    use super::around::{compare, decode, search};
    #[pymodule_export]
    use super::attribution::{attribute_model, method_names};
    #[pymodule_export]
    use super::axes::bands_of;
    #[pymodule_export]
    use super::choose::choose;
    #[pymodule_export]
    use super::data::{auroc, average_precision, domain_names, generate};
    #[pymodule_export]
    use super::encoder::TrainedEncoder;
    #[pymodule_export]
    use super::explain::{explain, predicted};
    #[pymodule_export]
    use super::files::{read_file, show_file};
    #[pymodule_export]
    use super::fitting::{complete_settings, fit, go_on};
    #[pymodule_export]
    use super::interactions::{describe, interact, interact_across};
    #[pymodule_export]
    use super::maps::Maps;
    #[pymodule_export]
    use super::model::NativeModel;
    #[pymodule_export]
    use super::onnx::load_onnx;
    #[pymodule_export]
    use super::pool::usual_threads;
    #[pymodule_export]
    use super::report::attribution_page;
    #[pymodule_export]
    use super::study::{
        gather_study, plan_attribute, plan_embed, plan_explain, plan_fit, plan_search,
        plan_significance, run_study, study_status,
    };
}
