//! Flags about the model of a file, which several commands have.

use clap::{Args, ValueEnum};
use xcebra::explain::{ModelOptions, Precision as Computed};
use xcebra::files::Source;

#[derive(Debug, Args)]
#[command(next_help_heading = "Options for models in ONNX files")]
pub struct ModelFlags {
    /// Input of the file that the signals go to, if it has several; repeat to explain several together
    #[arg(long, value_name = "NAME")]
    model_input: Vec<String>,

    /// Output of the file, if it has several; or any value inside of it, such as that of a hidden layer
    #[arg(long, value_name = "NAME")]
    model_output: Option<String>,

    /// Length of an axis that the file only names, such as time=256; repeat for each
    #[arg(long, value_name = "NAME=LENGTH", value_parser = parse_dimension)]
    dimension: Vec<(String, usize)>,

    /// Array for another input of the file, such as mask=data.npz:mask; repeat for each
    #[arg(long, value_name = "NAME=FILE[:ARRAY]", value_parser = parse_constant)]
    constant: Vec<(String, Source)>,

    /// Value or node of the file at which derivatives stop, such as the statistics of a normalisation; repeat for
    /// each
    #[arg(long, value_name = "NODE")]
    detach: Vec<String>,

    /// Precision in which the network computes; sums over the path are always in double precision. Also for
    /// folders written by `xcebra fit`
    #[arg(long, value_enum, default_value_t = Precision::Double)]
    precision: Precision,
}

/// The precision in which a network computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Precision {
    /// Rounds to about a millionth of the largest attribution; the adaptive rule stops where its errors could be
    /// rounding
    Single,
    /// Rounds to about twelve digits
    Double,
}

impl ModelFlags {
    pub fn options(&self) -> ModelOptions {
        ModelOptions {
            inputs: self.model_input.clone(),
            output: self.model_output.clone(),
            dimensions: self.dimension.clone(),
            constants: self.constant.clone(),
            detach: self.detach.clone(),
            precision: match self.precision {
                Precision::Single => Computed::Single,
                Precision::Double => Computed::Double,
            },
        }
    }

    /// The inputs that are explained together, if there are several.
    pub fn several_inputs(&self) -> Option<&[String]> {
        (self.model_input.len() > 1).then_some(&self.model_input)
    }

    /// Whether one of the flags is set.
    pub fn is_set(&self) -> bool {
        !self.model_input.is_empty()
            || self.model_output.is_some()
            || !self.dimension.is_empty()
            || !self.constant.is_empty()
            || !self.detach.is_empty()
            || self.precision == Precision::Single
    }

    /// The files that are read, with their flag.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &std::path::Path)> {
        let constants = self.constant.iter();
        constants.map(|(_, source)| ("--constant", source.path.as_path()))
    }
}

fn parse_dimension(text: &str) -> Result<(String, usize), String> {
    let parsed = text.split_once('=').and_then(|(name, length)| {
        let length = length.trim().parse().ok().filter(|&length| length > 0)?;
        (!name.trim().is_empty()).then(|| (name.trim().to_owned(), length))
    });
    parsed.ok_or_else(|| format!("`{text}` is not an axis with its length, such as time=256"))
}

fn parse_constant(text: &str) -> Result<(String, Source), String> {
    let Some((name, source)) = text
        .split_once('=')
        .filter(|(name, _)| !name.trim().is_empty())
    else {
        return Err(format!(
            "`{text}` is not an input with its array, such as mask=data.npz:mask"
        ));
    };
    let source = source
        .parse::<Source>()
        .map_err(|error| error.to_string())?;
    Ok((name.trim().to_owned(), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_what_they_stand_for() {
        assert_eq!(parse_dimension("time=256"), Ok(("time".to_owned(), 256)));
        for text in ["", "time", "=3", "time=", "time=0", "time=-1", "time=x"] {
            assert!(parse_dimension(text).is_err(), "{text}");
        }
        let (name, source) = parse_constant("mask=a=b.npz:m").unwrap();
        assert_eq!(
            (name.as_str(), source.to_string().as_str()),
            ("mask", "a=b.npz:m")
        );
        for text in ["", "mask", "=a.npz", "mask=", "mask=a.npz:"] {
            assert!(parse_constant(text).is_err(), "{text}");
        }
    }
}
