//! A training that can be laid down and taken up again.
//!
//! A checkpoint is a `.safetensors` file: the vectors as tensors (`parameters`, Adam's `first` and
//! `second`, the same three with the prefix `temperatures.` if temperatures are learned, `best` if
//! the training may stop early), all else as JSON in the bytes of the tensor `state`. The metadata
//! have the format's number, `xcebra.checkpoint`, and a checksum over all tensors. The JSON is no
//! metadata because the curves in it grow, and the format refuses a header of more than 100 MB.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::History;
use super::validation::Progress;
use super::watch::Watch;
use crate::config::Config;
use crate::disk;
use crate::error::{CoreError, Result};
use crate::fingerprint::Fingerprint;
use xcebra_model::Scalar;

const METADATA: &str = "xcebra.checkpoint";
const CHECKSUM: &str = "xcebra.checksum";
const STATE: &str = "state";
const FORMAT: u32 = 2;

/// Largest checkpoint that is read.
const MOST_BYTES: u64 = 1 << 34;

/// Everything a training has become, but not its recording.
///
/// [`Trainer::checkpoint`](crate::Trainer::checkpoint) takes one, and a trainer made from the same
/// configuration and recording goes on from it after
/// [`Trainer::restore`](crate::Trainer::restore), to the bits of a training that never stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<E> {
    pub(super) state: State,
    pub(super) vectors: BTreeMap<String, Vec<E>>,
}

/// What is not a vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub element: String,
    pub config: Config,
    pub recording: Fingerprint,
    pub step: usize,
    /// Steps of the optimiser.
    pub updates: i32,
    /// Positions of the random streams, in words.
    pub samples: String,
    pub probes: String,
    pub watch: Watch,
    pub validation: Option<Progress>,
    pub history: History,
}

/// What to do about a file that is not a checkpoint.
const ADVICE: &str = "pass the folder of a training that was interrupted, or train again";

impl<E: Scalar> Checkpoint<E> {
    /// The configuration of the training.
    pub fn config(&self) -> &Config {
        &self.state.config
    }

    /// Steps that were made.
    pub fn step(&self) -> usize {
        self.state.step
    }

    /// The curves so far.
    pub fn history(&self) -> &History {
        &self.state.history
    }

    /// The checkpoint as the bytes of a file.
    ///
    /// # Errors
    /// [`CoreError::Engine`] if the format refuses it.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let fail = |e: &dyn std::fmt::Display| CoreError::Engine(format!("the checkpoint: {e}"));
        let json = serde_json::to_vec(&self.state).map_err(|e| fail(&e))?;
        let mut tensors = BTreeMap::from([(STATE, (Dtype::U8, json.len(), json))]);
        for (name, v) in &self.vectors {
            tensors.insert(name, (disk::dtype::<E>(), v.len(), disk::to_bytes(v)));
        }
        let sum = checksum(tensors.iter().map(|(name, (.., b))| (*name, b.as_slice())));
        let views = tensors
            .iter()
            .map(|(name, (dtype, len, b))| {
                TensorView::new(*dtype, vec![*len], b).map(|view| (*name, view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| fail(&e))?;
        let metadata = HashMap::from([
            (METADATA.to_owned(), FORMAT.to_string()),
            (CHECKSUM.to_owned(), format!("{sum:08x}")),
        ]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| fail(&e))
    }

    /// Writes the checkpoint, beside its place first and then in it.
    ///
    /// # Errors
    /// [`CoreError::File`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        disk::replace(path.as_ref(), &self.to_bytes()?)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`CoreError::File`] if the file cannot be read, is damaged, or is not a checkpoint of a training
    /// in this precision.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
            .map_err(|e| CoreError::file(path, e, ADVICE))?;
        Self::from_bytes(&bytes).map_err(|e| CoreError::file(path, e, ADVICE))
    }

    /// Reads a checkpoint from the bytes of its file.
    ///
    /// # Errors
    /// [`CoreError::Data`] as [`load`](Self::load).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let foreign = |problem: String| {
            CoreError::data(
                "the checkpoint",
                format!("damaged or of another kind, {problem}"),
                ADVICE,
            )
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| foreign(e.to_string()))?;
        let read = |key: &str| {
            let found = header.metadata().as_ref().and_then(|m| m.get(key));
            found.ok_or_else(|| foreign(format!("it has no metadata `{key}`")))
        };
        let (format, sum) = (read(METADATA)?, read(CHECKSUM)?);
        if *format != FORMAT.to_string() {
            return Err(foreign(format!(
                "it is of another version, this one reads format {FORMAT}"
            )));
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| foreign(e.to_string()))?;
        let mut found = BTreeMap::from_iter(tensors.tensors());
        let pairs = found.iter().map(|(name, t)| (name.as_str(), t.data()));
        if format!("{:08x}", checksum(pairs)) != *sum {
            return Err(foreign("its checksum is wrong".to_owned()));
        }
        let state = found.remove(STATE);
        let state = state.ok_or_else(|| foreign(format!("it has no tensor `{STATE}`")))?;
        let state: State = serde_json::from_slice(state.data())
            .map_err(|e| foreign(format!("its state cannot be read: {e}")))?;
        if state.element != disk::name::<E>() {
            return Err(foreign(format!(
                "its numbers are {}, those of this training {}",
                state.element,
                disk::name::<E>()
            )));
        }
        let vectors = found
            .iter()
            .map(|(name, t)| {
                disk::from_bytes::<E>(t.dtype(), t.data())
                    .map(|v| (name.clone(), v))
                    .ok_or_else(|| foreign(format!("the tensor `{name}` is {:?}", t.dtype())))
            })
            .collect::<Result<_>>()?;
        Ok(Self { state, vectors })
    }

    pub(super) fn new(state: State) -> Self {
        Self {
            state: State {
                element: disk::name::<E>().to_owned(),
                ..state
            },
            vectors: BTreeMap::new(),
        }
    }

    /// A vector of the given length.
    pub(super) fn vector(&self, name: &str, len: usize) -> Result<Vec<E>> {
        match self.vectors.get(name) {
            Some(v) if v.len() == len => Ok(v.clone()),
            found => Err(CoreError::data(
                "the checkpoint",
                match found {
                    Some(v) => format!(
                        "it belongs to another training, `{name}` has {} numbers, not {len}",
                        v.len()
                    ),
                    None => format!("it belongs to another training, `{name}` is missing"),
                },
                "resume that training with its own settings",
            )),
        }
    }
}

/// CRC-32 over the tensors with their names, in the order of the names.
fn checksum<'a>(tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for (name, bytes) in tensors {
        sum.update(name.as_bytes());
        sum.update(bytes);
    }
    sum.finalize()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use crate::config::Config;
    use crate::recording::Recording;
    use crate::train::Trainer;

    #[test]
    fn what_was_watched_is_kept() {
        let x = Array2::from_shape_fn((50, 2), |(t, c)| ((t + 3 * c) as f32).sin());
        let recording = Recording::new(x.view()).unwrap();
        let mut trainer = Trainer::new(Config::default(), recording).unwrap();
        let before = trainer.checkpoint().state.watch;
        trainer.step().unwrap();
        assert_ne!(trainer.watch, before);
        assert_eq!(trainer.checkpoint().state.watch, trainer.watch);
    }
}
