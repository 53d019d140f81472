//! Which recording a training was about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::disk;
use crate::recording::{Labels, Recording};
use xcebra_model::Scalar;

/// Samples whose bytes are in memory together.
const BLOCK: usize = 64;

/// Size and checksum of a recording with its sessions and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    samples: usize,
    /// Of all subjects.
    channels: usize,
    checksum: u32,
}

impl Fingerprint {
    /// That of a recording.
    pub fn of<E: Scalar>(recording: &Recording<E>) -> Self {
        let mut sum = crc32fast::Hasher::new();
        let (mut rows, mut wide) = (Vec::new(), Vec::new());
        for first in (0..recording.len()).step_by(BLOCK) {
            let last = recording.len().min(first + BLOCK);
            rows.clear();
            recording.append(first..last, &mut rows, &mut wide);
            sum.update(&disk::to_bytes(&rows));
        }
        for session in recording.sessions() {
            sum.update(&(session.end as u64).to_le_bytes());
        }
        if recording.subjects() > 1 {
            for session in recording.sessions() {
                let subject = recording.subject_at(session.start);
                let channels = recording.channels_of(subject);
                sum.update(&(subject as u64).to_le_bytes());
                sum.update(&(channels as u64).to_le_bytes());
            }
        }
        for (name, labels) in recording.labels() {
            sum.update(name.as_bytes());
            match labels {
                Labels::Continuous(values) => {
                    values.iter().for_each(|v| sum.update(&v.to_le_bytes()));
                }
                Labels::Discrete(classes) => {
                    classes.iter().for_each(|c| sum.update(&c.to_le_bytes()));
                }
            }
        }
        Self {
            samples: recording.len(),
            channels: (0..recording.subjects())
                .map(|subject| recording.channels_of(subject))
                .sum(),
            checksum: sum.finalize(),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} samples × {} channels, checksum {:08x}",
            self.samples, self.channels, self.checksum
        )
    }
}
