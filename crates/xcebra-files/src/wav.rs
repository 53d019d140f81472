//! Sound files: `.wav` in its forms RIFF, RIFX, RF64 and BW64, uncompressed or by G.711.
//!
//! Source: Microsoft, "Multimedia programming interface and data specifications 1.0" (1991), chapter
//! "Waveform audio file format", with the extensible format of 2001; EBU Tech 3306, "MBWF / RF64" (2009);
//! ITU-R BS.2088, "Long-form file format" (BW64).

mod chunks;
mod format;
mod frames;

use std::io::BufReader;
use std::path::Path;

use crate::error::{FileError, Result};
use crate::reading::open_file;
use crate::signals::{Channel, Signals, Usable, counted};
use frames::Frames;

/// Opens a file; integers are scaled so that full scale is 1. Channels are called `0`, `1`, ….
pub(crate) fn open(path: &Path) -> Result<Signals> {
    let (file, length) = open_file(path)?;
    let found = chunks::find(path, BufReader::new(file), length)?;
    let (format, mut notes) = (found.format, found.notes);
    let frame = (format.width * format.channels) as u64;
    let rest = found.length % frame;
    if rest > 0 {
        notes.push(format!(
            "left out from a last frame that is cut short: {}",
            counted(rest, "byte")
        ));
    }
    let count = usize::try_from(found.length / frame)
        .map_err(|_| FileError::damaged(path.display().to_string(), "it is too long"))?;
    // a header can announce 65,535 channels in 40 bytes
    if count == 0 {
        return Err(FileError::damaged(
            path.display().to_string(),
            "it holds no samples",
        ));
    }
    let channel = |c: usize| Channel {
        name: c.to_string(),
        unit: String::new(),
        rate: format.rate.into(),
        per_record: 1,
        samples: count,
        usable: Usable::Yes,
        assumed: Vec::new(),
    };
    let channels = (0..format.channels).map(channel).collect();
    let frames = Frames {
        path: path.to_path_buf(),
        format,
        from: found.from,
        count,
    };
    Ok(Signals::new(path, channels, frames).with_notes(notes))
}
