//! Flags about a model that is a program.

use std::time::Duration;

use clap::Args;
use xcebra::explain::ExplainedModel;
use xcebra::files::{Source, read};
use xcebra::{Problem, Result};

use super::arguments::{Shape, Words, parse_command, parse_seconds, parse_shape};

#[derive(Debug, Args)]
#[command(next_help_heading = "Options for models that are programs")]
pub struct ProgramFlags {
    /// Model: any program, with its arguments. It reads one array (n, …) in .npy format from standard input,
    /// writes one array (n, outputs) in .npy format to standard output, and repeats until its input ends
    #[arg(
        long,
        value_name = "PROGRAM",
        value_parser = parse_command,
        conflicts_with_all = [
            "model", "model_input", "model_output", "dimension", "constant", "detach", "precision",
        ]
    )]
    pub command: Option<Words>,

    /// Shape of one signal of the program [default: that of the array in --input without its first axis, if it
    /// has three or more]
    #[arg(long, value_name = "LENGTHS", value_parser = parse_shape, requires = "command")]
    signal_shape: Option<Shape>,

    /// How long the program may take over a batch [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, requires = "command")]
    command_timeout: Option<Duration>,
}

impl ProgramFlags {
    /// The program for signals of the input.
    pub fn model(&self, input: &Source) -> Result<ExplainedModel> {
        let words = self.command.as_ref().map_or(&[][..], |words| &words.0);
        let shape = match &self.signal_shape {
            Some(shape) => shape.0.clone(),
            None => {
                let array = read(input)?;
                match array.shape() {
                    [_, shape @ ..] if shape.len() >= 2 => shape.to_vec(),
                    shape => {
                        return Err(Problem::setting(
                            format!(
                                "{} has shape {shape:?}, which does not say how long one signal of the program is",
                                array.place()
                            ),
                            "give the shape of one signal, such as --signal-shape 14,256",
                        ));
                    }
                }
            }
        };
        Ok(ExplainedModel::Program {
            words: words.to_vec(),
            shape,
            patience: self.command_timeout,
        })
    }
}
