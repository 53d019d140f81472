//! From the recordings of files to the sessions of a training, in the type of their files.

use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayD;
use xcebra_core::{self as core, CoreError, Scaling, Session, StoredRows};
use xcebra_files::{OnDisk, Scale, Table, Values};

/// A recording as a session whose numbers are as the file holds them, or stay there. Nothing is copied.
pub fn session(recording: Table) -> Result<Session, CoreError> {
    let channels = recording.channels.len();
    let (values, scales) = match recording.into_values() {
        Values::Recorded(recorded) => recorded.into_parts(),
        values => (values, Vec::new()),
    };
    let mut session = match values {
        Values::OnDisk(left) => Session::stored(Arc::new(InFile(left)))?,
        values => Session::new(numbers(values), channels)?,
    };
    for scale in scales {
        session = session.scaled(match scale {
            Scale::Linear { offset, gain } => Scaling::Physical { offset, gain },
            Scale::Divided { divisor } => Scaling::Standard {
                // `v − 0` is `v`, whatever its sign
                mean: vec![0.0; divisor.len()],
                scale: divisor,
            },
        })?;
    }
    Ok(session)
}

/// Samples that stay in their file.
#[derive(Debug)]
struct InFile(OnDisk);

impl StoredRows for InFile {
    fn samples(&self) -> usize {
        self.0.shape()[0]
    }

    fn channels(&self) -> usize {
        self.0.shape()[1]
    }

    fn append(&self, samples: Range<usize>, out: &mut Vec<f64>) {
        self.0.append(samples, out);
    }
}

fn numbers(values: Values) -> core::Values {
    match values {
        Values::F32(a) => flat(a).into(),
        Values::F64(a) => flat(a).into(),
        Values::I8(a) => flat(a).into(),
        Values::U8(a) => flat(a).into(),
        Values::I16(a) => flat(a).into(),
        Values::U16(a) => flat(a).into(),
        Values::I32(a) => flat(a).into(),
        Values::U32(a) => flat(a).into(),
        Values::I64(a) => flat(a).into(),
        Values::Bool(a) => {
            let bytes: Vec<u8> = flat(a).into_iter().map(u8::from).collect();
            bytes.into()
        }
        // types that a later version of the reader may add
        other => flat(other.to_float::<f64>()).into(),
    }
}

/// The values row after row; a copy only of an array that is a part of another.
fn flat<T: Clone>(array: ArrayD<T>) -> Vec<T> {
    let len = array.len();
    if !array.is_standard_layout() {
        return array.iter().cloned().collect();
    }
    let (mut values, first) = array.into_raw_vec_and_offset();
    let first = first.unwrap_or(0);
    values.truncate(first + len);
    values.drain(..first);
    values
}
