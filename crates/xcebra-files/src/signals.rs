//! What `.wav` and `.edf` have in common: channels by name, each with a sampling rate.

use std::path::{Path, PathBuf};

use ndarray::Array2;

use crate::array::{DataArray, Values};
use crate::columns;
use crate::error::{FileError, Result};
use crate::source::Source;

/// Channels sampled over time, in physical units.
#[derive(Debug)]
pub(crate) struct Signals {
    pub(crate) path: PathBuf,
    pub(crate) channels: Vec<Channel>,
}

#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    /// Samples a second.
    pub(crate) rate: f64,
    pub(crate) values: Vec<f64>,
}

impl Signals {
    pub(crate) fn new(path: &Path, mut channels: Vec<Channel>) -> Result<Self> {
        if channels.is_empty() || channels.iter().all(|c| c.values.is_empty()) {
            return Err(FileError::damaged(
                path.display().to_string(),
                "it holds no samples",
            ));
        }
        for i in 1..channels.len() {
            let (before, rest) = channels.split_at_mut(i);
            let taken = |name: &str| before.iter().any(|c| c.name == name);
            let base = rest[0].name.clone();
            let numbered = (1..).map(|copy| format!("{base}.{copy}"));
            let mut names = std::iter::once(base.clone()).chain(numbered);
            rest[0].name = names.find(|name| !taken(name)).unwrap_or(base);
        }
        Ok(Self {
            path: path.to_path_buf(),
            channels,
        })
    }

    /// A selection of channels, as of the columns of a table, `(time, channels)`.
    pub(crate) fn select(&self, selection: &str) -> Result<DataArray> {
        let names: Vec<String> = self.channels.iter().map(|c| c.name.clone()).collect();
        let chosen = match names.iter().position(|name| name == selection) {
            Some(index) => vec![index],
            None => columns::select(&self.path, &names, selection)?,
        };
        let chosen: Vec<&Channel> = chosen.iter().map(|&i| &self.channels[i]).collect();
        let (rate, samples) = (chosen[0].rate, chosen[0].values.len());
        let same = |c: &&Channel| c.rate == rate && c.values.len() == samples;
        if let Some(other) = chosen.iter().find(|c| !same(c)) {
            return Err(FileError::Value {
                place: self.path.display().to_string(),
                problem: format!(
                    "channel `{}` has {} samples at {} Hz and `{}` has {} at {} Hz",
                    chosen[0].name,
                    samples,
                    rate,
                    other.name,
                    other.values.len(),
                    other.rate
                ),
                advice: format!(
                    "choose channels of one rate, such as {}:\"{}\"",
                    self.path.display(),
                    chosen[0].name
                ),
            });
        }
        let values = Array2::from_shape_fn((samples, chosen.len()), |(t, c)| chosen[c].values[t]);
        Ok(DataArray {
            columns: Some(chosen.iter().map(|c| c.name.clone()).collect()),
            sampling_rate: Some(rate),
            ..DataArray::new(
                Source::new(&self.path, selection),
                Values::F64(values.into_dyn()),
            )
        })
    }
}

/// Bytes `from..from + N` of a file that was read whole; none if it ends before.
pub(crate) fn field<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
    bytes.get(from..from.checked_add(N)?)?.try_into().ok()
}
