//! `xcebra files`: the formats of data files.

use clap::Args;
use xcebra::{Answer, Result, formats};

use super::Session;

/// List the formats of data files that can be read
#[derive(Debug, Args)]
pub struct Files {}

impl Files {
    pub fn run(&self, _session: &Session) -> Result<Answer> {
        Ok(formats())
    }
}
