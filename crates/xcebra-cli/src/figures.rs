//! The flags for pictures as files of their own.

use std::path::{Path, PathBuf};

use clap::Args;
use xcebra::Result;
use xcebra::report::{Paper, Picture};

/// Where pictures are written, and in which size.
#[derive(Debug, Args)]
pub struct Figures {
    /// Also write each picture, NAME.svg, NAME.png and NAME.pdf, into this folder
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,

    /// Width of these pictures in a paper, in millimetres, from 20 to 2000 [default: as in the report]
    ///
    /// They are drawn again in this width, so that their letters have the size of --figure-font. PNG has 300 dots an inch.
    #[arg(long, value_name = "MM", requires = "figures", value_parser = |text: &str| within(text, 20.0, 2000.0))]
    figure_width: Option<f64>,

    /// Size of the smallest letters of these pictures, in points, from 3 to 72; needs --figure-width
    #[arg(long, value_name = "PT", requires = "figure_width", default_value = "7", value_parser = |text: &str| within(text, 3.0, 72.0))]
    figure_font: f64,
}

impl Figures {
    /// The folder, if pictures are wanted.
    pub fn folder(&self) -> Option<&Path> {
        self.figures.as_deref()
    }

    /// Writes the pictures, if they are wanted.
    pub fn write(&self, pictures: impl FnOnce() -> Vec<Picture>) -> Result<()> {
        let Some(folder) = self.folder() else {
            return Ok(());
        };
        let paper = self
            .figure_width
            .map(|width| Paper::new(width).font(self.figure_font));
        for picture in pictures() {
            picture.write_for_print(folder, paper.as_ref())?;
        }
        Ok(())
    }
}

fn within(text: &str, low: f64, high: f64) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        _ => Err(format!("`{text}` is not a number from {low} to {high}")),
    }
}
