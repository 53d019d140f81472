//! Models that CEBRA trained on several sessions: a network for each, in one file.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{SafeTensors, TensorView};

use super::Encoder;
use super::cebra::{ADVICE, foreign};
use super::files::read;
use crate::error::{CoreError, Result};
use crate::ops::Element;

impl<E: Element> Encoder<E> {
    /// Reads the `state_dict` of a CEBRA model from a `.safetensors` file; see
    /// [`from_cebra_sessions`](Self::from_cebra_sessions).
    ///
    /// # Errors
    /// As [`from_cebra_sessions`](Self::from_cebra_sessions); [`CoreError::File`] if the file cannot be read.
    pub fn load_cebra_sessions(path: impl AsRef<Path>, name: &str) -> Result<Vec<Self>> {
        let path = path.as_ref();
        let bytes = read(path, ADVICE)?;
        let found = Self::from_cebra_sessions(&bytes, name);
        found.map_err(|e| CoreError::file(path, e, ADVICE))
    }

    /// As [`from_cebra`](Self::from_cebra), of a model with a network for each session: their tensors begin with the
    /// number of the session, as in `0.net.1.weight`. A model of one session gives one encoder.
    ///
    /// # Errors
    /// As [`from_cebra`](Self::from_cebra), and [`CoreError::Data`] if a session is missing or the sessions differ by
    /// more than their channels.
    pub fn from_cebra_sessions(bytes: &[u8], name: &str) -> Result<Vec<Self>> {
        let parts = by_session(bytes)?;
        let encoders = parts.iter().map(|part| Self::from_cebra(part, name));
        let encoders = encoders.collect::<Result<Vec<_>>>()?;
        let face = |encoder: &Self| {
            let architecture = encoder.architecture();
            (architecture.outputs(), architecture.window)
        };
        match encoders
            .iter()
            .position(|one| face(one) != face(&encoders[0]))
        {
            None => Ok(encoders),
            Some(session) => Err(foreign(format!(
                "the network of session {session} has other outputs than the first"
            ))),
        }
    }
}

/// The file of each session, whose tensors are named without its number.
fn by_session(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| foreign(e.to_string()))?;
    let mut sessions = BTreeMap::<usize, Vec<(&str, TensorView<'_>)>>::new();
    for (key, tensor) in file.iter() {
        let numbered = key.split_once('.');
        let numbered = numbered.and_then(|(number, rest)| Some((number.parse().ok()?, rest)));
        let Some((session, rest)) = numbered else {
            // names of one session begin with a word; if some do and others do not, one of the two is foreign
            return Ok(vec![bytes.to_vec()]);
        };
        sessions.entry(session).or_default().push((rest, tensor));
    }
    if sessions.is_empty() || sessions.keys().copied().ne(0..sessions.len()) {
        let found: Vec<usize> = sessions.into_keys().collect();
        return Err(foreign(format!("its sessions have the numbers {found:?}")));
    }
    let write = |tensors| safetensors::serialize(tensors, None).map_err(|e| foreign(e.to_string()));
    sessions.into_values().map(write).collect()
}
