//! What is said about a model when it is loaded.

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use xcebra_files::{Source, read};

use super::settings::SignalSource;
use super::subject::Subject;
use crate::{Problem, Result};

/// The precision in which a network computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// Weights and activations in f32, sums over the path in f64.
    Single,
    /// All in f64.
    #[default]
    Double,
}

/// How to read a model file; the defaults fit most.
#[derive(Debug, Clone, Default)]
pub struct ModelOptions {
    /// The inputs of an ONNX file that are explained; needed if there are several. Of several, each has its own
    /// signals.
    pub inputs: Vec<String>,
    /// The output of an ONNX file, or any value inside of it; needed if there are several outputs.
    pub output: Option<String>,
    /// Lengths of axes that an ONNX file only names.
    pub dimensions: Vec<(String, usize)>,
    /// Other inputs of an ONNX file, and the arrays they are fixed to.
    pub constants: Vec<(String, Source)>,
    /// Values or nodes of an ONNX file at which derivatives stop.
    pub detach: Vec<String>,
    /// The precision in which the network computes.
    pub precision: Precision,
}

impl ModelOptions {
    /// The names of settings that only an ONNX file has, as far as they are set.
    fn of_onnx(&self) -> Option<&'static str> {
        [
            (!self.inputs.is_empty(), "--model-input"),
            (self.output.is_some(), "--model-output"),
            (!self.dimensions.is_empty(), "--dimension"),
            (!self.constants.is_empty(), "--constant"),
            (!self.detach.is_empty(), "--detach"),
        ]
        .into_iter()
        .find_map(|(set, name)| set.then_some(name))
    }
}

impl Subject {
    /// As [`load`](Self::load), with options. Lengths that an ONNX file leaves open are taken from the signals that
    /// will be explained, each source with the input that it belongs to if there are several.
    ///
    /// # Errors
    /// As [`load`](Self::load), and if the options do not fit the file, or the signals cannot be read.
    pub fn load_with(
        path: &Path,
        options: &ModelOptions,
        signals: &[(Option<String>, &SignalSource)],
    ) -> Result<Self> {
        let start = Instant::now();
        let extension = path.extension().unwrap_or_default();
        let mut subject = if path.is_dir() {
            if let Some(flag) = options.of_onnx() {
                return Err(Problem::setting(
                    format!(
                        "{flag}: {} is the folder of a trained encoder",
                        path.display()
                    ),
                    format!("leave {flag} out: it is for ONNX files"),
                ));
            }
            Self::of_folder(path, options.precision)?
        } else if extension.eq_ignore_ascii_case("onnx") {
            let shapes = signals.iter().map(|(input, source)| {
                let shape = match source {
                    SignalSource::File(source) => shape_of(source)?,
                    SignalSource::Array(array) => array.values.shape().to_vec(),
                };
                Ok((input.clone(), shape))
            });
            super::onnx_file::load(path, options, &shapes.collect::<Result<Vec<_>>>()?)?
        } else {
            return Err(Problem::file(
                format!("{} is neither an .onnx file nor a folder", path.display()),
                "pass an .onnx file, or a folder written by `xcebra fit`",
            ));
        };
        subject.seconds = start.elapsed().as_secs_f64();
        Ok(subject)
    }
}

/// The shape of an array of a file.
fn shape_of(source: &Source) -> Result<Vec<usize>> {
    Ok(read(source)?.shape().to_vec())
}
