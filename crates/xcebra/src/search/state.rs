//! What a search is, as its folder keeps it: by this the same search goes on, and another one is refused.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xcebra_core::Fingerprint;
use xcebra_files::{DataArray, Source, write_file};

use super::{SearchData, SearchJob};
use crate::fit::unfinished::Inputs;
use crate::run::read_text;
use crate::{Arrays, Data, FitFile, LabelArray, Problem, Result};

/// Name of its file.
const SEARCH: &str = "search.json";

/// A search: its data, and the settings of each training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    data: Vec<String>,
    /// What all trainings share, as TOML.
    pub settings: String,
    /// The changes of each training.
    pub runs: Vec<Vec<String>>,
}

impl State {
    /// The state of a search whose trainings are `all`.
    ///
    /// # Errors
    /// [`Problem`] if files cannot be read.
    pub fn of(job: &SearchJob, all: &[(Vec<String>, FitFile)]) -> Result<Self> {
        Ok(Self {
            data: match &job.data {
                SearchData::Files(data) => of_files(data, all)?,
                SearchData::Arrays(arrays) => fingerprints(arrays),
            },
            settings: job.settings.to_toml(),
            runs: all.iter().map(|(sets, _)| sets.clone()).collect(),
        })
    }

    /// Makes the folder that of this search, which it may be already.
    ///
    /// # Errors
    /// [`Problem`] if it holds something else, or cannot be written.
    pub fn claim(&self, folder: &Path) -> Result<()> {
        let path = folder.join(SEARCH);
        if path.is_file() {
            let text = read_text(&path)?;
            let known: Option<Self> = serde_json::from_str(&text).ok();
            return match known.as_ref() == Some(self) {
                true => Ok(()),
                false => Err(Problem::setting(
                    format!(
                        "{} holds a search with different settings or data",
                        folder.display()
                    ),
                    "run the command that began it to go on, or choose another --out",
                )),
            };
        }
        let unwritable = |error: std::io::Error| {
            Problem::file(
                format!("{} cannot be written: {error}", folder.display()),
                "choose another --out",
            )
        };
        let empty = match fs::read_dir(folder) {
            Ok(mut entries) => entries.next().is_none(),
            Err(_) => true,
        };
        if !empty {
            return Err(Problem::file(
                format!("{} is not empty and holds no search", folder.display()),
                "choose another --out",
            ));
        }
        fs::create_dir_all(folder).map_err(unwritable)?;
        let text = serde_json::to_string_pretty(self).expect("plain text");
        Ok(write_file(&path, format!("{text}\n").as_bytes())?)
    }
}

/// The files as they were given, and fingerprints of what is read from them, by which other data are noticed. The
/// trainings may differ in what they read.
fn of_files(sources: &[Source], all: &[(Vec<String>, FitFile)]) -> Result<Vec<String>> {
    let mut found: Vec<String> = sources.iter().map(ToString::to_string).collect();
    let inputs = Inputs::new(sources)?;
    let mut known = Vec::new();
    for (sets, settings) in all {
        let read = (&settings.data, settings.labels());
        if known.contains(&read) {
            continue;
        }
        let data =
            Data::read(&inputs, settings).map_err(|problem| problem.context(&sets.join(", ")))?;
        let print = Fingerprint::of(&data.recording);
        found.push(serde_json::to_string(&print).expect("plain numbers"));
        known.push(read);
    }
    Ok(found)
}

/// Shapes and fingerprints of arrays, by which other data are noticed.
fn fingerprints(arrays: &Arrays) -> Vec<String> {
    let of = |name: &str, array: &DataArray| {
        let values = array.values.to_float::<f64>();
        let print = fingerprint(values.iter().flat_map(|value| value.to_le_bytes()));
        format!("{name} {:?} {print:016x}", array.shape())
    };
    let mut all: Vec<String> = arrays
        .sessions
        .iter()
        .map(|session| of("session", session))
        .collect();
    for (name, parts) in &arrays.labels {
        all.extend(parts.iter().map(|part| match part {
            LabelArray::Numbers(array) => of(name, array),
            LabelArray::Text(text) => {
                let bytes = text.iter().flat_map(|text| text.bytes().chain([0]));
                format!("{name} [{}] {:016x}", text.len(), fingerprint(bytes))
            }
        }));
    }
    all
}

/// FNV-1a with 64 bits.
fn fingerprint(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published values of the function.
    #[test]
    fn fingerprints_are_those_of_fnv() {
        assert_eq!(fingerprint(b"".iter().copied()), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"a".iter().copied()), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(
            fingerprint(b"foobar".iter().copied()),
            0x8594_4171_f739_67e8
        );
    }
}
