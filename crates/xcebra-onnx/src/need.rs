//! What a file leaves open, so that each caller can ask for it in its own words.

use std::borrow::Cow;

/// What has to be said before a file becomes a model.
///
/// The advice of an error says it in words that fit every caller. A program that has a flag or an argument for it names
/// that instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Which inputs are explained; the others have to be constants.
    Input {
        /// Those that can be explained.
        names: Vec<String>,
    },
    /// Which output is explained.
    Output {
        /// Those of the file. Values inside the graph can be named too.
        names: Vec<String>,
    },
    /// The values of an input that is not explained.
    Constant {
        /// Its name.
        input: String,
    },
    /// The length of a dimension.
    Dimension {
        /// Its name in the file.
        name: String,
    },
    /// The shape of one sample.
    SampleShape {
        /// Of which input.
        input: String,
    },
    /// The order of the axes of a sample.
    SampleAxes,
    /// Which axis of an input counts the samples, if one does.
    BatchAxis {
        /// Of which input.
        input: String,
    },
    /// A value of the file at which derivatives stop.
    Detach,
    /// Another file.
    Export(
        /// How to write it.
        &'static str,
    ),
}

impl Need {
    /// Advice that fits every caller.
    pub(crate) fn advice(&self) -> Cow<'static, str> {
        match self {
            Self::Input { names } if names.len() == 1 => {
                format!("explain the input '{}', and give the other inputs as constants", names[0]).into()
            }
            Self::Input { .. } => {
                "say which input is explained, or which ones together, and give the others as constants".into()
            }
            Self::Output { names } if names.is_empty() => "name an output of the file, or a value inside its graph".into(),
            Self::Output { names } => {
                format!("say which output is explained: {}, or the name of a value inside the graph", names.join(", ")).into()
            }
            Self::Constant { input } => format!("give the values of the input '{input}' as a constant").into(),
            Self::Dimension { name } => format!("give the length of the dimension '{name}'").into(),
            Self::SampleShape { input } => {
                format!("give the shape of one sample of the input '{input}', without the axis that counts the samples").into()
            }
            Self::SampleAxes => "name each axis of a sample once".into(),
            Self::BatchAxis { input } => {
                format!("say which axis of the input '{input}' counts the samples, or that it has no such axis").into()
            }
            Self::Detach => "name a value of the file, such as the output of a node".into(),
            Self::Export(how) => (*how).into(),
        }
    }
}
