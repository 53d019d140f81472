//! A figure with a name and a caption.

use std::path::Path;

use xcebra_files::FileError;

use crate::figure::write;
use crate::{Figure, Paper};

/// A figure of a report that can also be written to files.
#[derive(Debug, Clone)]
pub struct Picture {
    name: String,
    figure: Figure,
    caption: String,
}

impl Picture {
    /// A figure with the name of its files and the caption it has in a report.
    pub fn new(name: impl AsRef<str>, figure: Figure, caption: impl Into<String>) -> Self {
        // names may come from data files: no folders, no dots
        let plain = |c: char| {
            if c.is_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        };
        Self {
            name: name.as_ref().chars().map(plain).collect(),
            figure,
            caption: caption.into(),
        }
    }

    /// The name of its files, without an ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes `NAME.svg` and, with the feature `png`, `NAME.png` into a folder.
    ///
    /// # Errors
    /// [`FileError::Write`].
    pub fn write(&self, folder: &Path) -> Result<(), FileError> {
        let formats: &[&str] = match cfg!(feature = "png") {
            true => &["svg", "png"],
            false => &["svg"],
        };
        formats.iter().try_for_each(|extension| {
            let path = folder.join(format!("{}.{extension}", self.name));
            self.figure.write(&path)
        })
    }

    /// Writes `NAME.svg` and, with the features `png` and `pdf`, `NAME.png` and `NAME.pdf` into a folder: in the size
    /// that they have in a report, or fitted to a paper, with 300 dots an inch.
    ///
    /// # Errors
    /// [`FileError::Write`].
    pub fn write_for_print(&self, folder: &Path, paper: Option<&Paper>) -> Result<(), FileError> {
        let path = |extension: &str| folder.join(format!("{}.{extension}", self.name));
        let fitted = paper.map(|paper| (paper, paper.fitted(&self.figure)));
        let svg = match &fitted {
            Some((paper, figure)) => paper.svg(figure),
            None => self.figure.svg(),
        };
        write(&path("svg"), Ok(svg.into_bytes()))?;
        #[cfg(feature = "png")]
        {
            let png = match &fitted {
                Some((paper, figure)) => paper.png(figure, 300.0),
                None => self.figure.png(2.0),
            };
            write(&path("png"), png)?;
        }
        #[cfg(feature = "pdf")]
        {
            let pdf = match &fitted {
                Some((paper, figure)) => paper.pdf(figure),
                None => self.figure.pdf(),
            };
            write(&path("pdf"), pdf)?;
        }
        Ok(())
    }
}

impl From<Picture> for (Figure, String) {
    fn from(picture: Picture) -> Self {
        (picture.figure, picture.caption)
    }
}
