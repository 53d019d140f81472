//! ONNX files as models to explain.

use super::model_options::ModelOptions;
use super::subject::Subject;

#[cfg(feature = "onnx")]
pub use with_onnx::load;

#[cfg(feature = "onnx")]
mod with_onnx {
    use std::path::Path;

    use xcebra_files::read;
    use xcebra_model::{Narrowed, Scalar};
    use xcebra_onnx::{Need, OnnxError, OnnxModel, OnnxOptions};

    use super::{ModelOptions, Subject};
    use crate::explain::workflow::model_options::Precision;
    use crate::explain::workflow::subject::Input;
    use crate::{Problem, Result};

    /// The model of a file. Lengths that it leaves open are taken from `signals`: shapes, each with the input that it
    /// belongs to if there are several.
    pub fn load(
        path: &Path,
        options: &ModelOptions,
        signals: &[(Option<String>, Vec<usize>)],
    ) -> Result<Subject> {
        let mut reading = OnnxOptions::new();
        if !options.inputs.is_empty() {
            reading = reading.inputs(&options.inputs);
        }
        if let Some(name) = &options.output {
            reading = reading.output(name);
        }
        for (name, length) in &options.dimensions {
            reading = reading.dimension(name, *length);
        }
        for (name, source) in &options.constants {
            let values = read(source)?.values.to_float::<f64>();
            reading = reading.constant(name, values);
        }
        for name in &options.detach {
            reading = reading.detach(name);
        }
        for (input, shape) in signals {
            reading = match input {
                Some(input) => reading.signal_of(input, shape.clone()),
                None => reading.signal(shape.clone()),
            };
        }
        let name = path.display().to_string();
        match options.precision {
            Precision::Double => {
                let model = loaded::<f64>(&reading, path)?;
                let (inputs, steps) = (inputs(&model), steps(&model)?);
                let subject = Subject::of_model(name, model).with_inputs(inputs);
                Ok(subject.with_steps(steps))
            }
            Precision::Single => {
                let model = loaded::<f32>(&reading, path)?;
                let (inputs, steps) = (inputs(&model), steps(&model)?);
                let subject = Subject::of_model(name, Narrowed(model)).with_inputs(inputs);
                Ok(subject.with_steps(steps).in_single_precision())
            }
        }
    }

    fn loaded<A: Scalar>(reading: &OnnxOptions, path: &Path) -> Result<OnnxModel<A>> {
        reading.load(path).map_err(|error| {
            let flag = error.need().and_then(flag);
            let problem = match error {
                OnnxError::Io { .. } => Problem::from(error),
                error => Problem::from(error).context(&path.display().to_string()),
            };
            match flag {
                Some(advice) => problem.advise(advice),
                None => problem,
            }
        })
    }

    /// Where all gradients end, if they do.
    fn steps<A: Scalar>(model: &OnnxModel<A>) -> Result<Vec<String>> {
        match model.has_gradient()? {
            true => Ok(Vec::new()),
            false => Ok(model.piecewise_constant()?),
        }
    }

    /// The inputs, if there are several.
    fn inputs<A: Scalar>(model: &OnnxModel<A>) -> Vec<Input> {
        let parts = model.parts();
        if parts.len() < 2 {
            return Vec::new();
        }
        let input = |part: &xcebra_onnx::InputPart| Input {
            name: part.name.clone(),
            shape: part.shape.clone(),
        };
        parts.iter().map(input).collect()
    }

    /// What a file leaves open, as flags; none where the words of the library fit.
    fn flag(need: &Need) -> Option<String> {
        Some(match need {
            Need::Input { names } => {
                let first = names.first().map_or("NAME", String::as_str);
                format!(
                    "choose one with --model-input {first}, and fix the others with --constant NAME=FILE:ARRAY; or \
                     repeat --model-input to explain several together"
                )
            }
            Need::Output { names } => {
                let first = names.first().map_or("NAME", String::as_str);
                format!(
                    "choose one with --model-output {first}; values inside of the file can be named too"
                )
            }
            Need::Constant { input } => {
                format!(
                    "fix it with --constant {input}=FILE:ARRAY, or explain it too with --model-input {input}"
                )
            }
            Need::Dimension { name } => format!("give it with --dimension {name}=LENGTH"),
            Need::SampleShape { input } => format!(
                "pass signals whose shape tells the lengths of {input}, or export the model with lengths that are fixed"
            ),
            Need::Detach => "name a value or a node of the file with --detach".to_owned(),
            Need::SampleAxes | Need::BatchAxis { .. } => {
                "export the model with the batch as its first axis".to_owned()
            }
            _ => return None,
        })
    }
}

#[cfg(not(feature = "onnx"))]
pub fn load(
    path: &std::path::Path,
    _: &ModelOptions,
    _: &[(Option<String>, Vec<usize>)],
) -> crate::Result<Subject> {
    Err(crate::Problem::file(
        format!(
            "{} is an ONNX file, and this build cannot read them",
            path.display()
        ),
        "build with the feature `onnx` of the crate xcebra",
    ))
}
